"""The checked profile: what the user's YAML comes to once every name in it is resolved."""

from msgspec import Struct, field

from ultra.core.errors import UsageError
from ultra.core.model import Choice, Endpoint, Ensemble, Environment, Route, Target, Timers
from ultra.core.text import did_you_mean


class Defaults(Struct, frozen=True, omit_defaults=True):
    """Which names serve when none is given. Empty means that the profile names none."""

    ask: str = ""
    compare: tuple[str, ...] = ()
    synthesizer: str = ""
    judge: str = ""


class RetryRules(Struct, frozen=True):
    """How often one request may be tried: in all, and at one target."""

    attempts: int = 4
    per_target: int = 2


class Profile(Struct, frozen=True, omit_defaults=True):
    """Providers and models by the names that the user gave them.

    `models`, `ensembles` and `routes` share one namespace; `groups` are written `@name`.
    `source` is the file it came from, empty for a profile made up of the keys that were found.
    `confirm_usd` is the estimate above which a terminal is asked before anything is spent.
    `warnings` are for stderr, once. `timers` hold where an endpoint has none of its own.
    """

    name: str
    environment: Environment = "development"
    source: str = ""
    providers: dict[str, Endpoint] = field(default_factory=dict)
    models: dict[str, Target] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ensembles: dict[str, Ensemble] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    defaults: Defaults = Defaults()
    retry: RetryRules = RetryRules()
    confirm_usd: float = 0.25
    warnings: tuple[str, ...] = ()
    timers: Timers = Timers()

    @property
    def names(self) -> list[str]:
        """Every name that can be asked for, groups with their `@`."""
        return [*self.models, *self.ensembles, *self.routes, *(f"@{name}" for name in self.groups)]

    def named(self, name: str) -> Choice | None:
        """What an alias, ensemble or route stands for; None when the profile has no such name."""
        return self.models.get(name) or self.ensembles.get(name) or self.routes.get(name)

    def expand(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names with every `@group` replaced by its members, in order.

        Raises `UsageError` for a group that the profile does not have.
        """
        flat: list[str] = []
        for name in names:
            if not name.startswith("@"):
                flat.append(name)
            elif name[1:] in self.groups:
                flat.extend(self.expand(self.groups[name[1:]]))
            else:
                raise UsageError(
                    f"profile `{self.name}` has no group `{name}`",
                    hint=did_you_mean(name, [f"@{group}" for group in self.groups])
                    or "`ultra models` lists what it has",
                )
        return tuple(flat)
