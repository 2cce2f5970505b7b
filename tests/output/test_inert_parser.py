"""Markdown for a screen that draws the tokens itself."""

from tests.support.runs import HOSTILE
from ultra.output.blocks import inert_parser, words_first


def words(text: str) -> str:
    """Every word that would be drawn."""
    tokens = inert_parser().parse(words_first(text))
    inner = [child for token in tokens for child in token.children or ()]
    return " ".join(token.content for token in (*tokens, *inner))


def test_nothing_in_it_can_be_followed() -> None:
    """Links, pictures and definitions are the words that they are, with their address."""
    told = words("[here](http://evil/?q) ![p](http://evil/x) <http://a.b>\n\n[x]: http://c.d\n")

    for address in ("http://evil/?q", "http://evil/x", "http://a.b", "http://c.d"):
        assert address in told
    kinds = [
        child.type
        for token in inert_parser().parse("[a](http://b) ![c](http://d) <http://e.f>")
        for child in token.children or ()
    ]
    assert "link_open" not in kinds
    assert "image" not in kinds


def test_nothing_in_it_is_obeyed() -> None:
    """Not what a model writes, and not what an entity stands for."""
    told = words(f"{HOSTILE} &#27;[2J &#155;2J <b>bold</b>")

    assert not {"\x1b", "\x9b", "\x07"} & set(told)
    assert "<b>" in told


def test_a_number_with_a_dot_is_an_answer() -> None:
    assert "42" in words("42.")
