"""Runs as tests tell them: events in a legal order, documents of the log, and hostile words."""

from typing import Any

import msgspec

from ultra.core.answer import Answer, Status
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import (
    AttemptFailed,
    AttemptStarted,
    Body,
    CallCancelled,
    CallFailed,
    CallFinished,
    CallStarted,
    Concluded,
    Event,
    RunFinished,
    RunStarted,
)
from ultra.core.records import CallDocument, RunDocument
from ultra.core.stream import Finished, TextDelta
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict

RUN = "ab12cd34ef56"

HOSTILE = (
    "start \x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x1b\\\x1b[2J\x1b[3;1H\x9b2J\x9d0;t\x9c\x90q\x9c"
    "\rover\x08\x7f\x00 [red]rich[/red] [@click=app.quit]textual[/] [link=http://x]l[/link] "
    "\u202eretro\u202c \u2066iso\u2069 zero\u200bwidth\ufeff \u0645\u0631\u062d\u0628\u0627 "
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u4f60\u597d \ttab &#27;[2J &#x202e; <b>html</b> "
    "![p](http://evil/?q) | `code` \ud800 end\n"
) + "w" * 10_000
"""What a model may say to a terminal, to rich and textual, to Markdown and to a web page."""


class ManualClock:
    """Fills `Clock` with time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Script:
    """Builds the events of one run, numbered and timed; each event is 0.1 s after the last."""

    def __init__(self, run: str = RUN) -> None:
        self.run = run
        self.events: list[Event] = []
        self._texts: dict[str, str] = {}
        self._starts: dict[str, CallStarted] = {}

    def say(self, body: Body, call: str = "") -> "Script":
        number = len(self.events)
        self.events.append(Event(self.run, call, number, number * 0.1, body))
        return self

    def begin(self, *members: str, simulated: bool = False, verb: str = "ask") -> "Script":
        return self.say(RunStarted(verb, "single", members, simulated=simulated))

    def call(self, number: int, role: Any = "answer", name: str = "fast", **more: Any) -> "Script":
        started = CallStarted(role, name, "openai", "gpt-5-mini", **more)
        self._starts[self.id(number)] = started
        self.say(started, self.id(number))
        return self.say(AttemptStarted(f"{self.id(number)}.1", 1), self.id(number))

    def text(self, number: int, *pieces: str) -> "Script":
        for piece in pieces:
            self._texts[self.id(number)] = self._texts.get(self.id(number), "") + piece
            self.say(TextDelta(piece), self.id(number))
        return self

    def stumble(self, number: int, retry_in_s: float | None = 2.0) -> "Script":
        failure = Failure(ErrorClass.OVERLOADED, "overloaded \x1b[2J", provider="openai")
        return self.say(AttemptFailed(failure, retry_in_s), self.id(number))

    def finish(self, number: int) -> "Script":
        self.say(Finished("stop"), self.id(number))
        return self.say(CallFinished(self.answer(number, "ok")), self.id(number))

    def fail(self, number: int) -> "Script":
        status: Status = "partial" if self._texts.get(self.id(number)) else "error"
        return self.say(CallFailed(self.answer(number, status)), self.id(number))

    def cancel(self, number: int) -> "Script":
        return self.say(CallCancelled(self.answer(number, "cancelled")), self.id(number))

    def conclude(self, number: int, text: str | None = None, **more: Any) -> "Script":
        said = self._texts.get(self.id(number), "") if text is None else text
        return self.say(Concluded(self.id(number), said, **more))

    def end(self, **more: Any) -> "Script":
        values = {"status": "ok", "duration_s": 2.1, "cost_nano": 12_300_000, "known_nano": 0}
        return self.say(RunFinished(**{**values, **more}))

    def id(self, number: int) -> str:
        return f"{self.run}-{number}"

    def answer(self, number: int, status: Status) -> Answer:
        started = self._starts[self.id(number)]
        error = None if status == "ok" else Failure(ErrorClass.SERVER, "it \x1b]0;x\x07 [red]broke")
        return Answer(
            self.id(number),
            started.name,
            started.provider,
            started.model,
            status,
            text=self._texts.get(self.id(number), ""),
            usage=Usage(text_input_tokens=406, text_output_tokens=201),
            cost_nano=6_150_000,
            duration_s=1.5,
            attempts=1,
            error=error,
            sample=started.sample,
        )


def call_document(number: int, **more: Any) -> CallDocument:
    """A call of a document; anything can be replaced."""
    values: dict[str, Any] = {
        "call_id": f"{RUN}-{number}",
        "role": "member",
        "index": number - 1,
        "sample": 0,
        "name": f"model{number}",
        "provider": "openai",
        "model": f"gpt-{number}",
        "resolved_model": None,
        "base_url": "https://api.openai.com/v1",
        "status": "ok",
        "text": f"Paris, says {number}.",
        "reasoning": None,
        "tool_calls": [],
        "finish_reason": "stop",
        "ttft_s": 0.25,
        "duration_s": 1.5,
        "output_tokens_per_s": 80.0,
        "usage": Usage(text_input_tokens=12, text_output_tokens=1200),
        "input_tokens": 12,
        "output_tokens": 1200,
        "cost_nano": 12_300_000,
        "charged_nano": 12_300_000,
        "simulated": False,
        "error": None,
        "attempts": [],
    }
    return CallDocument(**{**values, **more})


def run_document(*calls: CallDocument, **more: Any) -> RunDocument:
    """A run of a document; anything can be replaced."""
    values: dict[str, Any] = {
        "version": 1,
        "run_id": RUN,
        "verb": "compare",
        "strategy": "all",
        "profile": "work",
        "environment": "development",
        "started_at": "2026-05-01T12:03:04.500Z",
        "duration_s": 2.1,
        "status": "ok",
        "simulated": False,
        "degraded": False,
        "reasons": [],
        "host": "box",
        "cwd": "/home/me",
        "conversation": RUN,
        "prompt": "Capital of France?",
        "answer": None,
        "answer_call": None,
        "provenance": [],
        "cost_nano": 24_600_000,
        "known_nano": 24_600_000,
        "unpriced": 0,
        "calls": list(calls),
    }
    return RunDocument(**{**values, **more})


def compared(*texts: str, **more: Any) -> RunDocument:
    """A comparison of so many answers, every two of them half alike."""
    calls = [call_document(number, text=text) for number, text in enumerate(texts, start=1)]
    ids = tuple(call.call_id for call in calls)
    alike = tuple(tuple(1.0 if i == j else 0.5 for j in range(len(ids))) for i in range(len(ids)))
    verdict = Verdict(
        ids, alike, shared=("All say this.",), differing=tuple((f"{text}",) for text in texts)
    )
    return run_document(*calls, **{"verdict": verdict, **more})


def replaced(document: Any, **more: Any) -> Any:
    """The struct with other values."""
    return msgspec.structs.replace(document, **more)
