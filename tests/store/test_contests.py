"""What was found of answers, out of a log as it is and as an older ultra left it."""

import sqlite3
from contextlib import closing

from ultra.core.tags import Marks
from ultra.store.contests import contests


def test_a_log_of_an_older_ultra_tells_of_nothing() -> None:
    """It has no such tables until the next run renews it; a route must not stumble over that."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA user_version = 4")

        assert contests(connection, 0.0, Marks()) == []
