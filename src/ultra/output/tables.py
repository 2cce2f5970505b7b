"""Tables: aligned text for pipes, drawn by rich on a terminal; cells hold anybody's text safely."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.width import cell_width, clip, pad, wrap

if TYPE_CHECKING:
    from rich.table import Table

_GAP = 2
_LEAST = 8
"""Columns below which a shrunken cell says nothing."""

_CELL = 2_000
"""Characters of one cell: a name or an error, never a whole answer."""


class Column(Struct, frozen=True):
    """A column's heading; figures stand to the `right`. One that may `shrink` is cut first.

    On a terminal that is too narrow for all, a column is left out that is `spare`, the highest
    number first; 0 is never left out. One that may shrink is cut to `least` columns only once none
    is left to leave out.
    """

    name: str
    right: bool = False
    shrink: bool = False
    spare: int = 0
    least: int = _LEAST


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[str]], *, streams: Streams
) -> str:
    """A table for stdout, ending in a line feed: drawn when that is a terminal, else plain."""
    heads = [Column(head) if isinstance(head, str) else head for head in columns]
    cells = [[cell(text, _CELL) for text in row] for row in rows]
    if streams.out_screen is None:
        return plain_table(heads, cells)
    width = streams.width - 1
    shown, kept = _fitting(heads, cells, width)
    room = _room(shown, kept, width)
    if room < _LEAST:
        return _cards(heads, cells, width)
    lines = streams.out_screen.render(_drawn(shown, kept, room), width)
    return "".join(f"{line}\n" for line in lines)


def fitted_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> str:
    """A table of plain words in at most so many columns, as `table` makes it fit."""
    cells = [[cell(text, _CELL) for text in row] for row in rows]
    shown, kept = _fitting(list(columns), cells, width)
    if _room(shown, kept, width) < _LEAST:
        return _cards(columns, cells, width)
    head, lines = fitted(columns, rows, width)
    return "".join(f"{line}\n" for line in (head.upper(), *lines))


def prose(lines: Sequence[str], *, streams: Streams) -> str:
    """Lines for stdout: broken between words on a terminal, whole in a pipe."""
    if streams.out_screen is not None:
        lines = [piece for line in lines for piece in wrap(line, streams.width - 1)]
    return "".join(f"{line}\n" for line in lines)


def plain_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, nothing cut, no tabs, no lines, no colour."""
    lines = [[column.name.upper() for column in columns], *rows]
    widths = [
        max((cell_width(line[place]) for line in lines if place < len(line)), default=0)
        for place in range(len(columns))
    ]
    text = []
    for line in lines:
        places = zip(line, widths, columns, strict=False)
        cells = (pad(said, width, right=column.right) for said, width, column in places)
        text.append("  ".join(cells).rstrip())
    return "".join(f"{line}\n" for line in text)


def fitted(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int
) -> tuple[str, list[str]]:
    """The heading and the rows as lines of at most `width` columns, for whoever draws them."""
    shown, kept = _fitting(
        list(columns), [[cell(text, _CELL) for text in row] for row in rows], width
    )
    room = max(_LEAST, _room(shown, kept, width))
    widths = []
    for place, column in enumerate(shown):
        needed = max(cell_width(text) for text in (column.name, *(row[place] for row in kept)))
        widths.append(min(needed, room) if column.shrink else needed)
    lines = [
        (" " * _GAP).join(
            pad(text, wide, right=column.right)
            for text, wide, column in zip(line, widths, shown, strict=True)
        )
        for line in ([column.name for column in shown], *kept)
    ]
    head, *rest = (clip(line.rstrip(), width) for line in lines)
    return head, rest


def _fitting(
    columns: list[Column], rows: list[list[str]], width: int
) -> tuple[list[Column], list[list[str]]]:
    """The table without as many of its spare columns as do not fit."""
    wanted = max((column.least for column in columns if column.shrink), default=_LEAST)
    for spare in sorted({column.spare for column in columns if column.spare}, reverse=True):
        if _room(columns, rows, width) >= wanted:
            break
        places = [place for place, column in enumerate(columns) if column.spare != spare]
        columns = [columns[place] for place in places]
        rows = [[row[place] for place in places] for row in rows]
    return columns, rows


def _room(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> int:
    """Columns left for each column that may shrink, once the others have what they need."""
    taken = _GAP * (len(columns) - 1)
    shrinking = 0
    for place, column in enumerate(columns):
        if column.shrink:
            shrinking += 1
        else:
            taken += max(cell_width(text) for text in (column.name, *(row[place] for row in rows)))
    left = width - taken
    return left // shrinking if shrinking else (_LEAST if left >= 0 else 0)


def _cards(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> str:
    """A row below the other, each cell under its heading, for a terminal too narrow for a table."""
    lines: list[str] = []
    for row in rows:
        for column, text in zip(columns, row, strict=True):
            lines.extend(wrap(f"{column.name}: {text}", width) if text else [])
        lines.append("")
    return "".join(f"{line}\n" for line in lines)


def _drawn(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> "Table":
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - 35 ms that a pipe never pays
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        drawn.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=room if column.shrink else None,
        )
    for row in rows:
        drawn.add_row(*(Text(text) for text in row))
    return drawn
