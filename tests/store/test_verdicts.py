"""What the log keeps of a verdict when words are to stay out of it."""

import msgspec

from ultra.core.verdict import Claim, Debated, Verdict
from ultra.store.rows import wordless_verdict

WORDS = Verdict(
    ("c1", "c2"),
    extracted=("qz one", "qz two"),
    winner="c1",
    share=0.5,
    key="qz one",
    claims=(Claim("qz claim", ("c1",)),),
    unsupported_tokens=("qz token",),
    debated=Debated(2, "qz two", 0.5, ("c2",), ()),
)


def test_who_won_is_kept_and_not_a_word_of_it() -> None:
    """Claims, tokens and what answers come to are words; ids, shares and counts are not."""
    kept = wordless_verdict(WORDS)

    assert b"qz" not in msgspec.json.encode(kept)
    assert (kept.winner, kept.share) == ("c1", 0.5)
    assert kept.debated == Debated(2, None, 0.5, ("c2",), ())
