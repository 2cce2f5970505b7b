"""Keys as the user wants them, by the names of what they do."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding
from textual.dom import DOMNode

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean


class _Unknown(StrEnum):
    """What older terminals and tmux send for keys that textual has no sequence for."""

    ALT_ENTER = "alt+enter"


# Textual drops the Alt of it, and Enter is what sends a prompt that may have to be paid for.
cast("dict[str, Any]", ANSI_SEQUENCES_KEYS).setdefault("\x1b\r", (_Unknown.ALT_ENTER,))


def checked_keys(wanted: Mapping[str, str], places: Iterable[type[DOMNode]]) -> dict[str, str]:
    """The keymap, if every action in it is one. Raises `UsageError` for one that is none."""
    known = [name for place in places for name in actions(place)]
    for name in wanted:
        if name not in known:
            raise UsageError(
                f"`tui.yaml` has a key for `{name}`, which is no action",
                hint=did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}",
            )
    return dict(wanted)


def actions(place: type[DOMNode]) -> list[str]:
    """The actions of an app, a screen or a widget that can have other keys."""
    return [
        binding.id
        for owner in place.__mro__
        for binding in vars(owner).get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.id
    ]
