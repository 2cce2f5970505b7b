"""The detectors of detect-secrets: the one home of that library.

Only what judges a string is used. Its plug-ins can also ask the vendor whether a key is live
(`verify`, `analyze_line`); nothing here does: that would send the key away.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Protocol, cast


class Detector(Protocol):
    """A plug-in of detect-secrets, as far as it is used."""

    def analyze_string(self, string: str) -> Iterable[str]:
        """Yield a value for every secret in the string."""
        ...


@cache
def detector(plugin: str) -> Detector:
    """The plug-in `module:Class`.

    The first costs 60 to 160 ms: the plug-ins' base imports `requests` for what is not used here.
    It is loaded once a text holds what looks like a secret.
    """
    module, _, name = plugin.partition(":")
    found = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    return cast(Detector, found())


def confirmed(plugin: str, text: str) -> bool:
    """Whether the plug-in finds a secret in the text."""
    return any(True for _ in detector(plugin).analyze_string(text))
