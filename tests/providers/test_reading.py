"""One answer between transport and decoder."""

from collections.abc import Mapping

import pytest

from tests.support.lines import ANSWER, Lines, call, endpoint, line
from ultra.core.errors import CallError
from ultra.core.stream import Finished, TextDelta
from ultra.providers import reading as module
from ultra.providers.reading import Reading


def _reading(
    protocol: Lines, headers: Mapping[str, str] | None = None, *, stream: bool = True
) -> Reading:
    return Reading(call(endpoint("http://h"), stream=stream), protocol, headers or {})


@pytest.mark.parametrize(
    ("stream", "content_type", "start", "streamed"),
    [
        (True, "text/event-stream", b"data: {}", True),
        (True, "application/x-ndjson", b'{"text":"x"}', True),
        (True, "application/json; charset=utf-8", b' {"text":"x"}', False),
        (True, "application/json", b'[{"text":"x"}', True),
        (False, "text/event-stream", b'{"text":"x"}', False),
        (True, "", b'{"text":"x"}', True),
    ],
)
def test_a_document_in_place_of_a_stream_is_noticed(
    stream: bool, content_type: str, start: bytes, streamed: bool
) -> None:
    """Some servers do not stream though they were asked to."""
    protocol = Lines()

    _reading(protocol, {"content-type": content_type}, stream=stream).feed(start)

    assert protocol.streamed == [streamed]


def test_blanks_before_the_answer_do_not_decide() -> None:
    """Servers send line feeds to keep connections alive while they think."""
    reading = _reading(Lines())

    assert reading.feed(b"\n") == []
    assert reading.feed(b"\r\n" + ANSWER)[-1] == Finished("stop", "stop")


def test_a_line_without_an_end_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is not the provider's to fill."""
    monkeypatch.setattr(module, "LONGEST", 100)
    reading = _reading(Lines())
    for _ in range(20):
        reading.feed(line(text="x" * 20))

    reading.feed(b"x" * 60)

    with pytest.raises(CallError, match="a line of the stream is larger"):
        reading.feed(b"x" * 60)


def test_a_document_is_bounded_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines it has."""
    monkeypatch.setattr(module, "LONGEST", 100)
    reading = _reading(Lines(), stream=False)
    reading.feed(line(text="x" * 20))
    reading.feed(line(text="x" * 20))

    with pytest.raises(CallError, match="the answer is larger"):
        reading.feed(line(text="x" * 40))


def test_a_stream_of_other_things_shows_how_it_began() -> None:
    """A line of what came says more than a rule that was broken."""

    class Deaf(Lines):
        def decoder(self, request: object, *, streamed: bool):  # type: ignore[no-untyped-def]
            class Nothing:
                def feed(self, data: bytes) -> list[TextDelta]:
                    return []

                def close(self) -> list[TextDelta]:
                    return []

            return Nothing()

    reading = _reading(Deaf())
    reading.feed(b"maintenance until\x1b[2J noon")

    with pytest.raises(CallError, match="not one of a model: `maintenance until noon`"):
        reading.close()


def test_a_break_rescues_what_makes_the_answer_whole() -> None:
    """And nothing else: half a line is not half an answer."""
    whole, half = _reading(Lines()), _reading(Lines())
    whole.feed(b'{"finish":"stop"}')
    half.feed(b'{"text":"x"}')

    assert whole.rescue() == [Finished("stop", "stop")]
    assert half.rescue() == []


def test_a_break_before_anything_or_in_a_broken_line_rescues_nothing() -> None:
    """The break is the error that is told."""
    broken = _reading(Lines())
    broken.feed(b'{"fin')

    assert _reading(Lines()).rescue() == []
    assert broken.rescue() == []
