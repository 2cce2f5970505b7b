"""What was found when answers were laid side by side."""

from msgspec import Struct


class Verdict(Struct, frozen=True, omit_defaults=True):
    """How alike the usable answers of a run are; similarity is agreement, never quality.

    `call_ids` names the usable answers in the order asked for. `similarity[i][j]` is 0..1 and
    symmetric with 1 on the diagonal. `medoid` is the answer most like the others, None for fewer
    than three. `clusters` groups the indices of answers that are equal after normalisation.
    `shared` are the sentences that all say, `differing` what each says besides, in its own
    order.
    """

    call_ids: tuple[str, ...]
    similarity: tuple[tuple[float, ...], ...] = ()
    clusters: tuple[tuple[int, ...], ...] = ()
    medoid: int | None = None
    shared: tuple[str, ...] = ()
    differing: tuple[tuple[str, ...], ...] = ()
