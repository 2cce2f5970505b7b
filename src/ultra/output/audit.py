"""The audit trail on a screen."""

from collections.abc import Sequence
from datetime import datetime

from ultra.core.audit import Break, Entry, Fact, Proof
from ultra.core.cost import usd
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

_COLUMNS = (
    Column("entry", right=True, spare=2),
    Column("time"),
    Column("user", spare=1),
    Column("host", spare=3),
    Column("action"),
    Column("subject", shrink=True),
    Column("detail", shrink=True),
)
_DIGEST = 12
"""Characters of a digest that tell two apart in a list; JSON has all of them."""


def render_entries(entries: Sequence[Entry], *, streams: Streams) -> str:
    """One line an entry, in the order given; times are those of this machine's zone."""
    return table(_COLUMNS, [_row(entry) for entry in entries], streams=streams)


def proof_lines(proof: Proof) -> list[str]:
    """What verifying the trail found, a line each; what is wrong comes first."""
    lines: list[str] = []
    if proof.broken is not None:
        lines.append(f"the audit trail is broken at {_broken(proof.broken)}")
    if proof.missing is not None:
        lines.append(f"the audit trail ends too early: {_broken(proof.missing)}")
    count = f"{proof.entries:,} {'entry holds' if proof.entries == 1 else 'entries hold'} together"
    lines.append(count if proof.entries else "the audit trail has no entries")
    if proof.gaps:
        numbers = ", ".join(map(str, proof.gaps))
        lines.append(f"that entries before them were gone is told by: {numbers}")
    return lines


def _broken(found: Break) -> str:
    when = f" of {local(found.at)}" if found.at is not None else ""
    return f"entry {found.number}{when}: {found.reason}"


def local(moment: float) -> str:
    """A moment in this machine's zone, to the second; one that no clock can show as a number."""
    try:
        return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError, TypeError):
        return str(moment)


def _row(entry: Entry) -> list[str]:
    facts = (_fact(name, value) for name, value in entry.detail.items() if value is not None)
    return [
        str(entry.number),
        local(entry.at),
        entry.user,
        entry.host,
        entry.action,
        entry.subject,
        ", ".join(facts),
    ]


def _fact(name: str, value: Fact) -> str:
    if name.endswith("_nano") and isinstance(value, int):
        return f"{name.removesuffix('_nano')} {usd(value)}"
    if name in ("sha256", "digest") and isinstance(value, str):
        return f"{name} {value[:_DIGEST]}"
    return f"{name} {value}"
