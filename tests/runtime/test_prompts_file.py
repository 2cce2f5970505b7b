"""Files of prompts: whatever stands in them, they are read whole or their lines are named."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.errors import UsageError
from ultra.runtime.prompts_file import PromptsFile, read_prompts

WORDS = st.text(min_size=1).map(str.strip).filter(lambda text: text and "\x00" not in text)


def read(name: str, text: str) -> PromptsFile:
    return read_prompts(name, text.encode("utf-8", "surrogatepass"), text)


@given(st.sampled_from(["x.txt", "x.csv", "x.tsv", "x.jsonl", "x", "-"]), st.text())
def test_any_text_is_read_or_refused_with_its_lines(name: str, text: str) -> None:
    """Nothing else is raised, and what is read has words."""
    try:
        found = read(name, text)
    except UsageError:
        return
    assert all(row.prompt.strip() for row in found.rows)
    assert [row.number for row in found.rows] == list(range(1, len(found.rows) + 1))


@given(st.lists(st.tuples(WORDS, st.none() | WORDS), min_size=1, max_size=5))
def test_what_a_program_wrote_is_what_is_read(rows: list[tuple[str, str | None]]) -> None:
    """CSV with quotes and line breaks in its cells, and JSON lines, say the same."""
    table = io.StringIO(newline="")
    csv.writer(table).writerows([("prompt", "expected"), *rows])
    lines = "".join(json.dumps({"prompt": one, "expected": other}) + "\n" for one, other in rows)

    for found in (read("x.csv", table.getvalue()), read("x.jsonl", lines)):
        assert [(row.prompt, row.expected) for row in found.rows] == rows


def test_a_long_prompt_fits_into_a_table() -> None:
    """Beyond what Python's reader takes by itself."""
    assert len(read("x.csv", f"prompt\n{'x' * 200_000}\n").rows[0].prompt) == 200_000


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """Blank lines and line breaks inside of cells included; separators of other kinds are none."""
    table = read("x.csv", 'prompt\n\n"a\nb"\nc\n')
    text = read("x.txt", "a\u2028b\x0cc\n\r\nd\r\n")

    assert [(row.line, row.prompt) for row in table.rows] == [(3, "a\nb"), (5, "c")]
    assert [(row.line, row.prompt) for row in text.rows] == [(1, "a\u2028b\x0cc"), (3, "d")]


def test_what_is_expected_may_be_any_json() -> None:
    """A number, an object and a truth value as they would be written; empty is nothing."""
    values = [391, {"a": 1}, True, "x", "", None]
    lines = "".join(json.dumps({"prompt": "?", "expected": value}) + "\n" for value in values)

    expected = [row.expected for row in read("x.jsonl", lines).rows]
    assert expected == ["391", '{"a": 1}', "true", "x", None, None]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"prompt": 5}, "`prompt` is no text"),
        ({"prompt": "x", "system": []}, "`system` is no text"),
        ({"prompt": "x", "id": 1.5}, "`id` is neither"),
        ({"prompt": "x", "tag": "topic"}, "has no value"),
        ({"prompt": "x", "tag": [1]}, "`tag` is neither"),
    ],
)
def test_a_field_of_another_kind_is_named(row: dict[str, object], fault: str) -> None:
    with pytest.raises(UsageError) as caught:
        read("x.jsonl", json.dumps(row))

    assert fault in caught.value.problems[0].message


def test_ten_broken_lines_are_listed_and_the_rest_counted() -> None:
    with pytest.raises(UsageError) as caught:
        read("x.jsonl", "no\n" * 25)

    assert "25 lines" in caught.value.message
    assert [one.where for one in caught.value.problems] == [
        *(f"x.jsonl:{n}" for n in range(1, 11)), "and",
    ]  # fmt: skip
