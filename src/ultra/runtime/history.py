"""What is typed to find runs: `model:smart status:error tag:job=nightly since:7d`."""

import shlex
from collections.abc import Callable

from msgspec import Struct, field

from ultra.core.errors import UsageError
from ultra.core.history import Sought
from ultra.core.moments import span_between
from ultra.core.tags import Marks, tags_of
from ultra.core.text import did_you_mean, one_line

STATUSES = ("ok", "partial", "error", "cancelled", "no_consensus", "running")
FORMS = "model:NAME status:STATUS tag:NAME=VALUE center:NAME since:MOMENT until:MOMENT"


class _Said(Struct):
    """What was said of runs, word by word."""

    model: str = ""
    status: str = ""
    center: str = ""
    since: str | None = None
    until: str | None = None
    tags: list[str] = field(default_factory=list[str])


def sought_of(words: str, filters: str, *, now: float, zone: str = "") -> Sought:
    """What the search box and the line of filters mean together; `zone` empty is the user's own.

    Raises `UsageError` for a filter that is none, with what there is.
    """
    said = _Said()
    for piece in _pieces(filters):
        name, colon, value = piece.partition(":")
        take = _TAKERS.get(name)
        if not colon or take is None:
            close = did_you_mean(name, _TAKERS) if colon else None
            raise UsageError(f"`{one_line(piece, 40)}` is no filter", hint=close or FORMS)
        if not value:
            raise UsageError(f"filter `{name}:` has no value", hint=FORMS)
        take(said, value)
    span = span_between(said.since, said.until, zone, now)
    return Sought(
        words,
        said.model,
        said.status,
        Marks(said.center, tags_of(said.tags)),
        since=None if said.since is None else span.begin,
        until=span.end,
    )


def _pieces(filters: str) -> list[str]:
    try:
        return shlex.split(filters)
    except ValueError as error:
        raise UsageError("a quote is not closed", hint=FORMS) from error


def _model(said: _Said, value: str) -> None:
    said.model = value


def _status(said: _Said, value: str) -> None:
    if value not in STATUSES:
        raise UsageError(
            f"no run has the status `{one_line(value, 40)}`",
            hint=did_you_mean(value, STATUSES) or f"there are: {', '.join(STATUSES)}",
        )
    said.status = value


def _center(said: _Said, value: str) -> None:
    said.center = value


def _since(said: _Said, value: str) -> None:
    said.since = value


def _until(said: _Said, value: str) -> None:
    said.until = value


_TAKERS: dict[str, Callable[[_Said, str], None]] = {
    "model": _model,
    "status": _status,
    "tag": lambda said, value: said.tags.append(value),
    "center": _center,
    "since": _since,
    "until": _until,
}
