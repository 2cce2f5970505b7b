"""What was found when answers were laid side by side."""

from msgspec import Struct, field


class Ballot(Struct, frozen=True, omit_defaults=True):
    """One judge's word on some answers, all named by the ids of their calls.

    `display_order` is how they were shown, first to last; `ranking` is best first, empty for a tie
    of two, and one alone where the judge was to name one. `call_id` is the judge's own call, empty
    for a tie of two equal texts, for which nobody had to be asked.
    """

    judge: str
    call_id: str
    display_order: tuple[str, ...]
    ranking: tuple[str, ...] = ()


class Standing(Struct, frozen=True):
    """One answer after all ballots: its mean score 0..1 and on how many ballots it stood."""

    call_id: str
    score: float
    ballots: int


class Remark(Struct, frozen=True):
    """What a judge sees in one answer: its strengths and its errors, in the judge's words."""

    judge: str
    call_id: str
    strengths: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Recusal(Struct, frozen=True):
    """A judge and an answer that it was not shown because its own model gave it."""

    judge: str
    call_id: str


class Reading(Struct, frozen=True):
    """Which answers come to the same for one judge: ids of calls, the largest group first."""

    judge: str
    call_id: str
    groups: tuple[tuple[str, ...], ...]


class Check(Struct, frozen=True, omit_defaults=True):
    """Whether an answer met an expectation; `why` says what was found instead."""

    call_id: str
    expectation: str
    met: bool
    why: str = ""


class Stated(Struct, frozen=True):
    """A value in the words of the first answer that states it, and the calls that do."""

    value: str
    call_ids: tuple[str, ...]


class Conflict(Struct, frozen=True):
    """Numbers that answers state differently about one thing: a unit, or a sentence around them."""

    about: str
    values: tuple[Stated, ...]


class Contender(Struct, frozen=True, omit_defaults=True):
    """One model with all its samples, which count as one.

    `score` (0..1) is the mean over the judges of what each gives its samples on average, with its
    95% interval over the judges; `judges` is how many that are. `passed` of `checked` samples met
    every expectation, `pass_low` to `pass_high` is the 95% interval of that share. None where
    nothing was judged or checked, or where there is too little for an interval.
    """

    name: str
    model: str
    call_ids: tuple[str, ...]
    score: float | None = None
    low: float | None = None
    high: float | None = None
    judges: int = 0
    passed: int = 0
    checked: int = 0
    pass_low: float | None = None
    pass_high: float | None = None


class Claim(Struct, frozen=True, omit_defaults=True):
    """Something that a written answer claims.

    `support` are the ids of the calls whose answers say it; empty for a claim of the writer's own.
    """

    text: str
    support: tuple[str, ...] = ()


class Debated(Struct, frozen=True, omit_defaults=True):
    """What a debate changed in so many `rounds`.

    `key` and `share` are those of the vote before the first round, None where it was undecided. By
    the reference `spoilt` were right before and wrong after, `mended` the other way round, as ids
    of the calls before the first round; both are None without a reference.
    """

    rounds: int
    key: str | None = None
    share: float | None = None
    spoilt: tuple[str, ...] | None = None
    mended: tuple[str, ...] | None = None


class Verdict(Struct, frozen=True, omit_defaults=True):
    """How alike the usable answers of a run are; similarity is agreement, never quality.

    `call_ids` names the usable answers in the order asked for. `similarity[i][j]` is 0..1 and
    symmetric with 1 on the diagonal. `medoid` is the answer most like the others, None for fewer
    than three. `clusters` groups the indices of answers that are equal after normalisation.
    `shared` are the sentences that all say, `differing` what each says besides, in its own order.
    `extracted` is what each answer comes to, None for an abstention; `clusters` are then those that
    come to the same. `winner` is the answer chosen, None when none was, with the `share` of votes
    it got, the `margin` (a share too) by which it leads and the `key` that it comes to. `ballots`
    are the judges' words and `standings` what they come to, best first; `swap_consistency` is the
    share of pairs judged alike in both orders, `concordance` Kendall's W, `deviations` the share of
    pairs that each judge orders otherwise than the result. `contenders` are the models behind the
    answers, best first where judged, else in the order asked for; `unmeasured` says why a score
    among them has no interval. `agreement` (0..1) is the share of the answers that come to the
    same, each model counting as one, and `agreed_on` what it was read by: an extractor or `judges`;
    None where only likeness of words is known, which decides nothing. `labels` are what the answers
    were shown under to somebody who was not to know who gave them, empty where names were shown.
    `claims` are those of a written answer that cites, `unsupported_tokens` the numbers, addresses
    and quoted names of one that stand neither in the answers it was written from nor in the prompt.
    `debated` is what a debate changed.
    """

    call_ids: tuple[str, ...]
    similarity: tuple[tuple[float, ...], ...] = ()
    clusters: tuple[tuple[int, ...], ...] = ()
    medoid: int | None = None
    shared: tuple[str, ...] = ()
    differing: tuple[tuple[str, ...], ...] = ()
    extracted: tuple[str | None, ...] = ()
    winner: str | None = None
    share: float | None = None
    margin: float | None = None
    key: str | None = None
    ballots: tuple[Ballot, ...] = ()
    standings: tuple[Standing, ...] = ()
    swap_consistency: float | None = None
    concordance: float | None = None
    deviations: dict[str, float] = field(default_factory=dict)
    contenders: tuple[Contender, ...] = ()
    unmeasured: str = ""
    remarks: tuple[Remark, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    readings: tuple[Reading, ...] = ()
    agreement: float | None = None
    agreed_on: str = ""
    checks: tuple[Check, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    labels: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    unsupported_tokens: tuple[str, ...] = ()
    debated: Debated | None = None
