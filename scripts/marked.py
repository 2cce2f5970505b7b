"""Writes a generated table into a page, between the two comments that mark its place."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def between(page: str, name: str, body: str) -> str:
    """The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced.

    Raises `ValueError` for a page that has no such place.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = page.partition(opening)
    _, ended, after = rest.partition(closing)
    if not (found and ended):
        raise ValueError(f"the page has no place for `{name}`")
    return f"{before}{opening}\n{body.strip()}\n{closing}{after}"


def write(path: Path, name: str, body: str) -> None:
    """Bring one table of a page up to date."""
    page = path.read_text(encoding="utf-8")
    path.write_text(between(page, name, body), encoding="utf-8")
