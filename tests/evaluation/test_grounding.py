"""What of a written answer stands in no source: all that is made up, nothing that is rewritten."""

# ruff: noqa: RUF001 - signs that look alike are what this is about
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ultra.evaluation.grounding import unsupported

REWRITTEN = [
    ("1,234 people", "1234 people"),
    ("1 234 people", "1,234 people"),
    ("1\u202f234 people", "1.234 people"),
    ("1'234'567", "1,234,567"),
    ("1,00,000 rupees", "100000 rupees"),
    ("1,234.50", "1.234,5"),
    ("3,14", "3.14"),
    ("1.5 million", "1,500,000"),
    ("$1.5M", "1.5 million dollars"),
    ("12k stars", "12,000 stars"),
    ("6.02×10²³", "6.02e23"),
    ("6.02 \\times 10^{23}", "6.02 x 10^23"),
    ("10⁻³", "10^-3"),
    ("50%", "50 percent"),
    ("50 %", "0.5"),
    ("0.5", "50%"),
    ("50\\%", "50%"),
    ("½ cup", "half a cup"),
    ("1/2 cup", "0.5 cup"),
    ("\\frac{1}{2}", "½"),
    ("0.4 g", "400 mg"),
    ("2 km", "2000 m"),
    ("90 min", "1.5 h"),
    ("3 reasons", "three reasons"),
    ("21 days", "twenty-one days"),
    ("the 1st", "the first"),
    ("2024-01-05", "January 5, 2024"),
    ("5.1.2024", "5 Jan 2024"),
    ("14:30", "2:30 pm"),
    ("2:30 p.m.", "14:30"),
    ("10–20 °C", "between 10 and 20 degrees"),
    ("-5 °C", "minus 5 °C"),
    ("\u22125", "-5"),
    ("３ apples", "3 apples"),
    ("٣ apples", "3 apples"),
    ("Python 3.11", "Python 3.11.4"),
    ("v2.0", "version 2.0"),
    ("GPT-4", "GPT4"),
    ("H2O and CO2", "water"),
    ("25 m²", "25 square metres"),
    ("**42**", "42"),
    ("`42`", "42"),
    ("42.", "42"),
    ("(42)", "42"),
    ("1. Water it.\n2. Wait.", "Water it, then wait."),
    ("1) Water it.\n  2) Wait.", "Water it, then wait."),
    ("## 1 Water\n### 1.1 How", "Water it"),
    ("**1.** Water it", "Water it"),
    ("- 2. Water it", "Water it"),
    ("Step 1: water it. Step 2: wait.", "Water it, then wait."),
    ("1️⃣ Water it", "Water it"),
    ("| 1 | water |\n| 2 | wait |", "water, wait"),
    ("so it is [1], see [^2].", "so it is"),
    ("see https://Example.com/Docs/.", "see http://www.example.com/docs"),
    ("[docs](https://example.com/a_(b))", "https://example.com/a_(b)"),
    ("[https://a.example](https://a.example)", "https://a.example/"),
    ("<https://example.com/a%20b>", "example.com/a b"),
    ("**https://example.com**", "https://example.com/docs"),
    ("“The Selfish Gene,” he wrote", 'he wrote "The Selfish Gene"'),
    ("«Le Monde» says", "Le Monde says"),
    ("„Die Zeit“ says", "*Die Zeit* says"),
    ("‘Hello, World!’", "hello world"),
    ("《红楼梦》", "红楼梦"),
    ('"The Hitchhiker’s Guide"', "The Hitchhiker's Guide"),
    ('a so-called "free" lunch', "a lunch that costs"),
    ('```json\n{"Key": "Value"}\n```', "key and value"),
    ('`"Oops"`', "an error"),
    ('{"name": "Ada"}', "ada"),
    ('{"name": "Ada Lovelace"}', "Lovelace, Ada"),
    ("it's Ada's, isn't it", "hers"),
    ("", "nothing"),
]


@pytest.mark.parametrize(("answer", "source"), REWRITTEN)
def test_another_way_of_writing_is_no_invention(answer: str, source: str) -> None:
    """Separators, units, words, powers, dates, quotes and list numbers are formatting."""
    assert unsupported(answer, [source]) == ()


INVENTED = [
    ("in 1987 it cost 7,419 euros", "long ago it cost something", ("1987", "7,419")),
    ("about 3.14", "3 and 14", ("3.14",)),
    ("4000 mg", "400 mg", ("4000",)),
    ("12.5%", "12 percent and 5", ("12.5",)),
    ("6.02×10²⁴", "6.02e23 of 10", ("6.02",)),
    ("1.5 billion", "1.5 million", ("1.5",)),
    ("2:45 pm", "14:30", ("2:45",)),
    ("2024-02-05", "January 5, 2024", ("2024-02-05",)),
    ("3.12.9", "3.11.4", ("3.12.9",)),
    ("1. There are 4.\n2. There are 5.", "there are five", ("4",)),
    ("see https://example.com/b", "https://example.com/a", ("https://example.com/b",)),
    ("see https://example.com/a", "https://example.com/abc", ("https://example.com/a",)),
    ("see https://ample.com", "https://example.com", ("https://ample.com",)),
    ('as "Ada Lovelace" said', "as Ada said", ("Ada Lovelace",)),
    ("7 and 7 and 7", "none", ("7",)),
    ("《红楼梦》", "西游记", ("红楼梦",)),
]


@pytest.mark.parametrize(("answer", "source", "listed"), INVENTED)
def test_what_stands_nowhere_is_listed(answer: str, source: str, listed: tuple[str, ...]) -> None:
    """As it is written, each once."""
    assert unsupported(answer, [source]) == listed


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_a_writer_that_invents_is_caught_and_one_that_does_not_is_not(seed: int) -> None:
    """Claims of sources in any order give nothing; each invented one gives its number."""
    rng = random.Random(seed)
    pool = rng.sample(range(100, 1_000_000), 24)
    claims = [f"item {rng.choice('xyz')} weighs {number:,} kg." for number in pool[:20]]
    sources = [" ".join(claims[at::4]) for at in range(4)]
    rng.shuffle(claims)
    invented = [str(number) for number in pool[20:]]

    assert unsupported("\n".join(f"- {claim}" for claim in claims), sources) == ()
    assert unsupported(" ".join([*claims, *invented]), sources) == tuple(invented)


@given(st.text(max_size=80))
def test_a_text_supports_itself(text: str) -> None:
    """Whatever it is made of."""
    assert unsupported(text, [text]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "1" * 30_000,
        "1." * 30_000,
        "1/" * 10_000 + "2" * 10_000,
        "1" * 9_000 + " pm",
        "\n" * 60_000 + "1.",
        "- " * 30_000,
        "https://a.b/" + ")" * 60_000,
        "^{" * 30_000,
        '"A' * 30_000,
        "`" * 60_000,
        "1e999 " * 3_000,
        "١" * 20_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_no_text_is_too_odd_to_be_looked_through(text: str) -> None:
    """In time that grows with its length, and without an error."""
    assert unsupported(text, [text]) == ()


@given(st.text(alphabet="0123456789.,:/'_- %xkMeE^{}pm½²\n", max_size=60), st.text(max_size=20))
def test_any_digits_can_be_read(text: str, other: str) -> None:
    """Whatever stands between them, and whatever they are compared with."""
    assert unsupported(text, [other, text]) == ()
    unsupported(text, [other])
