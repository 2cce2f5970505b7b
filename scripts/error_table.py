"""Writes the classes of errors into `docs/health.md`: `make docs`."""

from scripts.marked import ROOT, write

from ultra.cli.error_table import error_rows

PAGE, NAME = ROOT / "docs" / "health.md", "errors"


def table() -> str:
    """Every class as `ultra doctor errors` prints it, as Markdown."""
    rows = [
        f"| `{row.name}` | {row.again} | {row.others} | {row.exit_code} | {row.meaning} |"
        for row in error_rows()
    ]
    head = "| class | tried again | other models | exit | what it means |"
    return "\n".join([head, "|---|---|---|---:|---|", *rows])


if __name__ == "__main__":
    write(PAGE, NAME, table())
