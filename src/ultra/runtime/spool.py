"""Results of a batch on their way to a report: on disk, so that memory does not grow with them."""

import tempfile
import weakref
from collections.abc import Iterator

import msgspec

from ultra.core.batch import RowResult


class Spool:
    """Rows by number, in a file without a name that goes when the spool does."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - as long as the spool lasts
        weakref.finalize(self, self._file.close)
        self._places: dict[int, tuple[int, int]] = {}
        self._end = 0

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file, and of the rows with it."""
        self._file.close()

    def add(self, result: RowResult) -> None:
        """Keep the result of a row, in place of one that it had."""
        data = msgspec.msgpack.encode(result)
        self._file.seek(self._end)
        self._file.write(data)
        self._places[result.row.number] = (self._end, len(data))
        self._end += len(data)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, number: int) -> bool:
        return number in self._places

    def __iter__(self) -> Iterator[RowResult]:
        """The results in the order of the file."""
        self._file.flush()
        for number in sorted(self._places):
            place, size = self._places[number]
            self._file.seek(place)
            yield msgspec.msgpack.decode(self._file.read(size), type=RowResult)
