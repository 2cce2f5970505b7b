"""Builds recorded requests again, through the real client, and compares the JSON that goes out.

    python -m tests.conformance.requests ../shared/cassettes

Exit 0 when every request that ultra has words for is the recorded one but for `allowed.ALLOWED`,
or when there are no recordings; 1 otherwise.
"""

import argparse
import asyncio
import sys
from collections import Counter, defaultdict
from pathlib import Path

from msgspec import Struct, field

from tests.conformance.allowed import verdict
from tests.conformance.asked import Asked, Body, UnsaidError
from tests.conformance.asked_clouds import asked
from tests.conformance.cassettes import PROTOCOLS, Record, records
from tests.conformance.differences import differences, plain
from tests.conformance.replay import AT_ONCE, NoKeys
from tests.support.server import Exchange, loopback
from ultra.core.clock import SystemClock
from ultra.core.errors import CallError
from ultra.core.model import Endpoint, KeyRef, Quirks, Target
from ultra.core.request import CallRequest
from ultra.providers.catalog import ShippedCatalog
from ultra.providers.hub import ProviderHub

_ROWS = {
    ("vercel-gateway", "chat"): "vercel",
    ("azure", "messages"): "azure-anthropic",
}
"""Rows of the catalog whose name is not the set's."""


class Outcome(Struct):
    """What became of one recorded request; `unsaid` is why it was not built again."""

    record: Record
    unsaid: str = ""
    allowed: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])


def quirks_of(record: Record) -> Quirks:
    """How the vendor departs from its API; paths aside, which the recording's server has not."""
    row = ShippedCatalog().vendors().get(_ROWS.get((record.provider, record.api), record.provider))
    if row is None or row.protocol != PROTOCOLS[record.api]:
        return Quirks()
    return row.quirks


def call(record: Record, request: Asked, url: str) -> CallRequest:
    """The recorded request as ultra would make it."""
    endpoint = Endpoint(
        record.provider,
        PROTOCOLS[record.api],
        f"{url}/i/{record.id}",
        KeyRef("none"),
        auth="none",
        quirks=quirks_of(record),
    )
    return CallRequest(
        Target(record.provider, request.model, endpoint),
        request.messages,
        request.sampling,
        json_schema=request.schema,
        stream=request.stream,
        tools=request.tools,
    )


def compare(outcome: Outcome, recorded: Body, arrived: Body) -> None:
    """Note what differs, and which of it may."""
    record = outcome.record
    for one in differences(recorded, arrived):
        rule = verdict(one, record.api, record.provider)
        if rule:
            outcome.allowed.append(f"{rule.where} {rule.path}: {rule.why}")
        else:
            outcome.wrong.append(f"{one.path}: sent {one.arrived!r:.150} for {one.recorded!r:.150}")


async def again(hub: ProviderHub, url: str, record: Record, seen: dict[str, Body]) -> Outcome:
    """Build one request again, send it, and compare."""
    outcome = Outcome(record)
    if not isinstance(record.request, dict):
        outcome.unsaid = "a request without a JSON body"
        return outcome
    recorded, reasons = plain(record.api, record.request)
    try:
        request = asked(record.api, record.path, recorded)
    except UnsaidError as error:
        outcome.unsaid = str(error)
        return outcome
    told = ""
    try:
        async for _ in hub.stream(call(record, request, url)):
            pass
    except CallError as error:
        told = error.message
    if record.id not in seen:
        outcome.unsaid = f"ultra sends nothing: {told}"
        return outcome
    outcome.allowed += [f"{record.api}: {why}" for why in reasons]
    compare(outcome, recorded, seen[record.id])
    return outcome


async def all_again(found: list[Record]) -> list[Outcome]:
    """Build every recorded request again; the server says no to each and keeps its body."""
    seen: dict[str, Body] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def handler(exchange: Exchange) -> None:
        body = exchange.seen.json()
        assert isinstance(body, dict)
        seen[exchange.seen.path.split("/")[2]] = body
        await exchange.json({"error": {"message": "kept"}}, status=400)

    async with loopback(handler) as server:
        hub = ProviderHub(NoKeys(), SystemClock(), environ={})

        async def one(record: Record) -> Outcome:
            async with gate:
                return await again(hub, server.url, record, seen)

        try:
            return await asyncio.gather(*map(one, found))
        finally:
            await hub.aclose()


def table(outcomes: list[Outcome]) -> str:
    """A row for every vendor and API, with the first five that are wrong, and all together."""
    rows: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        rows[outcome.record.provider, outcome.record.api].append(outcome)
    head = (
        f"{'vendor':<16}{'api':<11}{'records':>8}{'said':>6}{'equal':>7}{'allowed':>9}{'wrong':>7}"
    )
    lines = [_row(vendor, api, rows[vendor, api]) for vendor, api in sorted(rows)]
    return "\n".join([head, *lines, _row("all", "", outcomes)])


def _row(vendor: str, api: str, outcomes: list[Outcome]) -> str:
    said = [one for one in outcomes if not one.unsaid]
    wrong = [one.record.id for one in said if one.wrong]
    equal = sum(not one.wrong and not one.allowed for one in said)
    allowed = len(said) - len(wrong) - equal
    names = f"  {', '.join(wrong[:5])}" if wrong and api else ""
    counts = f"{len(outcomes):>8}{len(said):>6}{equal:>7}{allowed:>9}{len(wrong):>7}"
    return f"{vendor:<16}{api:<11}{counts}{names}"


def counted(title: str, reasons: Counter[str]) -> str:
    """Reasons, the most frequent first."""
    lines = [f"{count:>6}  {reason}" for reason, count in reasons.most_common()]
    return "\n".join([f"\n{title}", *lines])


def main(argv: list[str]) -> int:
    """Compare a directory's requests; the exit code says whether all are right."""
    parser = argparse.ArgumentParser(
        prog="requests", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("directory", type=Path, nargs="?", default=Path("../shared/cassettes"))
    options = parser.parse_args(argv)
    if not options.directory.is_dir():
        print(f"no recordings at {options.directory}: no requests to compare")
        return 0
    outcomes = asyncio.run(all_again(list(records(options.directory))))
    print(f"{len(outcomes)} requests, built again\n{table(outcomes)}")
    unsaid = Counter(one.unsaid for one in outcomes if one.unsaid)
    print(counted("not expressible", unsaid))
    print(counted("allowed", Counter(why for one in outcomes for why in set(one.allowed))))
    wrong = [one for one in outcomes if one.wrong]
    for one in wrong:
        print("\n".join(f"  {one.record.id}: {line}" for line in one.wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
