"""What the user does about the log itself: remove runs, take words out, copy it, hand it on.

Everything raises `StoreError` where the log cannot be read or written, and `UsageError` for what
cannot be meant.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ultra.core.care import Doomed, Found, Gone
from ultra.core.errors import UsageError
from ultra.core.history import Sought
from ultra.core.moments import moment_of, span_between
from ultra.core.records import RunDocument
from ultra.core.tags import Marks
from ultra.runtime.auditing import deed, note
from ultra.store.backups import back_up
from ultra.store.database import Place
from ultra.store.pruning import Old, delete, doomed, named, prune
from ultra.store.redacting import Pattern, find, redact

if TYPE_CHECKING:
    from ultra.runtime.runtime import Runtime


def old(runtime: "Runtime", older_than: str) -> Old:
    """The runs that began longer ago than a span, or before a date or a time."""
    return Old(moment_of("--older-than", older_than, "", runtime.clock.time()))


def to_prune(runtime: "Runtime", which: Old) -> Doomed:
    """What `prune_runs` would remove."""
    return doomed(runtime.paths.database, which)


def prune_runs(
    runtime: "Runtime", which: Old, *, figures: bool, tell: Callable[[int], None] | None = None
) -> Gone:
    """Remove old runs for good, and with `figures` what they came to; `tell` hears how many so far.

    Conversations that go on and runs under way stay.
    """
    return prune(
        Place(runtime.paths.database, tell=runtime.warn),
        which,
        runtime.clock.time(),
        deed=lambda gone: deed(
            runtime,
            "log.pruned",
            "runs",
            before=which.before,
            profile=which.profile or None,
            runs=gone.runs,
            calls=gone.calls,
            figures=gone.figures or None,
        ),
        figures=figures,
        tell=tell,
    )


def run_ids(runtime: "Runtime", prefixes: Sequence[str]) -> list[str]:
    """The runs that are meant by the beginnings of their ids, each once."""
    return list(dict.fromkeys(runtime.log.run(prefix).run_id for prefix in prefixes))


def to_delete(runtime: "Runtime", ids: Sequence[str]) -> Doomed:
    """What `delete_runs` would remove."""
    return named(runtime.paths.database, ids)


def delete_runs(runtime: "Runtime", ids: Sequence[str], *, figures: bool) -> Gone:
    """Remove runs for good, and with `figures` what they came to. Those under way stay."""
    return delete(
        Place(runtime.paths.database, tell=runtime.warn),
        ids,
        runtime.clock.time(),
        deed=lambda gone: deed(
            runtime,
            "log.deleted",
            ids[0] if len(ids) == 1 else f"{len(ids)} runs",
            runs=gone.runs,
            calls=gone.calls,
            figures=gone.figures or None,
        ),
        figures=figures,
    )


def pattern_of(text: str, *, regex: bool) -> Pattern:
    """What is to be looked for. The words of an error never hold it."""
    try:
        return Pattern(text, regex=regex)
    except re.error as error:
        raise UsageError(
            f"the pattern is no regular expression: {error.msg}",
            hint="without `--regex` it is text",
        ) from error
    except ValueError as error:
        raise UsageError(
            "the pattern matches where nothing stands", hint="say what to take out"
        ) from error


def to_redact(runtime: "Runtime", pattern: Pattern) -> Found:
    """Where a pattern stands."""
    return find(runtime.paths.database, pattern)


def redact_words(
    runtime: "Runtime", pattern: Pattern, tell: Callable[[int], None] | None = None
) -> tuple[Found, Gone]:
    """Take a pattern out of everything; `tell` hears how many runs so far."""
    return redact(
        Place(runtime.paths.database, tell=runtime.warn),
        pattern,
        runtime.clock.time(),
        deed=lambda found: deed(
            runtime, "log.redacted", "words", texts=found.texts, runs=found.runs
        ),
        tell=tell,
    )


def back_up_log(
    runtime: "Runtime", target: Path, tell: Callable[[float], None] | None = None
) -> int:
    """Copy the log to a file; how many bytes that is. `tell` hears the part that is done."""
    size = back_up(runtime.paths.database, target, tell)
    note(runtime, "log.copied", str(target.absolute()), size=size)
    return size


def sought(
    runtime: "Runtime",
    query: str | None,
    model: str | None,
    marks: Marks,
    *,
    since: str | None,
    until: str | None,
) -> Sought:
    """The runs that are meant."""
    span = span_between(since, until, "", runtime.clock.time())
    return Sought(
        query or "",
        model or "",
        marks=marks,
        since=span.begin if since else None,
        until=span.end,
    )


def documents(runtime: "Runtime", sought: Sought) -> Iterator[RunDocument]:
    """Every run that is meant, the newest first."""
    return runtime.log.documents(sought)
