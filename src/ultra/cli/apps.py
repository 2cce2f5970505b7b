"""The Typer app that the module of a verb has: every one is set up alike."""

from typing import Any

import typer


def verb_app(**settings: Any) -> typer.Typer:
    """An app for the commands of a verb; `settings` are what Typer takes besides."""
    return typer.Typer(
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )
