"""Nouns with verbs under them (`ultra logs path`), and the options that all of those take.

The first command of a noun is the one that a bare noun means: `ultra models` is
`ultra models list`, and `ultra logs -n 5` is `ultra logs list -n 5`.
"""

from typing import Annotated, Any

import typer
from typer._click.core import Context
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.cli.context import Session
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean

Quiet = Annotated[bool, options.option("--quiet", help="only warnings and errors on stderr")]
"""Without the short form, which is a search in `logs` and `models` as it is in llm."""


def noun(summary: str, *examples: str) -> typer.Typer:
    """The app of a verb module; its commands are added with `cls=Under`."""
    app = verb_app(cls=Noun, help=summary, epilog=shown(*examples))
    app.callback()(_nothing)  # with it, a noun with one command under it is a group as well
    return app


def _nothing() -> None:
    """A bare noun does nothing of its own: its first command does."""


def shown(*examples: str) -> str:
    """The examples that end a help page, each on a line of its own."""
    return "\n".join(["\b", "Examples:", *(f"  {example}" for example in examples)])


class Here(Session):
    """A session that knows which profile was asked for (None: none was) and has a voice."""

    def __init__(self, profile: str | None, *, quiet: bool = False, verbose: bool = False) -> None:
        super().__init__(profile, quiet=quiet, verbose=verbose)
        self.profile = profile
        self.note = self.messages.note
        self.warn = self.messages.warn


def session(ctx: typer.Context) -> Here:
    """The streams and the runtime of a command that was made with `cls=Under`."""
    found = ctx.obj
    if not isinstance(found, Here):
        raise TypeError("the command was not made with `cls=Under`")
    return found


def print_json(here: Session, document: dict[str, object]) -> None:
    """Print one versioned JSON document."""
    here.streams.write(json_text(document))


def json_text(document: dict[str, object]) -> str:
    """One versioned JSON document, ending in a line feed."""
    import msgspec

    from ultra.output.events import encode_json

    whole = msgspec.json.format(encode_json({"version": 1, **document}), indent=2)
    return whole.decode() + "\n"


def _common(
    profile: options.Profile = None,
    quiet: Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Stands for the options that every command under a noun takes."""


def _common_params() -> list[Any]:
    app = verb_app()
    app.command()(_common)
    return list(typer.main.get_command(app).params)


class Under(TyperCommand):
    """A command that takes the common options too and finds its `Session` in the context."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(_common_params())

    def invoke(self, ctx: Context) -> Any:
        """Make the session out of the common options, then run the command."""
        given = {name: ctx.params.pop(name) for name in ("profile", "quiet", "verbose", "debug")}
        ctx.obj = Here(given["profile"], quiet=given["quiet"], verbose=given["verbose"])
        return super().invoke(ctx)


class Noun(TyperGroup):
    """A group whose first command is meant when none is named."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the meant command first; options that stood before the verb go behind it."""
        before, rest = _shared(args)
        word = rest[0] if rest else ""
        if word in self.commands:
            return super().parse_args(ctx, [word, *before, *rest[1:]])
        if word in ("-h", "--help"):
            return super().parse_args(ctx, rest)
        if word and not word.startswith("-") and not self._takes_words():
            raise UsageError(
                f"`{ctx.command_path}` has no `{word}`",
                hint=did_you_mean(word, self.commands) or self._what_else(ctx, word),
            )
        return super().parse_args(ctx, [self._meant, *before, *rest])

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Show the options of the meant command, then the commands."""
        meant = self.commands[self._meant]
        meant.format_options(Context(meant, info_name=self._meant, parent=ctx), formatter)
        if len(self.commands) > 1:
            self.format_commands(ctx, formatter)

    def _what_else(self, ctx: Context, word: str) -> str:
        """What may have been wanted by a word that is no command: a search, where there is one."""
        if any("--query" in param.opts for param in self.commands[self._meant].params):
            return f"`{ctx.command_path} -q {word}` searches"
        return f"there are: {', '.join(self.commands)}"

    @property
    def _meant(self) -> str:
        return next(iter(self.commands))

    def _takes_words(self) -> bool:
        params = self.commands[self._meant].params
        return any(param.param_type_name == "argument" for param in params)


def _shared(args: list[str]) -> tuple[list[str], list[str]]:
    """The common options that stand first, and what follows them."""
    place = 0
    while place < len(args):
        word = args[place]
        if word in ("-P", "--profile"):
            place += 2
        elif word in ("--quiet", "--verbose", "--debug") or word.startswith("--profile="):
            place += 1
        else:
            break
    return args[:place], args[place:]
