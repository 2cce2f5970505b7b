"""Markdown in pieces: which blocks of a text are finished, and how rich draws one.

No word may be lost: raw HTML and link definitions are shown as they are written instead of left
out, links show their address instead of hiding it behind an OSC 8 sequence, and an answer of `42.`
is no empty list. What an entity stands for is cleaned like any other text.
"""

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ultra.output.safe import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token
    from rich.markdown import Markdown

_PREVIEW = 8_000
"""Characters of an unfinished block that are drawn while it grows: more than any screen holds."""

_BLOCKS_ONLY = ["inline", "text_join"]

_BARE_MARK = re.compile(r"(?m)^[ \t>]*(?:\d{1,9}[.)]|[-*+])[ \t]*$")
_LAST_MARK = re.compile(r"([.)*+-])([ \t]*)\Z")


@cache
def _parser(*, inline: bool) -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 20 ms that only a rendered answer pays

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable("reference")
    return parser if inline else parser.disable(_BLOCKS_ONLY)


def inert_parser() -> "MarkdownIt":
    """A parser for who draws its tokens: nothing in them can be followed, obeyed or left out.

    Links and pictures stay as they are written, with their address; what entities stand for is
    cleaned like any other text.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 20 ms that only a rendered answer pays

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable(["reference", "link", "image", "autolink"])
    parser.core.ruler.push("clean", _clean_all)
    return parser


def words_first(text: str) -> str:
    """A whole text as a screen may show it, with marks of lists that nothing follows as words."""
    return _bare_marks_as_words(visible(text))


def split_finished(text: str) -> tuple[str, str]:
    """The blocks that nothing more can change, and the last one, which may still grow."""
    starts = [
        token.map[0]
        for token in _parser(inline=False).parse(text)
        if token.level == 0 and token.map is not None
    ]
    if len(starts) < 2:
        return "", text
    lines = text.split("\n")
    return "\n".join(lines[: starts[-1]]), "\n".join(lines[starts[-1] :])


def preview(text: str) -> str:
    """The end of an unfinished block, as long as a screen needs it, still in its fence."""
    if len(text) <= _PREVIEW:
        return text
    head, _, _ = text.partition("\n")
    fence = head if head.lstrip().startswith(("```", "~~~")) else ""
    return f"{fence}\n{text[-_PREVIEW:]}"


def markdown(text: str) -> "Markdown":
    """What rich draws for a text that came from a model."""
    from rich.markdown import Markdown  # noqa: PLC0415 - 90 ms that a pipe never pays

    drawn = Markdown("", code_theme="ansi_dark", hyperlinks=False)
    drawn.parsed = _parser(inline=True).parse(words_first(text))
    for token in drawn.parsed:
        _clean(token)
    return drawn


def _bare_marks_as_words(text: str) -> str:
    """The text with list marks that nothing follows escaped: `42.` is an answer."""
    if not _BARE_MARK.search(text):
        return text
    lines = text.split("\n")
    tokens = _parser(inline=False).parse(text)
    for token, following in pairwise(tokens):
        empty = (token.type, following.type) == ("list_item_open", "list_item_close")
        if empty and token.map is not None:
            place = token.map[0]
            lines[place] = _LAST_MARK.sub(r"\\\1\2", lines[place])
    return "\n".join(lines)


def _clean_all(state: "StateCore") -> None:
    for token in state.tokens:
        _clean(token)


def _clean(token: "Token") -> None:
    token.content = visible(token.content)
    for child in token.children or ():
        _clean(child)
