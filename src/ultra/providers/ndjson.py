"""Newline-delimited JSON without I/O: one document a line, wherever the network cuts them.

Source: github.com/ndjson/ndjson-spec, which Ollama's streams follow.
"""


class NdjsonDecoder:
    """Splits a body into its lines. Blank lines say nothing; the last may lack its line feed."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete, in order."""
        if b"\n" not in data:
            self._pieces.append(data)
            return []
        self._pieces.append(data)
        *lines, rest = b"".join(self._pieces).split(b"\n")
        self._pieces = [rest]
        return [line for line in map(bytes.strip, lines) if line]

    def close(self) -> list[bytes]:
        """The line that was left without its line feed, if there is one."""
        last = b"".join(self._pieces).strip()
        self._pieces = []
        return [last] if last else []
