"""What becomes of attempts that cannot be put on record: a hard budget lets none of them go."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from ultra.core.budget import Limit, scopes_of
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import Admitted, AttemptRecord, Refused, RunRecord
from ultra.store.limits import stored_limits

PATIENCE_S = 0.2
"""How long the limits are waited for where the file is locked for readers too."""


def verdict(
    attempt: AttemptRecord, run: RunRecord, stored: Sequence[Limit], warning: str
) -> Admitted | Refused:
    """Let an attempt go that nobody can write down, warned, unless a hard budget bounds it."""
    limit = _hard(attempt, run, stored)
    if limit is None:
        return Admitted(warning)
    return Refused(
        Failure(
            ErrorClass.BUDGET,
            f"the {limit.words} cannot be kept: {warning}",
            hint="nothing is sent that a hard budget cannot count; `ultra logs path` is its file",
        )
    )


def limits_at(path: Path) -> tuple[Limit, ...] | None:
    """The limits of a file that cannot be written; None when it cannot be read either."""
    for mode in ("mode=ro", "immutable=1"):  # where no file can be made beside it, WAL needs that
        with suppress(sqlite3.Error, OSError):
            uri = f"{path.absolute().as_uri()}?{mode}"
            with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE_S)) as connection:
                return stored_limits(connection)
    return None


def _hard(attempt: AttemptRecord, run: RunRecord, stored: Sequence[Limit]) -> Limit | None:
    """A hard limit that bounds the attempt; None for none, and where nothing is spent."""
    endpoint = attempt.target.endpoint
    if endpoint.simulated or (attempt.bound is not None and attempt.bound.free):
        return None
    scopes = scopes_of(run.profile, run.cost_center, run.tags, endpoint.provider, attempt.key_fp)
    limits = (*run.limits, *stored)
    return next((one for one in limits if one.mode == "hard" and one.scope in scopes), None)
