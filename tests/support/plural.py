"""Runs a strategy over members whose answers are given, with what everybody was told."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tests.support.fakes import Bench, Script, Scripts, Wait, prompt, says, target
from tests.support.virtual import virtual
from tests.support.voices import kind_of, voice
from ultra.core.answer import Answer
from ultra.core.events import StageStarted
from ultra.core.model import Method, Target
from ultra.core.ports import Outcome, Settings
from ultra.core.request import CallRequest, Message, Prompt
from ultra.core.verdict import Verdict
from ultra.strategies.registry import load_strategy


class Played(Struct):
    """What came of a run, and all that was asked for."""

    outcome: Outcome
    bench: Bench

    @property
    def answer(self) -> Answer:
        """The answer that speaks for the run."""
        assert self.outcome.answer is not None
        return self.outcome.answer

    @property
    def verdict(self) -> Verdict:
        """How it was chosen, or what was found of it."""
        assert self.outcome.verdict is not None
        return self.outcome.verdict

    @property
    def stages(self) -> list[str]:
        """The steps, in order."""
        return [one.stage for one in self.bench.sink.bodies() if isinstance(one, StageStarted)]

    def asked(self, kind: str, name: str | None = None) -> list[CallRequest]:
        """The requests of one kind, to one model where named, in the order they left."""
        requests = self.bench.provider.requests
        return [one for one in requests if kind_of(one) == kind and name in (None, one.target.name)]

    def told(self) -> list[tuple[str, tuple[Message, ...]]]:
        """Who was told what, whatever the order it left in."""
        sent = [(one.target.name, one.messages) for one in self.bench.provider.requests]
        return sorted(sent, key=lambda one: (one[0], str(one[1])))


def play(
    name: str,
    texts: Sequence[str],
    method: Method,
    *,
    scripts: Mapping[str, Scripts] | None = None,
    delays: Sequence[float] = (),
    seed: int = 7,
    members: Sequence[Target] | None = None,
    asked: Prompt | None = None,
    writer: Script | None = None,
    **wishes: Any,
) -> Played:
    """A strategy over members `a`, `b`, ... that say these texts after these delays.

    The synthesizer `s` and the judges `j` and `k` say what fits, unless `scripts` say otherwise.
    `wishes` are settings beyond those.
    """
    names = [chr(97 + place) for place in range(len(texts))]
    waits = itertools.chain(delays, itertools.repeat(0.0))
    speaking: dict[str, Scripts] = {
        one: voice([Wait(wait), *says(text)])
        for one, text, wait in zip(names, texts, waits, strict=False)
    }
    helpers: dict[str, Scripts] = {one: voice(writer or says("written")) for one in "sjk"}

    async def main() -> Played:
        bench = Bench({**speaking, **helpers, **(scripts or {})})
        outcome = await load_strategy(name)(
            asked or prompt(),
            members or [target(one) for one in names],
            bench.caller,
            bench.emit,
            Settings(**{"seed": seed, "synthesizer": target("s"), "method": method, **wishes}),
        )
        bench.check()
        return Played(outcome, bench)

    return virtual(main())
