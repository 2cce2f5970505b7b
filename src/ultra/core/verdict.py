"""What was found when answers were laid side by side."""

from msgspec import Struct


class Ballot(Struct, frozen=True, omit_defaults=True):
    """One judge's word on some answers, all named by the ids of their calls.

    `display_order` is how they were shown, first to last; `ranking` is best first, empty for a tie
    of two. `call_id` is the judge's own call.
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


class Verdict(Struct, frozen=True, omit_defaults=True):
    """How alike the usable answers of a run are; similarity is agreement, never quality.

    `call_ids` names the usable answers in the order asked for. `similarity[i][j]` is 0..1 and
    symmetric with 1 on the diagonal. `medoid` is the answer most like the others, None for fewer
    than three. `clusters` groups the indices of answers that are equal after normalisation.
    `shared` are the sentences that all say, `differing` what each says besides, in its own
    order. `extracted` is what each answer comes to, None for an abstention; `clusters` are then
    those that come to the same. `winner` is the answer chosen, None when none was, with the
    `share` of votes it got and the `key` that it comes to. `ballots` are the judges' words and
    `standings` what they come to, best first; `swap_consistency` is the share of pairs judged
    alike in both orders, `concordance` Kendall's W.
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
    key: str | None = None
    ballots: tuple[Ballot, ...] = ()
    standings: tuple[Standing, ...] = ()
    swap_consistency: float | None = None
    concordance: float | None = None
