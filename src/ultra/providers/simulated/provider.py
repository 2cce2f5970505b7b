"""The simulated provider: deterministic answers, at the pace and with the faults asked for."""

import asyncio
import hashlib
import json
import random
import re
from collections.abc import AsyncGenerator, Iterator

from ultra.core.model import Endpoint
from ultra.core.ports import Clock
from ultra.core.request import CallRequest, Message
from ultra.core.stream import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    UsageReported,
)
from ultra.core.usage import Usage
from ultra.providers.simulated import claims, questions
from ultra.providers.simulated.dials import Dials, dials
from ultra.providers.simulated.documents import Writer
from ultra.providers.simulated.faults import before_the_answer, half_way
from ultra.providers.simulated.judging import notes
from ultra.providers.simulated.material import Told, mark, told
from ultra.providers.simulated.prose import prose

TOKENS_PER_WORD = 4 / 3
"""Source: OpenAI's rule of thumb for English, 100 tokens for 75 words."""

SLOW_TOKENS_PER_S = TOKENS_PER_WORD
"""The pace of `fail: slow`: a word a second."""


class SimulatedProvider:
    """Fills `core.ports.Provider` without a network. Waits on the clock it is given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def credential(self, _endpoint: Endpoint) -> None:
        """Nobody needs a key here."""

    async def stream(self, request: CallRequest) -> AsyncGenerator[StreamBody, None]:
        """Answer one request. Raises the `CallError` that the same fault raises over HTTP."""
        settings = dials(request)
        draw = _Draw(request, settings)
        fault = settings.fail if draw.dice("fault").random() < settings.fail_rate else None
        error = before_the_answer(fault, settings.retry_after_s)
        if fault != "refuse":
            await self._wait(settings.latency_s * draw.sway("latency"))
        if error is not None:
            raise error
        yield ResponseStarted(request.target.model, draw.request_id)
        if fault == "stall":
            await asyncio.Event().wait()
        async for body in self._answer(draw, fault):
            yield body

    async def _answer(self, draw: "_Draw", fault: str | None) -> AsyncGenerator[StreamBody, None]:
        reply = _Reply(draw, fault)
        pace = SLOW_TOKENS_PER_S if fault == "slow" else draw.settings.tokens_per_s
        sway = draw.sway("pace")
        for delta in reply.deltas():
            yield delta
            if pace:
                await self._wait(TOKENS_PER_WORD * sway / pace)
        if fault == "cut":
            raise half_way()
        yield UsageReported(reply.usage())
        yield Finished(reply.finish_reason, reply.finish_reason)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0.0:
            await self._clock.sleep(seconds)


class _Draw:
    """The chance in one call: a function of seed, model, sample and messages alone.

    Each purpose has dice of its own, so that turning one dial leaves what another draws.
    """

    def __init__(self, request: CallRequest, settings: Dials) -> None:
        self.request = request
        self.settings = settings
        said = [request.target.model, str(settings.seed), str(request.sample)]
        for message in request.messages:
            media = [hashlib.sha256(m.data).hexdigest() + m.url for m in message.media]
            said += [message.role, message.text, *media]
        self._digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        common = [str(request.sampling.seed), *said[3:]]
        self._common = hashlib.sha256(json.dumps(common).encode()).hexdigest()

    @property
    def request_id(self) -> str:
        """What the provider would call this request."""
        return f"sim-{self._digest[:16]}"

    @property
    def question(self) -> str:
        """The last thing the user said; empty when the user said nothing."""
        turns = (turn.text for turn in reversed(self.request.messages) if turn.role == "user")
        return next(turns, "")

    def dice(self, purpose: str) -> random.Random:
        """Fresh dice for one purpose."""
        return random.Random(f"{self._digest}:{purpose}")  # noqa: S311 - a seed, not a secret

    def shared(self, purpose: str) -> random.Random:
        """Dice that fall alike for every model and sample that is asked the same."""
        return random.Random(f"{self._common}:{purpose}")  # noqa: S311 - a seed, not a secret

    def sway(self, purpose: str) -> float:
        """1, give or take the share that `jitter` allows."""
        return 1.0 + self.settings.jitter * self.dice(purpose).uniform(-1.0, 1.0)


class _Reply:
    """What is said to one request, and what it used."""

    def __init__(self, draw: _Draw, fault: str | None) -> None:
        settings = draw.settings
        self.finish_reason: FinishReason = "stop"
        self._messages = draw.request.messages
        thoughts = round(settings.reasoning / TOKENS_PER_WORD)
        self._reasoning = _pieces(prose(draw.question, thoughts, draw.dice("reasoning")))[:thoughts]
        self._words = _pieces(_text(draw))
        match fault:
            case "filter":
                self._reasoning, self._words, self.finish_reason = [], [], "content_filter"
            case "empty":
                self._reasoning, self._words = [], []
            case "cut" | "length":
                self._words = self._words[: max(1, len(self._words) // 2)]
                self.finish_reason = "length"
            case _:
                pass
        self._cap(draw.request.sampling.max_output_tokens)

    def _cap(self, tokens: int | None) -> None:
        most = len(self._words) if tokens is None else int(tokens / TOKENS_PER_WORD)
        if most < len(self._words):
            self._words, self.finish_reason = self._words[:most], "length"

    def deltas(self) -> Iterator[StreamBody]:
        """Reasoning first, then the answer, a word at a time."""
        yield from (ReasoningDelta(word) for word in self._reasoning)
        yield from (TextDelta(word) for word in self._words)

    def usage(self) -> Usage:
        """What went in and came out, estimated as `TOKENS_PER_WORD` says and told as the truth."""
        return Usage(
            text_input_tokens=sum(_tokens(_count(message)) for message in self._messages),
            text_output_tokens=_tokens(len(self._words)),
            reasoning_tokens=_tokens(len(self._reasoning)),
        )


def _text(draw: _Draw) -> str:
    heard = told(draw.request.messages)
    said = _words(draw, heard)
    settings, schema = draw.settings, draw.request.json_schema
    if schema is None and not settings.json:
        return said
    # A field holds a sentence: a schema with many of them must not take minutes at a model's pace.
    brief = said.split(". ", 1)[0]
    held = notes(heard, settings, draw.request.target.model, draw.dice("judging"))
    wanted = schema or {"properties": {"answer": {}}}
    document = Writer(wanted, brief, draw.dice("json"), held).document()
    broken = draw.dice("bad json").random() < settings.p_badjson
    return document[: len(document) // 2] if broken else document


def _words(draw: _Draw, heard: Told) -> str:
    settings = draw.settings
    if heard.question is not None:
        alike = draw.shared("rho").random() < settings.rho
        dice = draw.shared("answer") if alike else draw.dice("answer")
        return questions.answer(heard.question, settings.accuracy, settings.n_wrong, dice)
    said = [prose(draw.question, settings.verbosity, draw.dice("answer"))]
    if heard.pieces:
        texts = [piece.text for piece in heard.pieces]
        said.append(claims.gathered(texts, settings.p_invent, draw.dice("writing")))
    elif settings.claims:
        said.append(claims.stated(settings.claims, draw.shared("claims"), draw.dice("claims")))
    if settings.quality is not None:
        said.append(mark(draw.request.target.model, settings.quality))
    return "\n\n".join(part for part in said if part)


def _pieces(text: str) -> list[str]:
    """The text in words that keep the space after them, so that joining gives the text back."""
    return re.findall(r"\s*\S+\s*", text)


def _count(message: Message) -> int:
    return len(message.text.split())


def _tokens(words: int) -> int:
    return round(words * TOKENS_PER_WORD)
