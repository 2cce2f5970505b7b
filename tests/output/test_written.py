"""What is told of an answer made out of others: who claims what, and what to doubt."""

from tests.output.test_text_sink import shown
from tests.support.runs import Script, call_document, run_document
from ultra.core.events import VerdictReached
from ultra.core.verdict import Claim, Debated, Verdict
from ultra.output.findings import findings
from ultra.output.written import changes, doubts, with_claims


def cited() -> Script:
    """A draft in JSON, and what became of it."""
    script = (
        Script().begin("a", "b").call(1, "member", "a", index=0).call(2, "member", "b", index=1)
    )
    script.call(3, "draft", "c").text(3, '{"answer":').finish(3)
    claims = (Claim("it is blue", (script.id(1), script.id(2))), Claim("so am\nI"))
    return script.say(VerdictReached(Verdict((), claims=claims))).conclude(3, "Blue.\n").end()


def test_a_cited_answer_comes_whole_with_its_claims_by_name() -> None:
    """Not a byte of the draft's JSON, and no label: whoever said it is named."""
    expected = "Blue.\n\nClaims:\n\n- it is blue (a, b)\n- so am I (the writer's own)\n"

    assert shown(cited()) == expected
    assert shown(cited(), stream=False) == expected


def test_an_answer_that_does_not_cite_stays_as_it_is() -> None:
    """To the byte."""
    assert with_claims("Blue.\n", Verdict(()), str) == "Blue.\n"


def test_the_log_shows_what_the_run_showed() -> None:
    """Claims by name, what stands nowhere, and what a debate changed."""
    verdict = Verdict(
        (),
        key="5",
        claims=(Claim("it is blue", ("c1",)), Claim("so am I")),
        unsupported_tokens=("7",),
        debated=Debated(1, "4", 1.0),
    )

    found = findings(run_document(call_document(1, call_id="c1", name="a"), verdict=verdict))

    assert [(one.title, one.notes, one.rows) for one in found] == [
        ("claims", (), (("it is blue", "a"), ("so am I", "the writer's own"))),
        ("doubts", ("neither in an answer nor in the prompt: `7`",), ()),
        ("the debate", ("before the debate the vote was `4`",), ()),
    ]


def test_what_stands_nowhere_is_named_and_what_is_too_much_counted() -> None:
    """Each between marks, on one line."""
    few = Verdict((), unsupported_tokens=("7,419", "Ada\nLovelace"))
    many = Verdict((), unsupported_tokens=tuple(map(str, range(11))))

    assert doubts(few) == ["neither in an answer nor in the prompt: `7,419`, `Ada Lovelace`"]
    assert doubts(many)[0].endswith("`7` and 3 more, which `--json` lists")
    assert doubts(Verdict(())) == []


def test_a_debate_that_changed_nothing_is_not_spoken_of() -> None:
    """One that did says what the vote was, and by the reference who was led astray."""
    same = Verdict((), key="4", debated=Debated(1, "4", 1.0, (), ()))
    turned = Verdict((), key="5", debated=Debated(2, "4", 0.7, ("x", "y"), ("z",)))
    found = Verdict((), key="5", debated=Debated(2))

    assert changes(Verdict(())) == changes(same) == []
    assert changes(turned) == [
        "before the debate the vote was `4`",
        "by the reference 2 answers became wrong in the debate",
        "by the reference 1 answer became right in the debate",
    ]
    assert changes(found) == ["before the debate the vote was undecided"]
