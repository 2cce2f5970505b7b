"""How checks say what they found, and what happens to one that fails itself."""

from collections.abc import Callable, Iterable

from ultra.core.errors import UltraError
from ultra.core.health import Finding


def ok(area: str, message: str) -> Finding:
    """All is well."""
    return Finding(area, "ok", message)


def warning(area: str, message: str, hint: str = "") -> Finding:
    """It works, but something deserves a look."""
    return Finding(area, "warning", message, hint)


def problem(area: str, message: str, hint: str = "") -> Finding:
    """Something does not work until it is mended."""
    return Finding(area, "problem", message, hint)


def told(area: str, error: UltraError) -> Finding:
    """An expected error as a finding."""
    return problem(area, error.message, error.hint or "")


def guarded(area: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; one that fails itself is a finding too, and the others go on."""
    try:
        return list(check())
    except UltraError as error:
        return [told(area, error)]
    except Exception as error:
        return [
            problem(
                area,
                f"this check itself failed: {type(error).__name__}: {error}",
                "please report it",
            )
        ]
