"""Server-sent events and lines of JSON, however the network cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.providers.ndjson import NdjsonDecoder
from ultra.providers.sse import SseDecoder, SseEvent


def _events(body: bytes, cut: int = 1 << 30) -> list[SseEvent]:
    decoder = SseDecoder()
    events: list[SseEvent] = []
    for start in range(0, len(body), cut):
        events += decoder.feed(body[start : start + cut])
    return events + decoder.close()


def _lines(body: bytes, cut: int = 1 << 30) -> list[bytes]:
    decoder = NdjsonDecoder()
    lines: list[bytes] = []
    for start in range(0, len(body), cut):
        lines += decoder.feed(body[start : start + cut])
    return lines + decoder.close()


CASES = {
    "one event": (b"data: a\n\n", [SseEvent(b"a")]),
    "no space": (b"data:a\n\n", [SseEvent(b"a")]),
    "only the first space goes": (b"data:  a\n\n", [SseEvent(b" a")]),
    "two events": (b"data: a\n\ndata: b\n\n", [SseEvent(b"a"), SseEvent(b"b")]),
    "crlf": (b"data: a\r\n\r\ndata: b\r\n\r\n", [SseEvent(b"a"), SseEvent(b"b")]),
    "cr": (b"data: a\r\rdata: b\r\r", [SseEvent(b"a"), SseEvent(b"b")]),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\n", [SseEvent(b"a"), SseEvent(b"b")]),
    "several data lines": (b"data: a\ndata: b\n\n", [SseEvent(b"a\nb")]),
    "named": (b"event: error\ndata: a\n\n", [SseEvent(b"a", "error")]),
    "a name does not stick": (
        b"event: x\ndata: a\n\ndata: b\n\n",
        [SseEvent(b"a", "x"), SseEvent(b"b")],
    ),
    "comments": (b": hi\n\n: hi\ndata: a\n\n", [SseEvent(b"a")]),
    "id and retry": (b"id: 1\nretry: 5\ndata: a\n\n", [SseEvent(b"a")]),
    "unknown fields": (b"dada: x\ndata: a\nnothing\n\n", [SseEvent(b"a")]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [SseEvent(b"a")]),
    "no final blank line": (b"data: a\n\ndata: b", [SseEvent(b"a"), SseEvent(b"b")]),
    "one final line feed": (b"data: b\n", [SseEvent(b"b")]),
    "many blank lines": (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", [SseEvent(b"a"), SseEvent(b"b")]),
    "empty data says nothing": (b"data: \n\ndata:\n\ndata\n\n", []),
    "an indented line is no field": (b" data: a\n\ndata: b\n\n", [SseEvent(b"b")]),
    "nothing": (b"", []),
    "half a mark": (b"\xef\xbb", []),
    "utf-8": ("data: \u00e9\U0001f600\n\n".encode(), [SseEvent("\u00e9\U0001f600".encode())]),
}


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1 << 30])
@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_events_are_read_however_the_bytes_are_cut(
    body: bytes, expected: list[SseEvent], cut: int
) -> None:
    """Every form of the standard, at every cut, gives the same events."""
    assert _events(body, cut) == expected


@given(
    st.lists(
        st.sampled_from(
            [
                b"data: a",
                b"data:",
                b"event: x",
                b": c",
                b"\n",
                b"\r\n",
                b"\r",
                b"\n\n",
                b"\xef\xbb\xbf",
            ]
        ),
        max_size=30,
    ),
    st.data(),
)
def test_no_split_changes_the_events(parts: list[bytes], data: st.DataObject) -> None:
    """Two ways of cutting the same bytes give the same events."""
    body = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    decoder = SseDecoder()
    events: list[SseEvent] = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        events += decoder.feed(body[start:end])

    assert events + decoder.close() == _events(body)


@pytest.mark.parametrize("cut", [1, 2, 5, 1 << 30])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}\r\n\r\n{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b"\n\n", []),
        (b"", []),
    ],
    ids=["lines", "crlf and no last line end", "blank", "nothing"],
)
def test_lines_are_read_however_the_bytes_are_cut(
    body: bytes, expected: list[bytes], cut: int
) -> None:
    """Lines of JSON come out whole."""
    assert _lines(body, cut) == expected
