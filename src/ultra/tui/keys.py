"""Keys as the user wants them, by the names of what they do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, NamedTuple, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean


class _Unknown(StrEnum):
    """What older terminals and tmux send for keys that textual has no sequence for."""

    ALT_ENTER = "alt+enter"


# Textual drops the Alt of it, and Enter is what sends a prompt that may have to be paid for.
cast("dict[str, Any]", ANSI_SEQUENCES_KEYS).setdefault("\x1b\r", (_Unknown.ALT_ENTER,))


class Taker(NamedTuple):
    """A widget of a screen that takes keys of its own before the screen and the app."""

    words: str
    widget: type[DOMNode]
    screen: type[DOMNode]


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


def shadowed(
    wanted: Mapping[str, str], app: type[DOMNode], takers: Iterable[Taker]
) -> Iterator[str]:
    """Each key that does something else where a widget has the focus, its action, and where.

    That a field takes what can be written goes without saying.
    """
    takers = tuple(takers)
    for name, keys in wanted.items():
        reached = [
            one
            for one in takers
            if any(
                binding.id == name and not binding.priority
                for place in _heard(app, one.screen)
                for binding in _bindings(place)
            )
        ]
        for key in keys.split(","):
            where = [one.words for one in reached if key.strip() in _keys_of(one.widget, wanted)]
            if where:
                yield f"`{key.strip()}` for `{name}`: {', '.join(where)}"


def actions(place: type[DOMNode]) -> list[str]:
    """The actions of an app, a screen or a widget that can have other keys."""
    return [binding.id for binding in _bindings(place) if binding.id]


def key_of(place: DOMNode, name: str) -> str:
    """The first key of an action of a place, as it is shown there."""
    (binding,) = (one for one in _bindings(type(place)) if one.id == name)
    keys = place.app._keymap.get(name, binding.key)  # noqa: SLF001 - told nowhere else
    return place.app.get_key_display(replace(binding, key=keys.partition(",")[0]))


def _keys_of(widget: type[DOMNode], wanted: Mapping[str, str]) -> set[str]:
    told = (wanted.get(one.id or "", one.key) for one in _bindings(widget))
    return {key.strip() for keys in told for key in keys.split(",")}


def _heard(app: type[DOMNode], screen: type[DOMNode]) -> tuple[type[DOMNode], ...]:
    """Whose keys reach a screen: what is opened over one keeps those of the app from it."""
    return (screen,) if issubclass(screen, ModalScreen) else (app, screen)


def _bindings(place: type[DOMNode]) -> list[Binding]:
    return [
        binding
        for owner in place.__mro__
        for binding in vars(owner).get("BINDINGS", ())
        if isinstance(binding, Binding)
    ]
