"""How the user wants the screens of `ultra tui`: keys and colours, from `tui.yaml`."""

from ultra.config.preferences import Preferences, preferences
from ultra.runtime.runtime import Runtime

__all__ = ["Preferences", "preferences_of"]


def preferences_of(runtime: Runtime) -> Preferences:
    """What the user's `tui.yaml` says. Raises `ConfigError` for a file that is wrong."""
    return preferences(runtime.paths)
