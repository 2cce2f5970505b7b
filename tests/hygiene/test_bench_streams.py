"""The bench of decoders covers every protocol, and what it measures is a whole answer."""

import json

import pytest

from benchmarks.decode import STREAMS, WORD
from tests.support.protocols import folded, read
from ultra.providers.protocols import PROTOCOLS


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_has_a_stream_to_be_measured_by(name: str) -> None:
    """A protocol that joins without one fails here and not at the next bench."""
    stream = STREAMS[name]
    documents = [*stream.start, stream.word, stream.word, *stream.end]
    body = b"".join(stream.framing(json.dumps(one).encode(), one) for one in documents)

    answer = folded(read(name, body))

    assert answer.text == WORD * 2
    assert answer.finished is not None
    assert answer.finished.finish_reason == "stop"
