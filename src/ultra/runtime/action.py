"""What a user asks the runtime to do, and what came of it."""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from ultra.core.answer import Answer
from ultra.core.model import Method, Route, Target, models_of, unique
from ultra.core.ports import CachedAnswer, Outcome
from ultra.core.records import RunDocument
from ultra.core.request import Message, Prompt

if TYPE_CHECKING:  # a run without a route needs none of it
    from ultra.core.routing import Plan as RoutePlan

Verb = Literal["ask", "compare", "chat", "demo", "health", "replay", "ab"]
CacheUse = Literal["on", "off", "refresh"]
Interruption = Literal["sigint", "sigterm", "sighup", "broken_pipe"]


class Interrupted(KeyboardInterrupt):
    """A signal ended work that has no result to give; `cause` says which."""

    def __init__(self, cause: Interruption) -> None:
        super().__init__(cause)
        self.cause = cause


class Selection(Struct, frozen=True):
    """Who answers and how: a strategy with its members in the order asked for.

    `label` is what the user called it when one name stood for several models. `route` is what the
    members of a `fallback` are taken from; they are its usual ones until there is a `plan`, which
    is made once the prompt is known. `method` is how the strategy goes about it.
    """

    strategy: str
    members: tuple[Target, ...]
    synthesizer: Target | None = None
    label: str = ""
    route: Route | None = None
    plan: "RoutePlan | None" = None
    method: Method = Method()

    @property
    def rescuers(self) -> tuple[Target, ...]:
        """Who is asked only after a failure of one class, beyond the members."""
        if self.route is None:
            return ()
        source = self.plan or self.route
        rescuers = (*source.on_context_length, *source.on_content_filter)
        return tuple(one for one in unique(rescuers) if one not in self.members)

    @property
    def everyone(self) -> tuple[Target, ...]:
        """Whom the prompt may go to, whatever fails."""
        writer = [self.synthesizer] if self.synthesizer else []
        return models_of((*self.members, *writer, *self.method.judges, *self.rescuers))

    @property
    def simulated(self) -> bool:
        """Whether any answer would be made up."""
        return any(target.endpoint.simulated for target in self.everyone)


class Action(Struct, frozen=True):
    """One run to make.

    `deadline_s` None takes the longest `run_s` of the members' timers. `conversation` ties the run
    to earlier ones; empty starts a new conversation. `keep_text` false keeps words out of the log.
    `branches` are the turns before the prompt, each member's own; empty where all share them.
    `seed` None draws one. `cost_center` empty takes the profile's; `max_cost_nano` bounds the run;
    `hedge` lets a slow answer be raced; `cache` None leaves it to the profile. `given` is a logged
    answer that the new one is held against. `recalled` are answers of members that are on record,
    by place: they serve, and those members are not asked.
    """

    verb: Verb
    prompt: Prompt
    selection: Selection
    stream: bool = True
    deadline_s: float | None = None
    quorum: int | None = None
    grace_s: float | None = None
    keep_text: bool = True
    conversation: str = ""
    session: str = ""
    seed: int | None = None
    cost_center: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    max_cost_nano: int | None = None
    hedge: bool = False
    cache: CacheUse | None = None
    branches: tuple[tuple[Message, ...], ...] = ()
    given: Answer | None = None
    recalled: dict[int, CachedAnswer] = field(default_factory=dict)


class RunResult(Struct, frozen=True):
    """What came of a run. `document` is what `--json` prints; `calls` are all answers of all roles.

    `interrupted` says what stopped it from outside; None when it ran to its own end. `notes` are
    for `--verbose`.
    """

    run_id: str
    outcome: Outcome
    document: RunDocument
    calls: tuple[Answer, ...]
    interrupted: Interruption | None = None
    notes: tuple[str, ...] = ()
