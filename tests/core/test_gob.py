"""Values of encoding/gob: those that Go wrote, and bytes that are none."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.gob import decode

FOLDER = Path(__file__).parents[1] / "fixtures" / "imports" / "mods" / "conversations"
WRITTEN = {file.stem: file.read_bytes() for file in FOLDER.glob("*.gob")}


def test_what_go_wrote_is_read() -> None:
    """Fields by name, those that are zero left out; bytes as bytes, text beyond ASCII."""
    messages = decode(WRITTEN["df31ae23ab8b75b5643c2f846c570997edc71333"])

    assert messages[0] == {"Role": "system", "Content": "Be brief."}
    assert messages[3]["Images"] == [
        {"Data": b"\x89PNG", "MimeType": "image/png", "Filename": "dot.png"}
    ]
    assert messages[4]["Content"] == "A dot. Ünïcödé, 漢字."
    assert messages[6]["ToolCalls"][0]["Function"]["Arguments"] == b'{"a":17,"b":25}'


def test_the_older_layout_is_read_without_knowing_it() -> None:
    """The stream itself says what its types are."""
    assert [one["Role"] for one in decode(WRITTEN["0" * 36 + "1234"])] == [
        "user",
        "assistant",
        "user",
    ]


# The documentation's own example: a struct with the integers 22 and 33.
POINT = bytes.fromhex("1fff8103010105506f696e7401ff8200010201015801040001015901040000" + "0007")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (POINT + bytes.fromhex("ff82012c014200"), {"X": 22, "Y": 33}),
        (bytes.fromhex("03040006"), 3),
        (bytes.fromhex("03040005"), -3),
        (bytes.fromhex("03020001"), True),
        (bytes.fromhex("060c0003616263"), "abc"),
        (bytes.fromhex("050800fef03f"), 1.0),
    ],
    ids=["struct", "int", "negative", "bool", "text", "float"],
)
def test_basic_values(raw: bytes, value: object) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize("raw", WRITTEN.values(), ids=WRITTEN)
def test_a_stream_that_is_cut_off_is_said_at_every_byte(raw: bytes) -> None:
    for length in range(len(raw)):
        with pytest.raises(ValueError, match="it "):
            decode(raw[:length])


@given(st.binary(max_size=200))
def test_whatever_bytes_there_are_it_ends(raw: bytes) -> None:
    """With a value or a `ValueError`, and never with memory for what is not there."""
    with suppress(ValueError):
        decode(raw)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_byte_that_was_changed_harms_nobody(place: int, byte: int) -> None:
    raw = bytearray(WRITTEN["df31ae23ab8b75b5643c2f846c570997edc71333"])
    raw[place % len(raw)] = byte
    with suppress(ValueError):
        decode(bytes(raw))
