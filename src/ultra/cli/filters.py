"""Which calls or runs a command is about: options alike but for their variables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from ultra.cli.options import option
from ultra.core.errors import UsageError
from ultra.core.model import Environment
from ultra.core.tags import Marks, cost_center_of, tags_of
from ultra.core.text import did_you_mean, one_line

if TYPE_CHECKING:
    from ultra.core.totals import Filter

Form = Literal["table", "json", "csv", "markdown"]
"""How a report is written."""


class _Words(NamedTuple):
    """What a help page says of an option, and its short form."""

    help: str
    metavar: str | None = None
    short: tuple[str, ...] = ()


_OPTIONS = {
    "--since": _Words("from then on: `30d`, `yesterday`, a date or a time", "WHEN"),
    "--until": _Words("until then, written as `--since` is; a day is in it whole", "WHEN"),
    "--timezone": _Words(
        "where days begin, such as `UTC`; this machine's own unless given", "NAME"
    ),
    "--model": _Words(
        "calls of a model, alias or provider; repeat for any of several", "NAME", ("-m",)
    ),
    "--provider": _Words("its calls; repeat", "NAME"),
    "--cost-center": _Words("charged to it; repeat", "NAME"),
    "--environment": _Words("made there: development, testing or production; repeat", "NAME"),
    "--tag": _Words("runs marked with it; repeat for all of several", "NAME=VALUE"),
    "--format": _Words("how it is written"),
}


def option_of(command: str, flag: str, help: str = "") -> Any:  # noqa: A002 - as Typer has it
    """The option of a command such as `logs audit`; `help` is for what it says otherwise."""
    words = _OPTIONS[flag]
    return option(flag, *words.short, of=command, metavar=words.metavar, help=help or words.help)


def filter_of(
    *,
    model: Sequence[str] | None,
    provider: Sequence[str] | None,
    cost_center: Sequence[str] | None,
    tag: Sequence[str] | None,
    environment: Sequence[str] | None = None,
) -> "Filter":
    """The calls that such options mean. Raises `UsageError` for no tag and no environment."""
    from ultra.core.totals import Filter

    known = get_args(Environment)
    for name in environment or ():
        if name not in known:
            raise UsageError(
                f"`--environment {one_line(name, 60)}` is not known",
                hint=did_you_mean(name, known) or f"one of: {', '.join(known)}",
            )
    return Filter(
        model=tuple(model or ()),
        provider=tuple(provider or ()),
        cost_center=tuple(cost_center or ()),
        environment=tuple(environment or ()),
        tags=tags_of(tag or ()),
    )


def marks_of(cost_center: str | None, tag: Sequence[str] | None) -> Marks:
    """The runs that such options mean. Raises `UsageError` for what is no mark."""
    return Marks(cost_center_of(cost_center or ""), tags_of(tag or ()))
