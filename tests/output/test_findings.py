"""What a comparison found, in every format: complete, and inert whatever answers and judges say."""

import re

import msgspec
import pytest

from tests.support.runs import HOSTILE, RUN, compared, replaced
from ultra.core.records import RunDocument
from ultra.core.text import sanitise
from ultra.core.verdict import (
    Ballot,
    Check,
    Conflict,
    Contender,
    Reading,
    Recusal,
    Remark,
    Standing,
    Stated,
    Verdict,
)
from ultra.output.blind import blind_text, labelled
from ultra.output.compare import render_comparison
from ultra.output.diffs import dissent, only_markdown, only_text, plain_mark, word_diffs
from ultra.output.documents import Format, render_run
from ultra.output.findings import findings
from ultra.output.streams import Streams

ONE, TWO, THREE = (f"{RUN}-{number}" for number in (1, 2, 3))
IDS = (ONE, TWO, THREE)
ALIKE = ((1.0, 0.97, 0.5), (0.97, 1.0, 0.4), (0.5, 0.4, 1.0))


def judged(words: str = "clear", **more: object) -> RunDocument:
    """Three answers that two judges judged, of which one is the judge's own."""
    whole = compared("400 mg", "4000 mg", words)
    verdict = Verdict(
        IDS,
        ALIKE,
        clusters=((0, 2), (1,)),
        medoid=0,
        extracted=("0.4 g", words, None),
        winner=ONE,
        ballots=(Ballot(words, f"{RUN}-4", (TWO, ONE), (ONE, TWO)), Ballot("k", "x", (ONE, TWO))),
        standings=(Standing(ONE, 0.75, 2),),
        swap_consistency=0.5,
        concordance=0.25,
        contenders=(
            Contender("model1", "openai:gpt-1", (ONE,), 0.75, 0.2, 1.0, 2, 1, 1),
            Contender(words, words, (TWO,), 0.25, judges=2, checked=3, pass_low=0, pass_high=0.6),
        ),
        unmeasured=words,
        remarks=(Remark("k", TWO, (words,), ("wrong",)),),
        recusals=(Recusal("k", THREE),),
        readings=(Reading(words, "x", ((ONE, THREE), (TWO,))),),
        agreement=2 / 3,
        agreed_on="number",
        checks=(Check(ONE, words, True), Check(TWO, words, False, words)),
        conflicts=(Conflict(words, (Stated("400 mg", (ONE,)), Stated(words, (TWO, THREE)))),),
    )
    return msgspec.structs.replace(whole, verdict=replaced(verdict, **more))


def test_everything_that_was_found_is_told() -> None:
    """In words that stand for themselves."""
    told = render_run(judged(), "text")

    for said in (
        "winner: model1 (2 judges, 2 ballots)",
        "50% of the pairs are judged alike whichever is shown first",
        "the ballots' rankings concur at 0.25 (Kendall's W)",
        "k did not judge model3: its own answer",
        "0.20 to 1.00",
        "0 of 3",
        "0.00 to 0.60",
        "a tie",
        "model2: + clear (k)",
        "model2: - wrong (k)",
        "no: clear",
        "67% agree, by number",
        "nothing that could be read",
        "numbers that conflict",
        "likeness of words, which is no agreement",
        "97%",
    ):
        assert said in told


def test_a_pick_and_the_labels_are_told() -> None:
    """Of a comparison that hid the names, whose each label was."""
    document = replaced(judged(labels=("B", "A", "C")), picked=TWO)

    told = render_run(document, "text")

    assert "picked: model2" in told
    assert "shown as A: model2, B: model1, C: model3" in told
    assert [(label, call.name) for label, call in labelled(document)] == [
        ("A", "model2"),
        ("B", "model1"),
        ("C", "model3"),
    ]


def test_what_was_not_looked_for_is_not_told() -> None:
    """Two answers that nobody judged have figures and differences, as ever."""
    assert findings(compared("a", "b")) == []
    assert findings(replaced(compared("a"), verdict=None)) == []


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "csv"])
def test_hostile_words_of_judges_are_inert(format_: Format) -> None:
    """A judge may be talked into anything; it reaches no screen."""
    told = render_run(judged(HOSTILE), format_)

    assert sanitise(told) == told
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\ud800-\udfff]", told)
    assert "<b>" not in told or format_ in ("text", "csv")


def test_a_blind_text_holds_no_name() -> None:
    """Neither names nor figures, which tell who it was as well."""
    document = judged(labels=("B", "A", "C"))

    assert blind_text(document) == (
        "=== A ===\n\n4000 mg\n\n=== B ===\n\n400 mg\n\n=== C ===\n\nclear\n"
    )
    assert blind_text(compared("a", "b")) == ""


def test_a_diff_leaves_out_what_is_the_same() -> None:
    """A few words stay around each difference, so that it can be placed."""
    long = " ".join(f"w{number}" for number in range(40))
    document = compared(f"{long} end", f"{long.replace('w20', 'new')} end", f"{long} end")

    first, second = word_diffs(document)

    told = "".join(plain_mark(piece) for piece in first.pieces)
    assert told == " … w14 w15 w16 w17 w18 w19 [-w20-] {+new+} w21 w22 w23 w24 w25 w26  … "
    assert second.pieces == ()


def test_spaces_and_line_breaks_are_no_difference() -> None:
    """Words are what differs."""
    (found,) = word_diffs(compared("a  b\nc", "a b c"))

    assert found.pieces == ()


def test_a_diff_is_inert() -> None:
    """On a screen and on a page."""
    document = compared(HOSTILE, f"other {HOSTILE}")

    for told in (only_text(document, "diff", plain_mark), only_markdown(document, "diff")):
        assert sanitise(told) == told
        assert "![" not in told.replace("\\!\\[", "")


def test_a_long_stretch_is_told_whole() -> None:
    """On a page as in a pipe."""
    long = " ".join(f"new{number}" for number in range(400))
    document = compared("start end", f"start {long} end")

    for told in (only_text(document, "diff", plain_mark), only_markdown(document, "diff")):
        assert long in told


def test_there_may_be_nothing_to_hold_against_each_other() -> None:
    """Which is said."""
    alone = compared("a")

    assert "no two answers" in only_text(alone, "diff", plain_mark)
    assert only_text(alone, "dissent", plain_mark) == "nobody dissents\n"
    assert only_markdown(alone, "dissent").endswith("\n\nnothing\n")


def test_dissent_goes_by_what_judges_read() -> None:
    """Where nothing was extracted."""
    document = judged(extracted=())

    assert [one.name for one in dissent(document)] == ["model2"]
    assert "## model2\n\n> 4000 mg\n" in only_markdown(document, "dissent")


def test_a_terminal_gets_the_same_in_tables_that_fit() -> None:
    """Below the answers, which it has shown already."""
    told = render_comparison(judged(), streams=Streams.system())

    assert "winner: model1" in told
    assert "expectations:" in told
