"""`tui.yaml` beside the profiles: the user's own, so no project can move anybody's keys."""

import msgspec

from ultra.config.build import mistakes
from ultra.config.documents import read_document
from ultra.config.files import read_regular
from ultra.config.paths import Paths
from ultra.config.schema import Preferences


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
