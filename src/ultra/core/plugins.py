"""Strategies that other packages bring, found by their entry points and loaded when asked for.

A package offers one under its name in the group `ultra.strategies`; what it points to is a
`StrategyPlugin`. A name of ultra's own is never replaced.
Source: packaging.python.org/en/latest/specifications/entry-points.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from msgspec import Struct

from ultra.core.errors import ConfigError
from ultra.core.ports import Strategy
from ultra.core.strategies import Knob, StrategyRow
from ultra.core.text import one_line

GROUP = "ultra.strategies"


class StrategyPlugin(Struct, frozen=True):
    """A strategy with what ultra has to know of it before it runs.

    `summary` is for lists, `calls` the formula of its calls as `--dry-run` shows it. It asks each
    member `each` times at the most and then its synthesizer `after` times at the most: that is what
    budgets set aside. `members` is the fewest it works with, `most` the most, None for any number;
    `judged`, `counts` and `knobs` are as in `core.strategies.StrategyRow`.
    """

    run: Strategy
    summary: str
    calls: str = "N"
    each: int = 1
    after: int = 0
    members: int = 1
    most: int | None = None
    judged: bool = False
    counts: bool = False
    knobs: tuple[Knob, ...] = ()

    @property
    def row(self) -> StrategyRow:
        """The same as a row beside those of ultra's own."""
        return StrategyRow(
            "",
            "",
            one_line(self.summary, 120),
            self.calls,
            members=self.members,
            most=self.most,
            writes=self.after > 0,
            judged=self.judged,
            counts=self.counts,
            knobs=self.knobs,
            each=self.each,
            after=self.after,
        )


def plugin_names() -> list[str]:
    """The names that installed packages offer, without importing any of them."""
    return sorted(_offered())


def plugin(name: str) -> StrategyPlugin | None:
    """The plug-in of a name, imported now; None where nobody offers one.

    Raises `ConfigError` for one that cannot be imported or is none, naming its package.
    """
    point = _offered().get(name)
    if point is None:
        return None
    package = "a package" if point.dist is None else f"`{point.dist.name} {point.dist.version}`"
    try:
        found = point.load()
    except Exception as error:  # a plug-in may fail in any way, and never takes ultra along
        raise ConfigError(
            f"strategy `{name}` of {package} cannot be loaded: {type(error).__name__}:"
            f" {one_line(str(error), 200)}",
            hint="install a version that fits, or remove the package",
        ) from error
    if not isinstance(found, StrategyPlugin):
        raise ConfigError(
            f"strategy `{name}` of {package} is no plug-in: `{point.value}` is a"
            f" `{type(found).__name__}`",
            hint="it has to be an `ultra.core.plugins.StrategyPlugin`",
        )
    return found


@cache
def _offered() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
