"""What the ledger asks its writer to put on record."""

import asyncio

from msgspec import Struct

from ultra.core.ledger import Admitted, AttemptRecord, AttemptResult, Refused, RunEnd, RunRecord
from ultra.core.verdict import Verdict


class Reply(Struct, frozen=True):
    """Somebody on an event loop who waits for an outcome."""

    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Admitted | Refused | bool]"


class Admit(Struct):
    """An attempt that wants to leave; `reply` None once its answer was given."""

    attempt: AttemptRecord
    run: RunRecord
    reply: Reply | None


class Pieces(Struct, frozen=True):
    """More text by attempt."""

    texts: dict[str, str]


class Close(Struct, frozen=True):
    """An attempt that has ended; `attempt` None for one that this ledger never saw begin."""

    attempt_id: str
    result: AttemptResult
    keep_text: bool
    attempt: AttemptRecord | None = None
    hash_key: bytes = b""


class Served(Struct, frozen=True):
    """A call that an earlier answer served."""

    attempt: AttemptRecord
    result: AttemptResult
    run: RunRecord


class Judged(Struct, frozen=True):
    """A verdict on a run."""

    run_id: str
    verdict: Verdict


class End(Struct, frozen=True):
    """A run that is over."""

    run: RunRecord
    end: RunEnd


class Flush(Struct, frozen=True):
    """Somebody waits until all that was said before is committed."""

    reply: Reply


class Wake(Struct, frozen=True):
    """Text has begun to wait for its checkpoint."""


class Stop(Struct, frozen=True):
    """Commit what is there and end."""


Operation = Admit | Pieces | Close | Served | Judged | End | Flush | Wake | Stop
"""One thing to do, in the order said."""

URGENT = (Admit, Flush, Stop)
"""Operations that somebody waits for: a group with one of them is committed at once."""
