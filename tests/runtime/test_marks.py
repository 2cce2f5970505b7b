"""Which questions are worth a provider's cache: those whose words will be sent again."""

import pytest

from ultra.core.request import Media, Text, said
from ultra.runtime.materials import Quoted
from ultra.runtime.prompting import CACHED_BYTES, Ask, prompt_of

LONG = "x" * CACHED_BYTES
HISTORY = (said("user", LONG), said("assistant", "yes"))


def marked(ask: Ask) -> list[str]:
    """The words that carry a mark."""
    turns = prompt_of(ask).messages
    return [
        part.text for turn in turns for part in turn.parts if isinstance(part, Text) and part.cache
    ]


@pytest.mark.parametrize(
    "ask",
    [
        Ask("and now?", history=HISTORY),
        Ask(LONG, goes_on=True),
        Ask("hi", system=LONG, goes_on=True),
        Ask("hi", quoted=(Quoted("notes.md", LONG),), goes_on=True),
        Ask("hi", piped=LONG, goes_on=True),
    ],
    ids=["continued", "chat", "system", "file", "piped"],
)
def test_a_long_conversation_is_marked_at_its_last_words(ask: Ask) -> None:
    """The next turn sends all of it again, and one mark at the end keeps all of it."""
    (words,) = marked(ask)

    assert words == prompt_of(ask).messages[-1].text


@pytest.mark.parametrize(
    "ask",
    [
        Ask(LONG),
        Ask("hi", quoted=(Quoted("notes.md", LONG),)),
        Ask("hi", goes_on=True),
        Ask("x" * (CACHED_BYTES - 1), goes_on=True),
        Ask("", attachments=(Media("image/png", b"x" * 9999),), history=HISTORY),
    ],
    ids=["alone", "a file alone", "short", "just short", "no words"],
)
def test_what_will_not_come_again_or_is_short_is_not_marked(ask: Ask) -> None:
    """What nobody reads from the cache was only dearer to write."""
    assert marked(ask) == []
