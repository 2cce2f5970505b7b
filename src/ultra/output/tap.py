"""Which text of a run is its answer, each piece exactly once."""

from ultra.core.events import (
    CallCancelled,
    CallFailed,
    CallStarted,
    Concluded,
    Event,
    VerdictReached,
)
from ultra.core.stream import TextDelta
from ultra.core.verdict import Verdict
from ultra.output.progress import call_name


class AnswerTap:
    """Follows a run and gives out the words of its answer as they come, or at the end.

    The first call with role `answer` or `writer` that says anything speaks for the run. When the
    run then concludes with another call's text, that follows after a blank line: an answer is not
    lost because another began. `stream` false gives all of it at the end, or nothing. An answer
    that cites is a draft until its citations are checked: it comes whole, its claims below it.
    """

    def __init__(self, *, stream: bool = True) -> None:
        self._stream = stream
        self._voices: set[str] = set()
        self._cut: set[str] = set()
        self._names: dict[str, str] = {}
        self._verdict: Verdict | None = None
        self.speaker: str | None = None
        self.concluded = False

    def take(self, event: Event) -> str:
        """What the event adds to the answer; empty for nothing."""
        body = event.body
        if isinstance(body, TextDelta):
            return self._delta(event.call, body.text)
        if isinstance(body, CallStarted):
            self._names[event.call] = call_name(body.name, body.sample)
            if body.role in ("answer", "writer") and not body.parent:
                self._voices.add(event.call)
        if isinstance(body, VerdictReached):
            self._verdict = body.verdict
        if isinstance(body, CallFailed | CallCancelled):
            self._cut.add(event.call)
        if isinstance(body, Concluded) and not self.concluded:
            self.concluded = True
            return self._conclusion(body)
        return ""

    def speaks(self, call_id: str) -> bool:
        """Whether this call's words go straight to the reader."""
        return self._stream and call_id in self._voices

    def _delta(self, call: str, text: str) -> str:
        if not self._stream or call not in self._voices or self.concluded:
            return ""
        if self.speaker is None and text:
            self.speaker = call
        return text if call == self.speaker else ""

    def _conclusion(self, body: Concluded) -> str:
        whole = body.ok and body.call_id not in self._cut
        if self.speaker == body.call_id or not (self._stream or whole):
            return ""
        text = body.text
        if self._verdict is not None and self._verdict.claims:
            # Answers that cite are few.
            from ultra.output.written import with_claims  # noqa: PLC0415

            text = with_claims(text, self._verdict, lambda call: self._names.get(call, call))
        return f"\n\n{text}" if self.speaker is not None else text
