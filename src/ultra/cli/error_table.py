"""Every class of error with what follows it: printed by `ultra doctor errors`, told in the docs."""

from msgspec import Struct

from ultra.cli.exit_codes import code_of_class
from ultra.core.errors import ACTIONS, MEANING, ErrorClass
from ultra.core.model import Route


class ErrorRow(Struct, frozen=True):
    """One class. `again` says whether the same model is tried again, `others` whether others are.

    `exit_code` is that of a run that ends with failures of this class and nothing else.
    """

    name: str
    again: str
    others: str
    exit_code: int
    meaning: str


def error_rows() -> list[ErrorRow]:
    """All classes in the order of `core.errors`."""
    return [
        ErrorRow(one.value, _again(one), _others(one), code_of_class(one), MEANING[one])
        for one in ErrorClass
    ]


def _again(one: ErrorClass) -> str:
    retries = ACTIONS[one].retries
    return "no" if retries == 0 else "once" if retries == 1 else "yes"


def _others(one: ErrorClass) -> str:
    """`listed` are those that a route names for this very class."""
    if f"on_{one.value}" in Route.__struct_fields__:
        return "listed"
    return "yes" if ACTIONS[one].fall_back else "no"
