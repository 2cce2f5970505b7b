"""Replays recorded traffic through the real client and compares what comes out.

    python -m tests.conformance.replay ../shared/cassettes [--chunking HOW]

HOW the streams are cut: `recorded`, `event`, `bytes:N` or `random:SEED` (pieces of 1 to 64 bytes).

The recordings are served on loopback; `ULTRA_TRANSPORT` chooses the transport, both are used when
it is not set. Exit 0 when all is read right or there are no recordings, 1 otherwise.
"""

import argparse
import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tests.conformance.cassettes import (
    PROTOCOLS,
    Record,
    error_expected,
    finish_expected,
    reasoning_expected,
    records,
    usage_expected,
)
from tests.support.server import Exchange, loopback
from ultra.core.answer import AnswerBuilder
from ultra.core.clock import SystemClock
from ultra.core.errors import CallError
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import CallRequest, said
from ultra.core.secret import Secret
from ultra.providers.hub import ProviderHub

ASPECTS = ("ok", "text", "reasoning", "finish", "tools", "usage", "class")
AT_ONCE = 16
DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})


class Excuse(Struct, frozen=True):
    """Aspects of an interaction that are not compared, and why."""

    aspects: tuple[str, ...]
    why: str


_ARRAY = Excuse(
    ("text", "reasoning", "finish", "tools", "usage"),
    "a Gemini stream as one JSON array: ultra reads it, the SDK's plain call reads nothing",
)
_EMPTY = Excuse(
    ("ok",),
    "neither words nor a reason for the end: no answer by ultra's rule, while the SDK has none",
)
_CITED = Excuse(
    ("text",),
    "words that a citation supports stand inside the citation: the set's reading leaves holes in"
    " the sentences, while the streams of the same API have the words",
)
EXCUSED = {
    "gemini-gemini-3cb15432d9": _ARRAY,
    "gemini-gemini-4bfe9343ae": _ARRAY,
    "gemini-gemini-5be5c87251": _ARRAY,
    "gemini-gemini-74b798fd35": _ARRAY,
    "vertex-gemini-1da347264c": _ARRAY,
    "vertex-gemini-6a38d08e37": _ARRAY,
    "openrouter-chat-42990f41b1": _EMPTY,
    "openrouter-chat-8bf5bdff08": _EMPTY,
    "openrouter-chat-d68ce8a181": _EMPTY,
    "openrouter-chat-f1c189aa11": _EMPTY,
    "azure-chat-d2270dec64": Excuse(
        ("ok",), "an error inside a 200, which the SDK takes for an answer"
    ),
    "openai-responses-fdd2e05cc2": Excuse(
        ("usage",), "the recording was scrubbed: output tokens below zero"
    ),
    "mistral-chat-05bc037906": Excuse(
        ("usage",), "audio is counted beside the prompt, as the total shows"
    ),
}
"""Interactions where the set's reading is not followed."""


def excuse_of(record: Record) -> Excuse | None:
    """What is not compared of an interaction, None when all is."""
    if record.api == "converse" and '"citationsContent"' in (record.response_text or ""):
        return _CITED
    return EXCUSED.get(record.id)


class Seen(Struct):
    """What ultra made of one interaction."""

    builder: AnswerBuilder
    error: CallError | None = None


class NoKeys:
    """Fills `ports.KeySource`: recordings want no key."""

    async def key(self, endpoint: Endpoint) -> Secret | None:
        """None."""
        return None


def pieces(record: Record, chunking: str) -> Iterator[bytes]:
    """The body as the network cuts it."""
    body = record.body
    if chunking == "recorded" and sum(record.chunks or ()) == len(body):
        sizes = record.chunks or []
    elif chunking.startswith("bytes:"):
        size = int(chunking.removeprefix("bytes:"))
        sizes = [size] * -(-len(body) // size)
    elif chunking.startswith("random:"):
        sizes = _random_sizes(len(body), f"{chunking} {record.id}")
    else:
        mark = b"\n\n" if b"\n\n" in body else b"\n"
        sizes = [len(event) + len(mark) for event in body.split(mark)]
    start = 0
    for size in sizes:
        if start < len(body):
            yield body[start : start + size]
        start += size


def _random_sizes(total: int, seed: str) -> list[int]:
    """Pieces of 1 to 64 bytes, the same ones for the same seed."""
    draw = random.Random(seed)
    sizes: list[int] = []
    while total > 0:
        sizes.append(min(total, draw.randint(1, 64)))
        total -= sizes[-1]
    return sizes


async def answer(exchange: Exchange, record: Record, chunking: str) -> None:
    """Give the recorded answer."""
    kept = {k: v for k, v in record.response_headers.items() if k.lower() not in DROPPED}
    default = "text/event-stream" if record.is_stream else "application/json"
    headers = {**kept, "content-type": record.content_type or default}
    if not record.is_stream:
        sized = {**headers, "content-length": str(len(record.body))}
        await exchange.head(record.status, sized, chunked=False)
        await exchange.send(record.body)
        return
    await exchange.head(record.status, headers)
    for piece in pieces(record, chunking):
        await exchange.chunk(piece)
    await exchange.end()


async def ask(hub: ProviderHub, url: str, record: Record) -> Seen:
    """Make the call that the recording answers."""
    endpoint = Endpoint(
        record.provider, PROTOCOLS[record.api], f"{url}/i/{record.id}", KeyRef("none"), auth="none"
    )
    target = Target(record.provider, "recorded", endpoint)
    request = CallRequest(target, (said("user", "hello"),), stream=record.is_stream)
    seen = Seen(AnswerBuilder())
    try:
        async for body in hub.stream(request):
            seen.builder.add(body, 0.0)
    except CallError as error:
        seen.error = error
    return seen


def wrong(record: Record, seen: Seen) -> dict[str, str]:
    """The aspects that differ from the set's reading, each with what was read."""
    truth = record.truth
    if (seen.error is None) != truth.ok:
        return {"ok": str(seen.error)}
    if seen.error:
        expected = error_expected(record)
        right = seen.error.error_class is expected
        return {} if right else {"class": f"{seen.error.error_class} for {expected}"}
    built = seen.builder
    usage = built.usage
    counted = (usage.input_tokens, usage.output_tokens) if usage else (None, None)
    native = built.finished.native if built.finished else None
    checks = {
        "text": (built.text, truth.text or ""),
        "reasoning": (built.reasoning, reasoning_expected(record)),
        "finish": (native, finish_expected(record)),
        "tools": (_tools_seen(built, record), _tools_expected(record)),
        "usage": (counted, usage_expected(record)),
    }
    return {
        name: f"{mine!r:.200} for {theirs!r:.200}"
        for name, (mine, theirs) in checks.items()
        if mine != theirs
    }


def _tools_seen(built: AnswerBuilder, record: Record) -> list[object]:
    # Ollama's SDK knows no ids.
    names = [("" if record.api == "ollama" else call.id, call.name) for call in built.tool_calls]
    arguments = [_parsed(call.arguments) for call in built.tool_calls]
    return list(zip(names, arguments, strict=True))


def _tools_expected(record: Record) -> list[object]:
    return [((c.id or "", c.name or ""), _parsed(c.arguments)) for c in record.truth.tool_calls]


def _parsed(arguments: object) -> object:
    if not isinstance(arguments, str):
        return arguments
    try:
        parsed: object = json.loads(arguments)
    except ValueError:
        return arguments
    return parsed


class Tally:
    """Counts by vendor and aspect, and remembers what was wrong."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.excused: Counter[tuple[str, str]] = Counter()
        self.wrong: Counter[tuple[str, str]] = Counter()
        self.lines: list[str] = []
        self.excuses: dict[str, Excuse] = {}

    def add(self, record: Record, seen: Seen) -> None:
        """Take in one interaction."""
        self.asked[record.provider] += 1
        self.errors[record.provider] += not record.truth.ok
        excuse = excuse_of(record)
        for aspect, why in wrong(record, seen).items():
            if excuse and aspect in excuse.aspects:
                self.excused[record.provider, aspect] += 1
                self.excuses[record.id] = excuse
                continue
            self.wrong[record.provider, aspect] += 1
            self.lines.append(f"  {record.id}: {aspect}: {why}")

    def table(self) -> str:
        """One row a vendor: how many were read right of how many there are, excused ones after `+`.

        An answer where `ok` is excused has nothing else to compare.
        """
        head = f"{'vendor':<16}{'asked':>6}" + "".join(f"{aspect:>13}" for aspect in ASPECTS)
        return "\n".join([head, *map(self._row, sorted(self.asked))])

    def _row(self, vendor: str) -> str:
        asked, errors = self.asked[vendor], self.errors[vendor]
        lost = self.wrong[vendor, "ok"] + self.excused[vendor, "ok"]
        cells = ""
        for aspect in ASPECTS:
            of = {"ok": asked, "class": errors}.get(aspect, asked - errors - lost)
            excused = self.excused[vendor, aspect]
            right = of - self.wrong[vendor, aspect] - excused
            cells += f"{f'{right}/{of}' + (f'+{excused}' if excused else ''):>13}"
        return f"{vendor:<16}{asked:>6}{cells}"


async def replay(found: list[Record], transport: str, chunking: str) -> Tally:
    """Serve every recording and ask for each."""
    by_id = {record.id: record for record in found}
    tally = Tally()
    gate = asyncio.Semaphore(AT_ONCE)

    async def handler(exchange: Exchange) -> None:
        await answer(exchange, by_id[exchange.seen.path.split("/")[2]], chunking)

    async with loopback(handler) as server:
        hub = ProviderHub(NoKeys(), SystemClock(), environ={"ULTRA_TRANSPORT": transport})

        async def one(record: Record) -> Seen:
            async with gate:
                return await ask(hub, server.url, record)

        try:
            seen = await asyncio.gather(*map(one, found))
        finally:
            await hub.aclose()
    for record, what in zip(found, seen, strict=True):
        tally.add(record, what)
    return tally


def main(argv: list[str]) -> int:
    """Replay a directory of recordings; the exit code says whether all were read right."""
    parser = argparse.ArgumentParser(prog="replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path("../shared/cassettes"))
    parser.add_argument("--chunking", default="recorded")
    options = parser.parse_args(argv)
    if not options.directory.is_dir():
        print(f"no recordings at {options.directory}: nothing to replay")
        return 0
    found = list(records(options.directory))
    chosen = os.environ.get("ULTRA_TRANSPORT")
    failed = False
    excuses: dict[str, Excuse] = {}
    for transport in [chosen] if chosen else ["httpx", "aiohttp"]:
        tally = asyncio.run(replay(found, transport, options.chunking))
        print(f"\n{len(found)} interactions over {transport}\n{tally.table()}")
        print("\n".join(tally.lines) or "  all read right")
        failed = failed or bool(tally.lines)
        excuses |= tally.excuses
    print(f"\nexcused in part: {len(excuses)}")
    for identity, excuse in excuses.items():
        print(f"  {identity}: {', '.join(excuse.aspects)}: {excuse.why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
