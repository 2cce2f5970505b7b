"""`fallback`: members in order, the next one only when the one before failed before any content."""

from collections.abc import Sequence

from ultra.core.answer import Answer
from ultra.core.errors import ACTIONS, ErrorClass
from ultra.core.model import Target
from ultra.core.ports import Caller, CallSpec, Emit, Outcome, Settings
from ultra.core.request import Prompt
from ultra.strategies.requests import lost, request_to


async def fallback(
    prompt: Prompt,
    members: Sequence[Target],
    caller: Caller,
    _emit: Emit,
    settings: Settings,
) -> Outcome:
    """Ask one after the other, all sharing one budget of tries.

    Once content was shown nothing is spliced: that answer, cut or not, is the last. When all fail,
    or the tries are used up, the first one's failure speaks for the run. A failure that another
    model would meet as well (a request that is wrong) stops the walk, unless the settings say whom
    that class leads to. Nobody is waited for while others are left; then it is whoever may be asked
    soonest, wherever it stands.
    """
    walk = _Walk(prompt, members, caller, settings)
    while (place := walk.next()) is not None:
        answer = await walk.ask(place)
        if answer.ok:
            return _answered(answer, walk.answers, walk.skipped)
        if _shown(answer) or answer.error is None:
            return Outcome(tuple(walk.answers), answer=answer, reasons=lost(walk.answers))
        if not ACTIONS[answer.error.error_class].fall_back:
            walk.turn(_elsewhere(answer.error.error_class, walk.asked[place], settings, walk.asked))
            if not walk.waiting:
                return Outcome(tuple(walk.answers), answer=answer, reasons=lost(walk.answers))
    reasons = (*lost(walk.answers), *walk.skipped)
    return Outcome(tuple(walk.answers), answer=walk.answers[0], reasons=reasons)


class _Walk:
    """Who was asked so far, with the newest answer of each, and who is next.

    `waiting` are those who were not asked yet; `skipped` says who will not be, and why.
    """

    def __init__(
        self, prompt: Prompt, members: Sequence[Target], caller: Caller, settings: Settings
    ) -> None:
        self.waiting = list(members)
        self.asked: list[Target] = []
        self.answers: list[Answer] = []
        self.skipped: list[str] = []
        self._prompt, self._caller, self._settings = prompt, caller, settings
        self._attempts = caller.attempts()
        self._waited: set[int] = set()

    def turn(self, members: Sequence[Target]) -> None:
        """Go on to these instead."""
        self.waiting = list(members)

    def next(self) -> int | None:
        """The place of whoever is asked next; None for nobody."""
        while self.waiting:
            member = self.waiting.pop(0)
            if not self.answers or self._attempts.allows(member):
                self.asked.append(member)
                return len(self.asked) - 1
            self.skipped.append(f"{member.ref} was not asked (no tries are left)")
        return min(self._held(), key=self._wait_s, default=None)

    async def ask(self, place: int) -> Answer:
        """Ask somebody for the first time, or once more, to be waited for."""
        again = place < len(self.answers)
        if again:
            self._waited.add(place)
        spec = CallSpec(
            request_to(self._prompt, self.asked[place], self._settings),
            "answer",
            index=place,
            attempts=self._attempts,
            standby=not again and bool(self.waiting or self._held()),
            kind="fallback" if self.answers else "primary",
        )
        async with self._caller.open([spec]) as calls:
            answer = (await calls.settle(None, None))[0]
        self.answers[place:] = [answer, *self.answers[place + 1 :]]
        return answer

    def _held(self) -> list[int]:
        """The places of those who said when they may be asked, and were not waited for yet.

        A breaker is waited for by a user alone who set a deadline.
        """
        worth = {ErrorClass.RATE_LIMIT}
        if self._settings.patient:
            worth.add(ErrorClass.BREAKER_OPEN)
        return [
            place
            for place, answer in enumerate(self.answers)
            if place not in self._waited
            and answer.error is not None
            and answer.error.error_class in worth
            and answer.error.retry_after_s is not None
            and self._attempts.allows(self.asked[place])
        ]

    def _wait_s(self, place: int) -> float:
        error = self.answers[place].error
        return (error.retry_after_s if error else None) or 0.0


def _answered(answer: Answer, answers: Sequence[Answer], skipped: Sequence[str]) -> Outcome:
    reasons = (*lost(answers), *skipped)
    return Outcome(
        tuple(answers),
        answer=answer,
        provenance=(f"{answer.provider}:{answer.model}",),
        degraded=bool(reasons),
        reasons=reasons,
    )


def _shown(answer: Answer) -> bool:
    return bool(answer.text or answer.reasoning or answer.tool_calls)


def _elsewhere(
    failed: ErrorClass, member: Target, settings: Settings, asked: Sequence[Target]
) -> list[Target]:
    """Whom a failure leads to that stops the walk otherwise, without those who failed already."""
    if failed is ErrorClass.CONTEXT_LENGTH:
        found = [one for one in settings.on_context_length if _larger(one, member)]
    elif failed is ErrorClass.CONTENT_FILTER:
        found = list(settings.on_content_filter)
    else:
        found = []
    names = {str(one.ref) for one in asked}
    return [one for one in found if str(one.ref) not in names]


def _larger(one: Target, than: Target) -> bool:
    """Whether a model is known to hold more; where the other's window is unknown, any known is."""
    return one.context_window is not None and one.context_window > (than.context_window or 0)
