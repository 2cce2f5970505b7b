"""Simulated models, judges and writers on the real engine, many runs of one kind in one loop."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from statistics import fmean
from typing import Any, TypeVar

from tests.support.fakes import RUN, RecordingLedger
from tests.support.virtual import LoopClock, virtual
from ultra.core.answer import Answer, AnswerBuilder
from ultra.core.cost import Price
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.profile import RetryRules
from ultra.core.request import CallRequest, Prompt, said
from ultra.engine.caller import EngineCaller
from ultra.engine.context import EventHub, RunContext
from ultra.engine.pipeline import compose
from ultra.providers.simulated import SimulatedProvider

T = TypeVar("T")

PLACE = Endpoint("sim", "simulated", "", KeyRef("none"))


def model(name: str, *, price: Price | None = None, **dials: Any) -> Target:
    """A simulated model of few words, with its dials."""
    return Target(name, name, PLACE, options={"verbosity": 1, **dials}, price=price)


def asking(text: str) -> Prompt:
    """A prompt of one turn."""
    return Prompt((said("user", text),))


def tolerance(share: float, runs: int) -> float:
    """Three standard errors of a Monte-Carlo share."""
    return 3.0 * math.sqrt(max(share * (1.0 - share), 1e-4) / runs)


def share(found: list[bool]) -> float:
    """How many of all are true."""
    return fmean(map(float, found))


def logit(chance: float) -> float:
    """Log-odds."""
    return math.log(chance / (1.0 - chance))


class Engine:
    """The engine over the simulated provider, with a ledger that remembers. Made inside a loop."""

    def __init__(self) -> None:
        clock = LoopClock()
        hub = EventHub(RUN, clock, [], lambda _: None)
        run = RunContext(
            RUN,
            clock=clock,
            hub=hub,
            deadline_s=300.0,
            rng=random.Random(0),
            retry=RetryRules(),
        )
        self.ledger = RecordingLedger()
        self.caller = EngineCaller(run, compose(SimulatedProvider(clock), self.ledger))


def repeated(runs: int, once: Callable[[Engine, int], Awaitable[T]]) -> list[T]:
    """What so many runs come to, each given its number, one after the other in virtual time."""

    async def main() -> list[T]:
        engine = Engine()
        return [await once(engine, number) for number in range(runs)]

    return virtual(main())


def spoken(prompts: Mapping[str, Prompt], models: list[Target]) -> dict[str, list[Answer]]:
    """What every model says to every prompt, by the prompts' names, without the engine."""

    async def said_by(target: Target, prompt: Prompt) -> Answer:
        builder = AnswerBuilder()
        async for body in SimulatedProvider(LoopClock()).stream(
            CallRequest(target, prompt.messages)
        ):
            builder.add(body, 0.0)
        return Answer(target.name, target.name, "sim", target.model, "ok", text=builder.text)

    async def main() -> dict[str, list[Answer]]:
        return {
            name: [await said_by(target, prompt) for target in models]
            for name, prompt in prompts.items()
        }

    return asyncio.run(main())
