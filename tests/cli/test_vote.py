"""A vote on the command line: what was counted, and that nobody won where nobody did."""

import msgspec

from tests.support.cli import Cli

MEMBERS = ("-m", "swift", "-m", "steady", "-m", "scholar")


def test_a_vote_that_nobody_wins_is_an_error_with_the_next_step(cli: Cli) -> None:
    """Exit code 6, nothing on stdout, and the status says the same in the log."""
    ended = cli("ask", "-P", "development", *MEMBERS, "--strategy", "vote", "Name a colour.")
    logged = cli("logs", "--json").out

    assert (ended.code, ended.out) == (6, "")
    assert "warning: no consensus: " in ended.err
    assert "error: the answers come to no consensus\nhint: `ultra compare` shows" in ended.err
    assert msgspec.json.decode(logged)[0]["status"] == "no_consensus"
