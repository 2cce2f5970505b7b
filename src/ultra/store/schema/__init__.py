"""The tables, as steps from one version of the file to the next.

Times are UTC seconds since the epoch, durations seconds, money nano-dollars with NULL for unknown.
The views whose names begin with `v_` are for people who open the file with datasette: ISO times,
dollars and no joins to write.
"""

from ultra.store.schema.figures import V8
from ultra.store.schema.findings import V5, V6, V7
from ultra.store.schema.record import V1, V2, V3
from ultra.store.schema.shared import V4
from ultra.store.schema.trail import V9, V10

Steps = tuple[tuple[str, ...], ...]

MIGRATIONS: Steps = (V1, V2, V3, V4, V5, V6, V7, V8, V9, V10)
"""Step n takes a file from version n to n + 1; `user_version` is the number of steps taken."""
