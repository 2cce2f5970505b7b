"""Every key of a screen, over it."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Help(ModalScreen[None]):
    """The keys that do something, and what; any way out of a dialogue closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", id="help.close")
    ]

    def __init__(self, bindings: list[ActiveBinding], app: App[None]) -> None:
        super().__init__()
        self._lines = _lines(bindings, app)

    def compose(self) -> ComposeResult:
        """One line a key."""
        with VerticalScroll():
            yield Static(self._lines)


def _lines(bindings: list[ActiveBinding], app: App[None]) -> Content:
    """The keys of each action beside what it does; those of the screen before those of the app."""
    keys: dict[tuple[str, str], list[str]] = {}
    for node, binding, enabled, tooltip in bindings:
        if not enabled or not binding.description or binding.system:
            continue
        told = tooltip or binding.tooltip
        says = f"{binding.description}: {told}" if told else binding.description
        where = "here" if node is not app else "everywhere"
        keys.setdefault((where, says), []).append(app.get_key_display(binding))
    wide = max((len(" ".join(names)) for names in keys.values()), default=0)
    parts: list[Content] = []
    for group in ("here", "everywhere"):
        rows = [(says, names) for (where, says), names in keys.items() if where == group]
        parts += [Content.styled(group, "bold")] if rows else []
        parts += [Content(f"{' '.join(names):>{wide + 2}}  {says}") for says, names in rows]
    return Content("\n").join(parts)
