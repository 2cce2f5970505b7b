"""What is told on stderr: errors with their next step, warnings, notes."""

from collections.abc import Sequence

from ultra.core.errors import Problem, UltraError
from ultra.output.safe import visible
from ultra.output.streams import Streams

_COLOURS = {"error": "31", "warning": "33", "hint": "36", "note": "2"}


class Messages:
    """One voice on stderr. Under `--quiet` notes are left out; telling never raises."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def error(
        self, message: str, *, hint: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        """Tell what went wrong, each mistake of a file on its own line, and the next step."""
        lines = [self._line("error", message)]
        lines.extend(f"  {_indented(problem_line(problem))}" for problem in problems)
        if hint:
            lines.append(self._line("hint", hint))
        self._streams.tell("".join(f"{line}\n" for line in lines))

    def failure(self, error: UltraError) -> None:
        """Tell an expected error as it was raised."""
        self.error(error.message, hint=error.hint, problems=error.problems)

    def warn(self, text: str) -> None:
        """Tell what did not stop the run."""
        self._streams.tell(self._line("warning", text) + "\n")

    def hint(self, text: str) -> None:
        """Tell the next step after what was told before."""
        self._streams.tell(self._line("hint", text) + "\n")

    def note(self, text: str) -> None:
        """Tell what is good to know; silent under `--quiet`."""
        if not self._streams.quiet:
            self._streams.tell(self._line("note", text) + "\n")

    def _line(self, kind: str, text: str) -> str:
        label = f"{kind}:"
        if self._streams.colour_err:
            label = f"\x1b[{_COLOURS[kind]}m{label}\x1b[0m"
        return f"{label} {_indented(text)}"


def problem_line(problem: Problem) -> str:
    """`file:line:column: path: message (did you mean ...)`."""
    path = f"{problem.path}: " if problem.path else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{problem.where}: {path}{problem.message}{hint}"


def _indented(text: str) -> str:
    """The text made safe; its further lines are indented, so none can pass for a line of ours."""
    return visible(text).strip().replace("\n", "\n  ")
