"""Writes the vendors that ultra knows into `docs/providers.md`: `make docs`."""

from scripts.marked import ROOT, write

from ultra.core.catalog import Vendor
from ultra.providers.vendors import VENDORS

PAGE, NAME = ROOT / "docs" / "providers.md", "vendors"


def table() -> str:
    """Every row of `vendors.py`, as Markdown."""
    head = "| provider | company or server | protocol | base URL | key | recorded | remarks |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *map(_row, VENDORS.values())])


def _row(vendor: Vendor) -> str:
    cells = (
        f"`{vendor.name}`",
        f"[{vendor.title}]({vendor.docs})",
        f"`{vendor.protocol}`",
        f"`{vendor.base_url}`",
        ", ".join(f"`{name}`" for name in vendor.key_env) or "none",
        vendor.verified or "no",
        "; ".join(_remarks(vendor)),
    )
    # Inside a cell a bar ends it, in code as well.
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _remarks(vendor: Vendor) -> list[str]:
    places = [f"with `{asking}`: `{url}`" for asking, url in vendor.elsewhere.items()]
    return [*places, vendor.note] if vendor.note else places


if __name__ == "__main__":
    write(PAGE, NAME, table())
