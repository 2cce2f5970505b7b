"""Where a case is played: a home of its own, a provider that misbehaves, a spare that does not."""

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from tests.chaos.faults import Provider
from tests.chaos.wires import Wire, wired
from tests.support.certs import make_authority
from tests.support.process import UNMEASURED, Ended, Ultra
from tests.support.server import Loopback, loopback

KEY = "lab-0123456789abcdefghij"

PROFILE = """\
version: 1
providers:
  lab:
    protocol: {protocol}
    base_url: "{url}/lab/v1"
    key: "env:LAB_KEY"
    timers: {{connect_s: {connect_s}, first_token_s: {first_token_s}, idle_s: {idle_s}}}
  spare: {{protocol: openai-chat, base_url: "{spare}/spare/v1", key: none}}
models:
  faulty: {{model: "lab:{model}", price: {price}}}
  spare: {{model: "spare:good", price: {{input_per_mtok: 1.0, output_per_mtok: 2.0}}}}
  large: {{model: "spare:good", context_window: 1000000}}
  tiny: {{model: "lab:{model}", context_window: 100}}
  unpriced: "lab:{model}"
defaults: {{ask: faulty}}
timers: {{run_s: 30}}
{rules}
"""

PRICED = "{input_per_mtok: 1.0, output_per_mtok: 2.0}"

GUARD = """\
import socket
import time

_real = socket.getaddrinfo


def _local(host, *args, **kwargs):
    name = host.decode() if isinstance(host, bytes) else host
    if name == "slow.invalid":
        time.sleep(600)
    if name in (None, "", "localhost", "127.0.0.1", "::1"):
        return _real(host, *args, **kwargs)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


socket.getaddrinfo = _local
"""
"""No name but that of this machine has an address, and no resolver is asked; one takes for ever to
be looked up."""


class Setting(Struct, frozen=True):
    """What the profile and the way to the provider are like. Timers are seconds.

    They are those of the provider at fault: who stands by has the time that it needs.

    `tls` says what is wrong with the certificate, empty for plain HTTP. `scheme` is what the
    profile says, empty for what the server speaks.
    """

    model: str = "good"
    wire: Wire = ""
    tls: Literal["", "unknown", "expired"] = ""
    host: str = "127.0.0.1"
    scheme: str = ""
    protocol: str = "openai-chat"
    price: str = PRICED
    rules: str = ""
    connect_s: float = 2.0
    first_token_s: float = 10.0
    idle_s: float = 10.0


class Seen(Struct, frozen=True):
    """How a run ended, and what it left. `rows` are `kind status class` of every attempt so far.

    `charged` is what all of them are charged with, in nano-dollars; None where a price is unknown.
    """

    exit: int
    out: str
    err: str
    error_class: str | None
    answer: str | None
    calls: int
    spare: int
    rows: tuple[str, ...]
    charged: int | None = None


class Stage:
    """One home and the provider beside it."""

    def __init__(self, ultra: Ultra, provider: Provider, server: Loopback, other: Loopback) -> None:
        self.ultra = ultra
        self.provider = provider
        self.server = server
        self.other = other

    async def ask(self, *argv: str, verb: str = "ask", **environ: str) -> Seen:
        """Run `ultra ask --json` (or plainly, for `--text`) to its end."""
        plain = "--text" in argv
        argv = tuple(arg for arg in argv if arg != "--text")
        form = () if plain else ("--json",)
        words = ("hello there",) if verb in ("ask", "compare") else ()
        ended = await self.ultra.run(verb, *form, *argv, *words, environ=environ)
        return self.seen(ended)

    def seen(self, ended: Ended) -> Seen:
        """What a run that ended comes to."""
        document = _document(ended.out)
        rows = self.rows()
        charges = [row[3] for row in rows if row[3] is not None]
        return Seen(
            ended.code,
            ended.out,
            ended.err,
            _class(document) if document else next((row[2] for row in rows if row[2]), None),
            (document.get("answer") if document else ended.out.removesuffix("\n")) or None,
            self.provider.asked("lab"),
            self.provider.asked("spare"),
            tuple(" ".join(part for part in row[:3] if part) for row in rows),
            sum(charges) if len(charges) == len(rows) else None,
        )

    def rows(self) -> list[tuple[str, str, str | None, int | None]]:
        """Kind, status, class and charge of every attempt, in order; nothing without a log."""
        facts = "kind, status, error_class, charged_nano"
        query = f"SELECT {facts} FROM attempts ORDER BY started_at, number"
        try:
            return self.ultra.rows(query) if self.ultra.database.exists() else []
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return []  # the disk was full before there were tables

    def value(self, query: str) -> Any:
        """The first value that a query gives; None for no row."""
        found = self.ultra.rows(query)
        return found[0][0] if found else None

    def change(self, statement: str) -> None:
        """Change the log by hand: time that passed, a state that was reached."""
        with closing(sqlite3.connect(self.ultra.database)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(statement)
            connection.commit()


@asynccontextmanager
async def staged(folder: Path, setting: Setting) -> AsyncIterator[Stage]:
    """Put up home, provider and wire for as long as the block lasts."""
    provider, other = Provider(), Provider()
    async with AsyncExitStack() as stack:
        days = -1 if setting.tls == "expired" else 2
        authority = make_authority(folder, days=days) if setting.tls else None
        tls = authority.server() if authority else None
        server = await stack.enter_async_context(loopback(provider, tls=tls))
        plain = await stack.enter_async_context(loopback(provider)) if tls else server
        elsewhere = await stack.enter_async_context(loopback(other))
        provider.elsewhere = elsewhere.url
        port = await stack.enter_async_context(wired(setting.wire, server.port))
        environ = {**UNMEASURED, "LAB_KEY": KEY, "PYTHONPATH": str(_guard(folder))}
        if authority and setting.tls == "expired":
            environ["SSL_CERT_FILE"] = str(authority.bundle)
        ultra = Ultra(folder, "http://127.0.0.1:1", **environ)
        url = f"{setting.scheme or server.scheme}://{setting.host}:{port}"
        text = PROFILE.format(
            url=url, spare=plain.url, **{name: getattr(setting, name) for name in _FIELDS}
        )
        (ultra.home / "config" / "ultra.yaml").write_text(text, encoding="utf-8")
        yield Stage(ultra, provider, server, elsewhere)


_FIELDS = ("model", "protocol", "price", "rules", "connect_s", "first_token_s", "idle_s")


def told(text: str) -> str:
    """What the user sees on stderr, on one line, without what differs from run to run."""
    line = " / ".join(part.strip() for part in text.strip().splitlines())
    line = re.sub(r"(127\.0\.0\.1|\.invalid):\d+", r"\1:PORT", line)
    line = re.sub(r"\b\d+(\.\d+)?(?= m?s\b)", "N", line)
    line = re.sub(r"\b[0-9a-f]{8,32}\b", "ID", line)
    return re.sub(r"/tmp/\S+?/home", "HOME", line)


def _guard(folder: Path) -> Path:
    place = folder / "guard"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    return place


def _document(out: str) -> dict[str, Any]:
    try:
        document = json.loads(out)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _class(document: dict[str, Any]) -> str | None:
    """The class of the first thing that failed."""
    for call in document.get("calls", []):
        for failed in (*call["attempts"], call):
            if failed.get("error"):
                return str(failed["error"]["error_class"])
    # A call that was refused before any try stands in the reasons alone.
    refused = (re.search(r"\((\w+)\)$", reason) for reason in document["reasons"])
    return next((found[1] for found in refused if found), None)
