"""`ultra completions`: prints a completion script, made from the commands themselves."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from ultra.cli.apps import verb_app
from ultra.cli.nouns import Under, session, shown
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean

FILES = {"bash": "ultra.bash", "zsh": "_ultra", "fish": "ultra.fish"}
"""Shells, and the name under which each looks for a script."""

app = verb_app()


@app.command(
    cls=Under,
    epilog=shown(
        "ultra completions bash > ~/.local/share/bash-completion/completions/ultra",
        'ultra completions zsh > "${fpath[1]}/_ultra"',
        "ultra completions fish > ~/.config/fish/completions/ultra.fish",
        'eval "$(ultra completions bash)"       for this shell only',
    ),
)
def completions(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="the shell it is for")],
) -> None:
    """Print a completion script; names of models, profiles and runs are looked up as you type."""
    session(ctx).streams.write(script(shell))


def script(shell: str) -> str:
    """The completion script of a shell. Raises `UsageError` for one that is not known."""
    from ultra.cli.grammar import grammar

    if shell not in FILES:
        raise UsageError(
            f"there is no completion script for `{shell}`",
            hint=did_you_mean(shell, FILES) or f"there are: {', '.join(FILES)}",
        )
    written: str = import_module(f"ultra.cli.shells.{shell}").script(grammar())
    return written


def write_all(folder: Path) -> None:
    """Write every script into a folder, under the name by which its shell looks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    for shell, name in FILES.items():
        (folder / name).write_text(script(shell), encoding="utf-8")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
