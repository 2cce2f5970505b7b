"""Which of many, found by typing."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ultra.output.safe import cell
from ultra.tui.keys import key_of


class Choice(NamedTuple):
    """One thing that can be chosen: its name, and words about it."""

    name: str
    about: str = ""

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word is somewhere in it, case ignored."""
        text = f"{self.name} {self.about}".lower()
        return all(word in text for word in words)


class Choose(ModalScreen[tuple[str, ...] | None]):
    """Some of many by name; one alone where `several` is false.

    The names come in the order in which they were chosen; None leaves it as it was. What is typed
    with a colon in it can be chosen where `free` is true, whether or not it is listed.
    """

    DEFAULT_CSS = """
    Choose { align: center middle; }
    Choose > Vertical {
        width: 90%; max-width: 84; height: auto; max-height: 90%;
        padding: 0 1; border: round $primary; background: $surface;
    }
    Choose OptionList { height: auto; max-height: 14; border: none; padding: 0; }
    Choose Input, Choose Input:focus { border: none; height: 1; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Leave it", id="choose.leave"),
        Binding("space", "choose", "Choose", id="choose.choose"),
        Binding("enter", "done", "Done", id="choose.done", priority=True),
        Binding("down", "list", "To the list", show=False, id="choose.list"),
        Binding("slash", "search", "Search", show=False, id="choose.search"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        chosen: Sequence[str] = (),
        *,
        several: bool = True,
        free: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._chosen = list(chosen)
        self._several = several
        self._free = free
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """What to choose, the search, the list, the keys."""
        with Vertical():
            yield Static(Content.styled(self._title, "bold"))
            yield Input(placeholder="type to search")
            yield OptionList(markup=False)
            yield Static(Content.styled(self._keys(), "dim"))

    def _keys(self) -> str:
        told = {
            "choose.list": "goes to the list",
            "choose.choose": "chooses" if self._several else "",
            "choose.done": "is done" if self._several else "chooses",
            "choose.leave": "leaves it as it was",
        }
        return ", ".join(f"{key_of(self, name)} {what}" for name, what in told.items() if what)

    def on_mount(self) -> None:
        """Show all."""
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what matches."""
        self._fill(event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click chooses."""
        name = self._shown[event.option_index]
        if self._several:
            self._toggle(name)
        else:
            self.dismiss((name,))

    def action_choose(self) -> None:
        """Choose what is pointed at, or no longer."""
        pointed = self._pointed()
        if pointed is not None and self._several:
            self._toggle(pointed)

    def action_done(self) -> None:
        """Go with what was chosen, or with what is pointed at where nothing was."""
        pointed = self._pointed()
        if not self._several:
            self.dismiss(None if pointed is None else (pointed,))
        elif self._chosen or pointed is None:
            self.dismiss(tuple(self._chosen))
        else:
            self.dismiss((pointed,))

    def action_list(self) -> None:
        """Go to the list."""
        self.query_one(OptionList).focus()

    def action_search(self) -> None:
        """Go to the search."""
        self.query_one(Input).focus()

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)

    def _pointed(self) -> str | None:
        place = self.query_one(OptionList).highlighted
        return None if place is None else self._shown[place]

    def _toggle(self, name: str) -> None:
        if name in self._chosen:
            self._chosen.remove(name)
        else:
            self._chosen.append(name)
        self._fill(self.query_one(Input).value)

    def _fill(self, typed: str) -> None:
        words, typed = typed.lower().split(), typed.strip()
        fitting = [choice for choice in self._choices if choice.matches(words)]
        listed = {choice.name for choice in self._choices}
        fitting += [Choice(name) for name in self._chosen if name not in listed]
        if self._free and ":" in typed and typed not in {*listed, *self._chosen}:
            fitting.append(Choice(typed, "as it is written"))
        options = self.query_one(OptionList)
        before = options.highlighted or 0
        self._shown = [choice.name for choice in fitting]
        options.clear_options()
        options.add_options(Option(self._line(choice)) for choice in fitting)
        if self._shown:
            options.highlighted = min(before, len(self._shown) - 1)

    def _line(self, choice: Choice) -> Content:
        marks = {True: "[x] ", False: "[ ] "} if self._several else {True: "* ", False: "  "}
        mark = marks[choice.name in self._chosen]
        return Content.assemble(
            f"{mark}{cell(choice.name, 60)}  ", (cell(choice.about, 120), "dim")
        )
