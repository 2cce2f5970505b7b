"""What stands in the unused parts of a file's pages.

SQLite overwrites what is deleted (`secure_delete`); where it moves rows from page to page to make
room, it leaves behind what it copied, and only VACUUM, which makes every page anew, takes that out.
Source: sqlite.org/fileformat.html, section 1.6.
"""

from collections.abc import Iterator
from pathlib import Path

_HEADERS = {0x02: 12, 0x05: 12, 0x0A: 8, 0x0D: 8}
"""Bytes of the header of a page of a tree, by its first byte."""

_FIRST = 100
"""Bytes at the beginning of the file that stand before the first page's own header."""


def unused(path: Path) -> Iterator[bytes]:
    """The part between pointers and cells of each page, where something stands in it.

    Only while this process has no connection to the file: who closes a file gives up every lock
    that its process has on it. Raises `OSError`.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(_FIRST)[16:18], "big")
        size = 65_536 if size == 1 else size
        file.seek(0)
        start = _FIRST
        while size and (page := file.read(size)):
            if page[start] in _HEADERS:
                cells = int.from_bytes(page[start + 3 : start + 5], "big")
                end = int.from_bytes(page[start + 5 : start + 7], "big") or 65_536
                gap = page[start + _HEADERS[page[start]] + 2 * cells : end]
                if any(gap):
                    yield gap
            start = 0
