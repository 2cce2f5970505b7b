"""The calls that each strategy makes at the most, foreseen before anything is sent.

What a hard budget sets aside and what `--dry-run` prints is reckoned from these: members, judges in
every order, second tries at JSON, layers, rounds, revisions and writers. Nothing is ever asked for
beyond them but what a retry asks for again.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from ultra.core.events import CallRole
from ultra.core.model import Method, Target
from ultra.core.request import Message, input_tokens_bound, said
from ultra.core.strategies import strategy_row

INSTRUCTIONS_TOKENS = 1000
"""What the texts around answers add for whoever compares, judges or writes: some 1,400 bytes."""

FENCE_TOKENS = 40
"""What the fences of one answer add: two lines with a nonce and a label."""

FORMAT_TOKENS = 60
"""What the line adds that says how an answer is to end."""

COMPLAINT_TOKENS = 400
"""What a second try is told of the first, beside its words: why it was not the JSON asked for."""

Voice = tuple[int, ...]
"""Places of calls of which one speaks: alone for a model, several for an ensemble."""


class Foreseen(Struct, frozen=True):
    """One call that may be made.

    `reads` are the answers that go into its input, each as the calls of which one gives it; `more`
    are the tokens of our own texts in it. `capped` says whether the user's cap on answers holds for
    it, `likely` whether it is made when nothing fails.
    """

    role: CallRole
    target: Target
    reads: tuple[Voice, ...] = ()
    more: int = 0
    capped: bool = True
    likely: bool = True


class Scheme(Struct, frozen=True):
    """What is planned for: a strategy with its people and how it goes about it.

    `schema` says that answers are held to one, `repair` that one that is not is asked for again.
    `before` are the tokens of each member's own turns before the prompt, empty where they share
    all. `given` are the tokens of an earlier answer that judges see beside the new one.
    """

    strategy: str
    members: tuple[Target, ...]
    writer: Target | None = None
    method: Method = Method()
    schema: bool = False
    repair: bool = False
    before: tuple[int, ...] = ()
    given: int = 0

    @property
    def voices(self) -> list[Target]:
        """The models that write or judge where one of the members is to."""
        return [member.voice for member in self.members]


def foreseen(scheme: Scheme) -> list[Foreseen]:
    """Every call that may be made, in the order in which they could be."""
    book = _Book()
    speakers = book.played(scheme)
    if scheme.schema and scheme.repair:
        mender = dearest([book.calls[place].target for place in speakers])
        book.call("answer", mender, (speakers,), COMPLAINT_TOKENS, likely=False)
    return book.calls


def dearest(targets: Sequence[Target]) -> Target:
    """The one whose answers cost the most, the first of equals; one without a price before all."""

    def price(target: Target) -> float:
        if target.price is None:
            return float("inf")
        return target.price.output.nano_per_mtok + target.price.input.nano_per_mtok

    return max(targets, key=price)


class _Book:
    """Calls as they are added, each at its place; `_told` is what all of them read besides."""

    def __init__(self) -> None:
        self.calls: list[Foreseen] = []
        self._told: tuple[tuple[Voice, ...], int, bool] = ((), 0, True)

    def call(
        self,
        role: CallRole,
        target: Target,
        reads: Sequence[Voice] = (),
        more: int = 0,
        *,
        capped: bool = True,
        likely: bool = True,
    ) -> Voice:
        """One call; for an ensemble all those that are made for it, each with what it is asked."""
        before, added, usual = self._told
        reads, more, likely = (*before, *reads), added + more, usual and likely
        if target.ensemble is None:
            size = more + FENCE_TOKENS * len(reads)
            self.calls.append(Foreseen(role, target, reads, size, capped, likely))
            return (len(self.calls) - 1,)
        one = target.ensemble
        self._told = (reads, more, likely)
        speakers = self.played(Scheme(one.strategy, one.members, one.synthesizer, one.method))
        self._told = (before, added, usual)
        return speakers

    def shaped(
        self,
        role: CallRole,
        target: Target,
        reads: Sequence[Voice],
        more: int = 0,
        *,
        capped: bool = False,
        likely: bool = True,
    ) -> list[Voice]:
        """JSON of a shape: one call, and a second that is shown the first and what was wrong."""
        size = INSTRUCTIONS_TOKENS + more
        first = self.call(role, target, reads, size, capped=capped, likely=likely)
        size += COMPLAINT_TOKENS
        again = self.call(role, target, (*reads, first), size, capped=capped, likely=False)
        return [first, again]

    def panel(self, scheme: Scheme) -> list[Voice]:
        """Every member once."""
        more = FORMAT_TOKENS if _ends(scheme.method) else 0
        before = scheme.before or (0,) * len(scheme.members)
        return [
            self.call("member", member, more=more + own)
            for member, own in zip(scheme.members, before, strict=True)
        ]

    def written(self, scheme: Scheme, reads: Sequence[Voice], *, likely: bool = True) -> Voice:
        """The writer, whose citations may be asked for again."""
        writer = scheme.writer or dearest(scheme.voices)
        if scheme.method.cite:
            drafts = self.shaped("draft", writer, reads, capped=True, likely=likely)
            return tuple(place for draft in drafts for place in draft)
        return self.call("writer", writer, reads, INSTRUCTIONS_TOKENS, likely=likely)

    def compared(self, scheme: Scheme, voices: Sequence[Voice], *, likely: bool = True) -> Voice:
        """An analysis and what is written after it."""
        reads: list[Voice] = list(voices)
        if not scheme.method.one_call:
            # Who compares is the fusion's to say; a run of one model does not need to know.
            from ultra.strategies.fusion import analyst  # noqa: PLC0415

            writer = scheme.writer or dearest(scheme.voices)
            judge = analyst(scheme.method, scheme.members, writer)
            said_so = self.shaped("analysis", judge, voices, likely=likely)
            reads.append(tuple(place for one in said_so for place in one))
        return self.written(scheme, reads, likely=likely)

    def played(self, scheme: Scheme) -> Voice:
        """All calls of a strategy, and which of them may speak for it."""
        return _PLAYS.get(scheme.strategy, _each)(self, scheme)


def _ends(method: Method) -> bool:
    return method.extract is not None or any(one.kind == "number" for one in method.expect)


def _speakers(voices: Sequence[Voice]) -> Voice:
    return tuple(place for voice in voices for place in voice)


def _in_order(book: _Book, scheme: Scheme) -> Voice:
    voices = [
        book.call("answer", member, likely=place == 0)
        for place, member in enumerate(scheme.members)
    ]
    return _speakers(voices)


def _each(book: _Book, scheme: Scheme) -> Voice:
    """Every member as often as the row says, and whoever is asked after them; each reads all."""
    row = strategy_row(scheme.strategy)
    voices = said_so = book.panel(scheme)
    for _ in range(1, row.each):
        voices = [
            book.call("member", member, said_so, INSTRUCTIONS_TOKENS) for member in scheme.members
        ]
        said_so = [*said_so, *voices]
    for _ in range(row.after):
        said_so = [*said_so, book.written(scheme, said_so)]
    return _speakers(said_so)


def _all(book: _Book, scheme: Scheme) -> Voice:
    """Members, and the judges of a comparison."""
    voices = book.panel(scheme)
    if scheme.method.judges:
        _judged(book, scheme, voices)
        if scheme.method.reading:
            for judge in scheme.method.judges:
                book.shaped("judge", judge, voices)
    return _speakers(voices)


def _replay(book: _Book, scheme: Scheme) -> Voice:
    """One answer, which every judge sees beside the one that is given, in both orders."""
    voice = book.call("member", scheme.members[0])
    more = _criteria(scheme.method) + scheme.given + FENCE_TOKENS
    for judge in scheme.method.judges:
        for _ in range(2):
            book.shaped("judge", judge, [voice], more)
    return voice


def _fusion(book: _Book, scheme: Scheme) -> Voice:
    voices = book.panel(scheme)
    return (*_speakers(voices), *book.compared(scheme, voices))


def _vote(book: _Book, scheme: Scheme) -> Voice:
    voices = book.panel(scheme)
    if scheme.method.escalate:
        return (*_speakers(voices), *book.compared(scheme, voices, likely=False))
    return _speakers(voices)


def _usc(book: _Book, scheme: Scheme) -> Voice:
    voices = book.panel(scheme)
    named = [*scheme.method.judges[:1], *([scheme.writer] if scheme.writer else [])]
    judge = named[0] if named else dearest(scheme.voices)
    for _ in range(2):
        book.shaped("judge", judge, voices)
    return _speakers(voices)


def _best_of(book: _Book, scheme: Scheme) -> Voice:
    voices = book.panel(scheme)
    _judged(book, scheme, voices)
    return _speakers(voices)


def _judged(book: _Book, scheme: Scheme, voices: Sequence[Voice]) -> None:
    """Every judge in every order, over the answers that it may judge."""
    # Judges know the evaluation of ballots, which a run without them has no use for.
    from ultra.strategies.judging import own_model  # noqa: PLC0415
    from ultra.strategies.panels import MOST_ROTATIONS  # noqa: PLC0415

    method, more = scheme.method, _criteria(scheme.method)
    for judge in method.judges:
        shown = [
            voice
            for member, voice in zip(scheme.members, voices, strict=True)
            if method.self_judging or not own_model(judge, member)
        ]
        if len(voices) == 2 or method.duels:
            pairs = [(one, two) for one in shown for two in shown if one != two]
            for pair in pairs:
                book.shaped("judge", judge, pair, more)
        elif len(shown) > 1:
            for _ in range(min(MOST_ROTATIONS, len(shown))):
                book.shaped("judge", judge, shown, more)


def _council(book: _Book, scheme: Scheme) -> Voice:
    """Reviews by every member once; with too few ballots a fusion of the same answers."""
    from ultra.strategies.judging import own_model  # noqa: PLC0415 - as above

    voices = book.panel(scheme)
    minutes: list[Voice] = []
    seen: list[Target] = []
    for member in scheme.members:
        others = [
            voice
            for other, voice in zip(scheme.members, voices, strict=True)
            if not own_model(member, other)
        ]
        if len(others) > 1 and member.voice not in seen:
            seen.append(member.voice)
            reviews = book.shaped("judge", member.voice, others, _criteria(scheme.method))
            minutes.append(tuple(place for one in reviews for place in one))
    fused = book.compared(scheme, voices, likely=False)
    return (*_speakers(voices), *fused, *book.written(scheme, [*voices, *minutes]))


def _moa(book: _Book, scheme: Scheme) -> Voice:
    voices = first = book.panel(scheme)
    for _ in range(2, scheme.method.layers):
        read = _either(first, voices)
        voices = [
            book.call("member", member, read, INSTRUCTIONS_TOKENS) for member in scheme.members
        ]
    written = book.written(scheme, _either(first, voices))
    return (*_speakers(first), *_speakers(voices), *written)


def _debate(book: _Book, scheme: Scheme) -> Voice:
    from ultra.strategies.debate import ROUNDS  # noqa: PLC0415 - a plain run does not debate

    first = voices = book.panel(scheme)
    said_so: list[Voice] = list(first)
    for number in range(ROUNDS):
        read = _either(first, voices)
        more = INSTRUCTIONS_TOKENS + FORMAT_TOKENS
        voices = [
            book.call("member", member, read, more, likely=number == 0) for member in scheme.members
        ]
        said_so += voices
    return _speakers(said_so)


def _either(first: Sequence[Voice], last: Sequence[Voice]) -> list[Voice]:
    """What stands of each member: its latest answer, or the first where it failed since."""
    return [tuple(dict.fromkeys((*one, *two))) for one, two in zip(first, last, strict=True)]


def _cascade(book: _Book, scheme: Scheme) -> Voice:
    from ultra.strategies.cascade import judge_of  # noqa: PLC0415 - as above

    method, voices = scheme.method, list[Voice]()
    more = FORMAT_TOKENS if method.extract is not None else 0
    for place, member in enumerate(scheme.members):
        last, likely = place == len(scheme.members) - 1, place == 0
        answer = book.call("member", member, more=more, likely=likely)
        voices.append(answer)
        if not last and method.extract is not None:
            book.call("member", member, more=more, likely=likely)
        judge = None if last else judge_of(member, method)
        if judge is not None:
            book.shaped("judge", judge, [answer], _criteria(method), likely=likely)
    return _speakers(voices)


def _pipeline(book: _Book, scheme: Scheme) -> Voice:
    """Every revision goes through both gates, and reads what was said of the one before."""
    generator, method = scheme.members[0], scheme.method
    read: list[Voice] = []
    voices: list[Voice] = []
    for number in range(method.revisions + 1):
        likely = number == 0
        more = INSTRUCTIONS_TOKENS if read else 0
        answer = book.call("member", generator, read, more, likely=likely)
        voices.append(answer)
        gates = [
            place
            for judge in (method.judges[0], method.judges[-1])
            for one in book.shaped("judge", judge, [answer], _criteria(method), likely=likely)
            for place in one
        ]
        read = [answer, tuple(gates)]
    return _speakers(voices)


def _criteria(method: Method) -> int:
    """What criteria and reference add."""
    texts: tuple[Message, ...] = (said("user", method.criteria), said("user", method.reference))
    return input_tokens_bound(texts)


_PLAYS: dict[str, Callable[[_Book, Scheme], Voice]] = {
    "all": _all,
    "replay": _replay,
    "single": _in_order,
    "fallback": _in_order,
    "fusion": _fusion,
    "vote": _vote,
    "usc": _usc,
    "best-of": _best_of,
    "council": _council,
    "moa": _moa,
    "debate": _debate,
    "cascade": _cascade,
    "pipeline": _pipeline,
}
