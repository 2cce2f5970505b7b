"""What is told of an answer that was made out of others: its claims, and what to doubt in it."""

from collections.abc import Callable

from ultra.core.text import one_line
from ultra.core.verdict import Debated, Verdict

_MOST_TOKENS = 8
"""How many tokens are named before it is left at how many more there are."""

_OWN = "the writer's own"


Name = Callable[[str], str]
"""What a call goes by, from its id."""


def with_claims(text: str, verdict: Verdict, name: Name) -> str:
    """The answer with its claims below it as a Markdown list, each with who makes it.

    An answer that does not cite stays as it is.
    """
    if not verdict.claims:
        return text
    lines = [f"- {said} ({who})" for said, who in claims(verdict, name)]
    return "\n".join((text.rstrip(), "", "Claims:", "", *lines))


def claims(verdict: Verdict, name: Name) -> list[tuple[str, str]]:
    """Each claim on one line, and who makes it."""
    return [
        (one_line(claim.text, 500), ", ".join(map(name, claim.support)) or _OWN)
        for claim in verdict.claims
    ]


def doubts(verdict: Verdict) -> list[str]:
    """What is to be doubted of the answer, a sentence each."""
    tokens = verdict.unsupported_tokens
    if not tokens:
        return []
    named = ", ".join(f"`{one_line(token, 80)}`" for token in tokens[:_MOST_TOKENS])
    more = len(tokens) - _MOST_TOKENS
    rest = f" and {more} more, which `--json` lists" if more > 0 else ""
    return [f"neither in an answer nor in the prompt: {named}{rest}"]


def changes(verdict: Verdict) -> list[str]:
    """What a debate changed, a sentence each."""
    debated = verdict.debated
    if debated is None:
        return []
    said = []
    if debated.key != verdict.key:
        said.append(f"before the debate the vote was {_vote(debated)}")
    for calls, how in ((debated.spoilt, "wrong"), (debated.mended, "right")):
        if calls:
            was = "answers became" if len(calls) > 1 else "answer became"
            said.append(f"by the reference {len(calls)} {was} {how} in the debate")
    return said


def _vote(debated: Debated) -> str:
    return "undecided" if debated.key is None else f"`{one_line(debated.key, 80)}`"
