"""`ultra logs import`: conversations of other programs become runs of the log."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

import ultra
from ultra.config.aichat import history_turns, is_history, session_turns
from ultra.core.catalog import Catalog
from ultra.core.errors import UsageError
from ultra.core.ids import attempt_id, call_id
from ultra.core.imports import Tool, Turn, messages
from ultra.core.ledger import AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import Media
from ultra.core.tags import LONGEST_VALUE
from ultra.core.text import one_line
from ultra.runtime.auditing import deed
from ultra.runtime.runtime import Runtime
from ultra.store import llm_log, mods_log
from ultra.store.database import Place
from ultra.store.foreign import foreign, is_database, tables
from ultra.store.importing import bring_in, known
from ultra.store.transactions import Foreign

VERB = "import"
"""What stands in the log in place of the verb that was typed."""

DAY_S = 86_400.0

_VENDORS = {"claude": "anthropic", "google": "gemini", "azure-openai": "azure", "grok": "xai"}
"""What other programs call a vendor that our catalog has under another name."""

_FIRST = ("openai", "anthropic", "gemini", "mistral", "deepseek", "xai", "cohere")
"""Vendors that are asked whether a bare model id is theirs, before whoever sells it on."""

_FORMS = "a logs.db of llm, a mods.db, a session or messages.md of aichat, or a folder with them"

_FILES: tuple[tuple[str, Tool], ...] = (
    ("logs.db", "llm"),
    ("mods.db", "mods"),
    ("conversations/mods.db", "mods"),
    ("messages.md", "aichat"),
    ("sessions", "aichat"),
)
"""By what a folder is told."""

_Item = TypeVar("_Item")


class Imported(Struct, frozen=True):
    """What an import found and did; of a dry run, what it would do.

    `runs` are new, `known` were there already, `too_old` are older than the profile keeps runs.
    `models` counts the new ones by model. `attachments` are kept with them, `lost` says what could
    not be read. `oldest_at` and `newest_at` are UTC seconds, None without a run.
    """

    tool: Tool
    runs: int
    known: int
    too_old: int
    conversations: int
    attachments: int
    models: dict[str, int]
    lost: tuple[str, ...] = ()
    oldest_at: float | None = None
    newest_at: float | None = None
    dry: bool = False


class _Tally:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.known = self.too_old = self.attachments = 0
        self.models: Counter[str] = Counter()
        self.conversations: set[str] = set()
        self.times: list[float] = []

    def count(self, turn: Turn, model: str) -> None:
        self.models[model] += 1
        self.conversations.add(turn.conversation)
        self.times = [min([*self.times, turn.started_at]), max([*self.times, turn.started_at])]
        for said in turn.asked[-1:]:  # what stands before it was counted with its own turn
            self.attachments += sum(isinstance(part, Media) for part in said.parts)

    def told(self, tool: Tool, lost: list[str], *, dry: bool) -> Imported:
        oldest, newest = self.times or (None, None)
        return Imported(
            tool,
            self.models.total(),
            self.known,
            self.too_old,
            len(self.conversations),
            self.attachments,
            dict(self.models.most_common()),
            tuple(lost),
            oldest,
            newest,
            dry,
        )


def import_logs(runtime: Runtime, path: Path, tool: Tool | None, *, dry: bool) -> Imported:
    """Take over what another program kept at a path; `dry` only counts it.

    `tool` None is told by what is there. Raises `UsageError` for what none of them wrote,
    `StoreError` when the log cannot be written.
    """
    lost: list[str] = []
    if tool is None:
        tool = detected(path)
    tally = _Tally()
    found = _new(runtime, _turns(path, tool, lost), tally)
    if dry:
        for _ in found:
            pass
        return tally.told(tool, lost, dry=True)
    place = Place(runtime.paths.database, tell=runtime.warn)
    kept, key = _privacy(runtime)
    bring_in(
        place,
        runtime.clock.time(),
        (_foreign(turn, target, kept, key) for turn, target in found),
        lambda count: deed(runtime, "log.imported", str(path), tool=tool, runs=count),
    )
    return tally.told(tool, lost, dry=False)


def detected(path: Path) -> Tool:
    """Whose log lies at a path. Raises `UsageError` when it is nobody's that is known."""
    if path.is_dir():
        return _of_folder(path)
    try:
        if is_database(path):
            return _of_database(path)
        if path.suffix in (".yaml", ".yml") or is_history(path):
            return "aichat"
    except FileNotFoundError as error:
        raise UsageError(f"there is no file `{one_line(str(path), 400)}`") from error
    except OSError as error:
        raise UsageError(f"`{one_line(str(path), 400)}` cannot be read: {error}") from error
    raise _nobodys(path, "it is no SQLite file, no YAML and no messages.md")


def _of_folder(path: Path) -> Tool:
    for name, tool in _FILES:
        if (path / name).exists():
            return tool
    if any(path.glob("*.yaml")):
        return "aichat"
    raise _nobodys(path, "there is none of it in that folder")


def _of_database(path: Path) -> Tool:
    with foreign(path) as connection:
        if llm_log.is_llm(connection):
            return "llm"
        if mods_log.is_mods(connection):
            return "mods"
        found = sorted(name for name in tables(connection) if not name.startswith("sqlite_"))
        if "runs" in found and "attempts" in found:
            raise UsageError(f"`{one_line(str(path), 400)}` is a log of ultra itself")
        if llm_log.before_conversations(connection) is not None:
            raise _nobodys(path, "it is of llm before 0.5, which kept no conversations")
    has = one_line(", ".join(found[:8]), 200) or "none"
    raise _nobodys(path, f"it is a SQLite file with the tables: {has}")


def _nobodys(path: Path, why: str) -> UsageError:
    return UsageError(
        f"`{one_line(str(path), 400)}` is no log that can be imported: {why}",
        hint=f"name {_FORMS}; nothing was changed",
    )


def _turns(path: Path, tool: Tool, lost: list[str]) -> Iterator[Turn]:
    if tool == "aichat":
        yield from _of_aichat(path, lost)
        return
    file = path
    if path.is_dir():
        names = [name for name, theirs in _FILES if theirs == tool]
        file = next((path / name for name in names if (path / name).is_file()), path / names[0])
    if not file.is_file():
        raise _nobodys(path, f"there is no `{file.name}`")
    with foreign(file) as connection, _as_written(file, tool):
        if not (llm_log.is_llm if tool == "llm" else mods_log.is_mods)(connection):
            raise _nobodys(file, f"it is none of {tool}'s")
        if tool == "llm":
            if older := llm_log.before_conversations(connection):
                lost.append(f"{older:,} answers of llm before 0.5, in its table `logs`")
            yield from llm_log.turns(connection)
        else:
            yield from mods_log.turns(connection, file, lost)


def _of_aichat(path: Path, lost: list[str]) -> Iterator[Turn]:
    if not path.is_dir():
        yield from _of_file(path)
        return
    files: list[Path] = []
    for folder in (path, *sorted((path / "agents").glob("*"))):
        files += (one for one in (folder / "messages.md",) if one.is_file())
        files += sorted((folder / "sessions").rglob("*.yaml"))
    if not any((path / name).exists() for name in ("messages.md", "sessions", "agents")):
        files = sorted(path.rglob("*.yaml"))
    for file in files:
        try:
            yield from _of_file(file)
        except UsageError as error:
            lost.append(error.message)


def _of_file(path: Path) -> Iterator[Turn]:
    with _as_written(path, "aichat"):
        yield from history_turns(path) if path.suffix == ".md" else session_turns(path)


@contextmanager
def _as_written(path: Path, tool: Tool) -> Iterator[None]:
    """Raises `UsageError` for a file that cannot be read, or holds what its program does not write.

    What is in it is anybody's: a number where there are words, a list where there is one of them.
    """
    name = one_line(str(path), 400)
    try:
        yield
    except OSError as error:
        raise UsageError(f"`{name}` cannot be read: {error.strerror or error}") from error
    except (TypeError, AttributeError, ValueError, LookupError, RecursionError) as error:
        told = one_line(str(error), 200)
        raise UsageError(f"`{name}` is not as {tool} writes it: {told}") from error


def _new(runtime: Runtime, turns: Iterable[Turn], tally: _Tally) -> Iterator[tuple[Turn, Target]]:
    """The turns that are not in the log yet and may be there, each with its model."""
    days = runtime.profile.log.keep_days
    oldest = 0.0 if days is None else runtime.clock.time() - days * DAY_S
    seen: set[str] = set()
    targets: dict[tuple[str, str, str], Target] = {}
    for some in _batched(turns, 500):
        there = known(runtime.paths.database, [turn.run_id for turn in some]) | seen
        for turn in some:
            if turn.run_id in there:
                tally.known += 1
            elif turn.started_at < oldest:
                tally.too_old += 1
            else:
                seen.add(turn.run_id)
                there.add(turn.run_id)
                named = (turn.tool, turn.client, turn.model)
                target = targets.get(named) or target_of(turn, runtime.catalog)
                targets[named] = target
                tally.count(turn, str(target.ref))
                yield turn, target


def _batched(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def target_of(turn: Turn, catalog: Catalog) -> Target:
    """The model of a turn as `provider:model`; the program stands in for an unknown provider."""
    provider, model = _named(turn.client, turn.model, catalog)
    target = Target(model, model or "unknown", _endpoint(provider or turn.tool))
    return replace(target, name=str(target.ref))


def _named(client: str, model: str, catalog: Catalog) -> tuple[str, str]:
    """Provider and model; the provider empty where it cannot be told."""
    vendors = catalog.vendors()
    if client:
        return _VENDORS.get(client, client), model
    first, slash, rest = model.partition("/")
    named = _VENDORS.get(first, first)
    if slash and named in vendors:
        return named, rest
    theirs = (name for name in _FIRST if name in vendors and catalog.facts(name, model))
    return next(theirs, ""), model


def _endpoint(provider: str) -> Endpoint:
    return Endpoint(provider, "", "", KeyRef("none"))


def _privacy(runtime: Runtime) -> tuple[bool, bytes]:
    """Whether words are kept, and the key they are hashed with where hashes are."""
    privacy = runtime.profile.log.privacy
    if privacy != "hashed":
        return privacy == "full", b""
    from ultra.store.hashing import key_of

    return False, key_of(runtime.paths.database)


def _foreign(turn: Turn, target: Target, kept: bool, key: bytes) -> Foreign:
    run, ended = turn.run_id, turn.started_at + (turn.duration_s or 0.0)
    call = call_id(run, 1)
    calls = [{"id": one.id, "name": one.name, "arguments": one.arguments} for one in turn.calls]
    return Foreign(
        RunRecord(
            run,
            VERB,
            "single",
            turn.started_at,
            conversation=turn.conversation_id,
            prompt=turn.prompt,
            keep_text=kept,
            version=ultra.__version__,
            tags=_tags(turn, kept),
            hash_key=key,
        ),
        AttemptRecord(
            attempt_id(call, 1),
            call,
            run,
            1,
            "answer",
            None,
            0,
            target,
            messages(turn.asked),
            turn.options,
            turn.started_at,
            kind="import",
        ),
        AttemptResult(
            "ok",
            ended,
            turn.duration_s or 0.0,
            turn.answer,
            turn.reasoning,
            msgspec.json.encode(calls).decode() if calls else "",
            usage=turn.usage,
            usage_source="provider" if turn.usage else None,
            resolved_model=turn.resolved_model,
        ),
        RunEnd("ok", ended, turn.duration_s or 0.0, call, turn.answer),
        timed=turn.duration_s is not None,
    )


def _tags(turn: Turn, kept: bool) -> dict[str, str]:
    title = one_line(turn.title, LONGEST_VALUE) if kept else ""
    return {"imported": turn.tool, **({"title": title} if title.isprintable() and title else {})}
