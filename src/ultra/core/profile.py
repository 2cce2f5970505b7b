"""The checked profile: what the user's YAML comes to once every name in it is resolved."""

from typing import Literal

from msgspec import Struct, field

from ultra.core.alerts import Rule
from ultra.core.budget import Limit
from ultra.core.care import Privacy
from ultra.core.errors import UsageError
from ultra.core.hosts import url_is_loopback
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


class BreakerRules(Struct, frozen=True):
    """When an endpoint is left alone: so many failures in a row within so many seconds."""

    failures: int = 3
    window_s: float = 60.0


class BudgetRules(Struct, frozen=True, omit_defaults=True):
    """What the profile bounds, beside what `ultra budgets set` keeps; it can only lower that.

    `cost_center` is whom its runs are charged to unless the command line says otherwise.
    """

    limits: tuple[Limit, ...] = ()
    cost_center: str = ""


class CacheRules(Struct, frozen=True):
    """Whether a question that was answered before is asked again; entries last `ttl_s` seconds."""

    enabled: bool = False
    ttl_s: float = 86_400.0
    max_mb: int = 256


class GuardRules(Struct, frozen=True, omit_defaults=True):
    """What may leave this machine, and to whom.

    `secrets` says what happens to keys and tokens found in a prompt. `local_only` lets nothing
    leave for another host; `providers` are the only ones that may be asked, empty for all.
    """

    secrets: Literal["refuse", "redact", "allow"] = "refuse"
    local_only: bool = False
    providers: tuple[str, ...] = ()


class LogRules(Struct, frozen=True, omit_defaults=True):
    """What of words is kept in the log, and for how many days; None keeps runs for good."""

    privacy: Privacy = "full"
    keep_days: int | None = None


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
    breaker: BreakerRules = BreakerRules()
    budget: BudgetRules = BudgetRules()
    cache: CacheRules = CacheRules()
    guardrails: GuardRules = GuardRules()
    log: LogRules = LogRules()
    alerts: tuple[Rule, ...] = ()

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


def forbidden(profile: Profile, target: Target) -> str | None:
    """Why the profile lets no prompt go to a model, naming file and key; None when it may.

    Whatever sends words of the user asks this first: members, writers and judges, candidates of a
    route, the model of a continued conversation.
    """
    endpoint, rules = target.endpoint, profile.guardrails
    where = f"of `{profile.source or profile.name}`"
    if rules.providers and endpoint.provider not in rules.providers:
        allowed = ", ".join(f"`{name}`" for name in rules.providers)
        return f"`guardrails.providers` {where} lets only {allowed} be asked"
    if rules.local_only and not (endpoint.simulated or url_is_loopback(endpoint.base_url)):
        return f"`guardrails.local_only` {where} lets nothing leave this machine"
    return None
