"""`tui.yaml` beside the profiles: the user's own, so no project can move anybody's keys."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from ultra.config.build import mistakes
from ultra.config.documents import read_document
from ultra.config.fields import Checked, Name
from ultra.config.files import read_regular
from ultra.config.paths import Paths


class Preferences(Checked, frozen=True):
    """How the user wants `ultra tui`. `keys` are by action, several parted by commas."""

    version: Literal[1] = 1
    theme: Literal["auto", "dark", "light"] = "auto"
    keys: dict[Name, Annotated[str, Meta(min_length=1, max_length=100)]] = field(
        default_factory=dict
    )


def preferences(paths: Paths) -> Preferences:
    """What the file says; nothing without one. Raises `ConfigError` for a file that is wrong."""
    try:
        raw = read_regular(paths.screens_file)
    except FileNotFoundError:
        return Preferences()
    document = read_document(paths.screens_file, raw, Preferences)
    if document.problems:
        raise mistakes(paths.screens_file.name, document.problems)
    return msgspec.convert(document.data, Preferences)
