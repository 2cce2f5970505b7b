"""What a shell prompt shows of the log, without a profile and without a parser."""

import time
from collections.abc import Mapping

from ultra.config.paths import Paths
from ultra.core.glance import Glance
from ultra.store.glance import glance


def look(environ: Mapping[str, str]) -> Glance | None:
    """What the user's log says now; None when there is no log. Raises `OSError` when it fails."""
    return glance(Paths.from_env(environ).database, time.time())
