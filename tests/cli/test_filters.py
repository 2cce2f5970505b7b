"""Options that several commands have alike: what they are called, and whom their variables bind."""

import pytest

from tests.support.cli import Cli

COMMANDS = {
    "ULTRA_COST_SINCE": ["cost"],
    "ULTRA_STATS_SINCE": ["stats"],
    "ULTRA_LOGS_SINCE": ["logs", "export"],
    "ULTRA_LOGS_AUDIT_SINCE": ["logs", "audit"],
}


@pytest.mark.parametrize("variable", COMMANDS)
def test_a_span_in_a_variable_is_for_one_command(
    cli: Cli, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which its name tells; the others go on as if it were not there."""
    monkeypatch.setenv(variable, "soon")

    refused = [name for name, words in COMMANDS.items() if "soon" in cli(*words).err]

    assert refused == [variable]
