"""Which answer of a comparison is the one: found by number, name or label, and put on record."""

from typing import Literal

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.records import CallDocument, RunDocument
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.runtime import Runtime
from ultra.store.database import Place
from ultra.store.picks import Pick, keep_pick

MEMBERS = ("answer", "member")


class Picked(Struct, frozen=True):
    """The answer that was chosen, of which run."""

    run: RunDocument
    call: CallDocument


def compared_here(runtime: Runtime, run: str | None) -> RunDocument:
    """The comparison that is meant: of that id, else the last of this terminal.

    Raises `UsageError` when there is none.
    """
    if run is not None:
        found = runtime.log.run(run)
        if found.verb != "compare":
            raise UsageError(
                f"run `{found.run_id[:8]}` compared nothing (`{found.verb}`)",
                hint="`ultra compare` shows several answers to pick from",
            )
        return found
    last = runtime.log.last_run(runtime.session, "compare") if runtime.session else None
    if last is None:
        where = "in this terminal" if runtime.session else "in a terminal that can be told"
        raise UsageError(f"nothing was compared {where} yet", hint="name a run: `ultra pick N RUN`")
    return last


def pick(runtime: Runtime, which: str, run: str | None) -> Picked:
    """Put on record which answer of a comparison is the one. Raises `UsageError`, `StoreError`."""
    document = compared_here(runtime, run)
    call, how = _chosen(document, which)
    if call.status != "ok":
        raise UsageError(f"`{which}` gave no whole answer ({call.status})", hint=_choices(document))
    choice = Pick(document.run_id, call.call_id, blind=how == "label")
    keep_pick(Place(runtime.paths.database, tell=runtime.warn), choice, runtime.clock.time())
    return Picked(document, call)


def _members(document: RunDocument) -> list[CallDocument]:
    """Whom one can pick from, in the order asked for."""
    asked = [call for call in document.calls if call.role in MEMBERS and not call.parent]
    return sorted(asked, key=lambda call: (call.index or 0, call.sample))


def _chosen(
    document: RunDocument, which: str
) -> tuple[CallDocument, Literal["label", "number", "name"]]:
    """The call that is meant, and by what; of a name that several share, none."""
    members, verdict = _members(document), document.verdict
    labels = {}
    if verdict is not None and verdict.labels:
        labels = dict(zip(verdict.labels, verdict.call_ids, strict=True))
    by_label = [call for call in members if call.call_id == labels.get(which.upper())]
    if by_label:
        return by_label[0], "label"
    if which.isdecimal() and 1 <= int(which) <= len(members):
        return members[int(which) - 1], "number"
    named = [call for call in members if which in (call.name, f"{call.provider}:{call.model}")]
    if len(named) == 1:
        return named[0], "name"
    if named:
        raise UsageError(f"`{which}` gave several answers", hint=_choices(document))
    raise UsageError(
        f"run `{document.run_id[:8]}` has no answer `{one_line(which, 40)}`",
        hint=did_you_mean(which, [call.name for call in members]) or _choices(document),
    )


def _choices(document: RunDocument) -> str:
    members, verdict = _members(document), document.verdict
    if verdict and verdict.labels:
        return f"there are: {', '.join(f'`{label}`' for label in sorted(verdict.labels))}"
    told = (f"`{place}` ({call.name})" for place, call in enumerate(members, start=1))
    return f"there are: {', '.join(told)}"
