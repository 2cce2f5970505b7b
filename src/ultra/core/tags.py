"""Tags and cost centers: what a run is marked with, so that its cost can be told by it."""

import re
from collections.abc import Sequence

from msgspec import Struct, field

from ultra.core.errors import UsageError
from ultra.core.text import one_line

MOST_TAGS = 32
LONGEST_VALUE = 256
LONGEST_CENTER = 64

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Marks(Struct, frozen=True):
    """What runs are looked for by: all of the tags, and the cost center unless that is empty."""

    cost_center: str = ""
    tags: dict[str, str] = field(default_factory=dict)


def tag_of(text: str) -> tuple[str, str]:
    """The name and value of `name=value`. Raises `UsageError`.

    A name is of up to 64 letters, digits and `._-`; a value is of 1 to 256 printable characters.
    """
    name, equals, value = text.partition("=")
    shown = one_line(text, 60)
    if not equals:
        raise UsageError(f"tag `{shown}` has no value", hint="write `--tag name=value`")
    tag_name(name)
    if not value.isprintable() or not 1 <= len(value) <= LONGEST_VALUE:
        raise UsageError(
            f"the value of tag `{name}` is not 1 to {LONGEST_VALUE} printable characters"
        )
    return name, value


def tag_name(text: str) -> str:
    """The name of a tag. Raises `UsageError` for what is none."""
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"`{one_line(text, 60)}` is not the name of a tag",
            hint="letters, digits and `._-`, at most 64, a letter or digit first",
        )
    return text


def tags_of(texts: Sequence[str]) -> dict[str, str]:
    """Tags by name. Raises `UsageError` for one that is wrong, comes twice, or is one too many."""
    tags: dict[str, str] = {}
    for name, value in map(tag_of, texts):
        if tags.setdefault(name, value) != value:
            raise UsageError(f"tag `{name}` is given twice, with different values")
    if len(tags) > MOST_TAGS:
        raise UsageError(f"a run takes {MOST_TAGS} tags at most, not {len(tags)}")
    return tags


def cost_center_of(text: str) -> str:
    """The name of a cost center, empty for none.

    Raises `UsageError` unless it is of at most 64 printable characters.
    """
    name = text.strip()
    if not name.isprintable() or len(name) > LONGEST_CENTER:
        raise UsageError(
            f"cost center `{one_line(name, 60)}` is not at most {LONGEST_CENTER} printable"
            " characters"
        )
    return name
