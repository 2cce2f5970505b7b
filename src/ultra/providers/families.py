"""What the main families of models can do and how much they write, by the beginning of their ids.

The price source knows neither. The file is kept by hand from the vendors' own pages, each row with
its link, and says nothing of what those pages leave open: nothing is known of a model whose first
matching row has no capabilities, nor of one that no row matches.
"""

import re
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from ultra.core.model import Capability

FILE = Path(__file__).parent / "data" / "capabilities.json"

Rule = str | list[str]
"""How ids are matched: `=` the whole id, `^` its beginning, `$` its end, `~` a part, `/` a regular
expression anywhere; a list holds when all of it holds. Ids are compared in lower case."""

_CLOUD = re.compile(r"^(?:[a-z-]+\.){1,2}(?=[a-z])")
"""What Bedrock puts before an id: a region and a company."""


class Family(Struct, frozen=True):
    """Models that are alike. `vendors` are price names of vendors, empty for whoever sells it."""

    match: list[Rule]
    vendors: list[str] = []
    capabilities: tuple[Capability, ...] | None = None
    max_output_tokens: int | None = None
    docs: str = ""


class Families(Struct, frozen=True):
    """The file; `date` is the day on which the pages were read."""

    date: str
    families: list[Family]


def family_of(vendor: str, model: str) -> Family | None:
    """The first family that a model belongs to, as `vendor` (its price name) sells it."""
    name = model.lower().rpartition("/")[2]
    name = _CLOUD.sub("", name)
    for family in families().families:
        if family.vendors and vendor not in family.vendors:
            continue
        if any(holds(rule, name) for rule in family.match):
            return family
    return None


@cache
def families() -> Families:
    """The file, read once: 0.1 ms."""
    return msgspec.json.decode(FILE.read_bytes(), type=Families)


def holds(rule: Rule, name: str) -> bool:
    """Whether a rule holds for an id in lower case."""
    if isinstance(rule, list):
        return all(holds(part, name) for part in rule)
    text = rule[1:]
    match rule[0]:
        case "=":
            return name == text
        case "^":
            return name.startswith(text)
        case "$":
            return name.endswith(text)
        case "~":
            return text in name
        case _:
            return re.search(text, name) is not None
