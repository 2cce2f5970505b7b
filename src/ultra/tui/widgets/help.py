"""Every key of a screen, over it."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ultra.output.width import wrap

Keys = dict[tuple[str, str], list[str]]

MOVING = "to move"
"""Above the keys that textual has for lists, texts and fields."""


class Help(ModalScreen[None]):
    """The keys that do something, and what; any way out of a dialogue closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", id="help.close")
    ]

    def __init__(self, bindings: list[ActiveBinding], app: App[None]) -> None:
        super().__init__()
        self._keys = _keys(bindings, app)

    def compose(self) -> ComposeResult:
        """Keys to the left, what they do to the right of them."""
        with VerticalScroll():
            yield Static()

    def on_resize(self) -> None:
        """Lay them out for the width that there is."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one(Static).update(_lines(self._keys, width))


def _keys(bindings: list[ActiveBinding], app: App[None]) -> Keys:
    """The keys of each action, by where it holds and what it does."""
    keys: Keys = {}
    for node, binding, enabled, tooltip in bindings:
        if not enabled or not binding.description or binding.system:
            continue
        told = tooltip or binding.tooltip
        says = f"{binding.description}: {told}" if told else binding.description
        where = "everywhere" if node is app else "here" if binding.id else MOVING
        keys.setdefault((where, says), []).append(app.get_key_display(binding))
    return keys


def _lines(keys: Keys, width: int) -> Content:
    """What a screen is told of keys, those of the screen before those of the app."""
    wide = max((len(" ".join(names)) for names in keys.values()), default=0) + 2
    parts: list[Content] = []
    for group in ("here", "everywhere", MOVING):
        rows = [(says, names) for (where, says), names in keys.items() if where == group]
        parts += [Content.styled(group, "bold")] if rows else []
        for says, names in rows:
            first, *rest = wrap(says, max(width - wide - 2, 10))
            parts.append(Content(f"{' '.join(names):>{wide}}  {first}"))
            parts += [Content(f"{'':{wide}}  {line}") for line in rest]
    return Content("\n").join(parts)
