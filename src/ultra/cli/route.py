"""Which verb a command line means. A near miss of a verb is a typo, never a paid prompt."""

from collections.abc import Sequence
from difflib import get_close_matches

from ultra.cli.verbs import PLANNED, SINGULARS, VERBS
from ultra.core.errors import UsageError

TAKES_VALUE = {"-P", "--profile"}
PLAIN = {"--debug", "-q", "--quiet", "--verbose"}
"""Options that may stand before the verb; they are handed to it."""

PAIRS = {"-o", "--option", "--option-a", "--option-b", "-p", "--param"}
"""Options that take `name value` as llm does, or `name=value`."""

VERY_CLOSE = 0.75
"""Likeness (difflib's ratio) from which a word counts as a misspelt verb: `modles`, `comapre`."""


def route(argv: Sequence[str]) -> tuple[str, list[str]]:
    """The verb and its arguments; `ask` when the words are a prompt.

    Raises `UsageError` when the first word is nearly a verb.
    """
    before: list[str] = []
    rest = list(argv)
    while rest:
        word = rest[0]
        if word in TAKES_VALUE:
            before += rest[:2]
            del rest[:2]
        elif word in PLAIN or word.startswith("--profile="):
            rest.pop(0)
            # `-q` under a noun is a search, as it is in llm.
            before.append("--quiet" if word == "-q" else word)
        else:
            break
    verb = _verb(rest[0]) if rest else None
    if verb is not None:
        rest.pop(0)
    return verb or "ask", joined_pairs([*before, *rest])


def _verb(word: str) -> str | None:
    if word in VERBS:
        return word
    if word in SINGULARS:
        return SINGULARS[word]
    if word in PLANNED:
        raise UsageError(
            f"`{word}` is not in this version; nothing was sent",
            hint=f"a prompt that begins with it goes as `ultra ask {word} ...`",
        )
    if word.startswith("-") or any(letter.isspace() for letter in word):
        return None
    known = [*VERBS, *SINGULARS, *PLANNED]
    close = get_close_matches(word.lower(), known, n=2, cutoff=VERY_CLOSE)
    if close:
        raise UsageError(
            f"`{word}` is not a verb; nothing was sent",
            hint=f"did you mean `ultra {close[0]}`? a prompt of one word goes as "
            f"`ultra ask {word}`",
        )
    return None


def joined_pairs(args: Sequence[str]) -> list[str]:
    """`-o name value` as `-o name=value`, which the parser takes; the rest as it is."""
    out: list[str] = []
    words = iter(args)
    for word in words:
        out.append(word)
        if word == "--":
            return [*out, *words]
        if word in PAIRS:
            name = next(words, None)
            if name is None:
                break
            value = None if "=" in name else next(words, None)
            out.append(name if value is None else f"{name}={value}")
    return out
