"""The code out of an answer (`-x`, `--xl`)."""

import re

_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)\Z", re.DOTALL)


def extract_code(text: str, last: bool) -> str | None:
    """The first or the last fenced block without its fences; None when there is none.

    A block ends at a fence of the same kind that is at least as long, or with the text, as in
    CommonMark 0.31, section 4.5; unlike there a fence may be indented, since models indent inside
    lists. The fence's own indentation is taken off the code.
    """
    found: str | None = None
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        opened = _opening(line)
        if opened is None:
            continue
        indent, fence = opened
        code: list[str] = []
        for inner in lines:
            if _closes(inner, fence):
                break
            code.append(_dedent(inner, indent))
        else:
            while code and not code[-1].strip():
                code.pop()
        found = "\n".join(code)
        if not last:
            return found
    return found


def _opening(line: str) -> tuple[int, str] | None:
    """Indentation and fence; a backtick fence has no backtick in its info string."""
    found = _FENCE.match(line)
    if found is None or (found["fence"][0] == "`" and "`" in found["info"]):
        return None
    return len(found["indent"]), found["fence"]


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence) and set(mark) == {fence[0]}


def _dedent(line: str, indent: int) -> str:
    lead = len(line) - len(line.lstrip(" \t"))
    return line[min(lead, indent) :]
