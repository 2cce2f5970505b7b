"""`ultra demo`: the main job without a key, and marked as what it is."""

import asyncio

import pytest

from tests.support.cli import Cli
from tests.support.process import Ended, Ultra


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Ultra:
    """A machine without a key, a profile or a keyring."""
    return Ultra(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def demo(home: Ultra) -> Ended:
    """What `ultra demo` said there; it takes a few seconds."""
    return asyncio.run(home.run("demo"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Ultra:
    """A machine whose profiles are not even YAML, one of them called as the demo's is."""
    ultra = Ultra(tmp_path_factory.mktemp("broken"))
    profiles = ultra.home / "config" / "profiles"
    profiles.mkdir(parents=True)
    for path in (ultra.home / "config" / "ultra.yaml", profiles / "development.yaml"):
        path.write_text("this is not: [a profile\n", encoding="utf-8")
    return ultra


@pytest.fixture(scope="module")
def wordless(broken: Ultra) -> Ended:
    """What `ultra demo --no-log` said there."""
    return asyncio.run(broken.run("demo", "--no-log", "-P", "production"))


def test_the_demo_needs_nothing_and_leaves_three_simulated_runs(home: Ultra, demo: Ended) -> None:
    """A fusion, a comparison and a single question, every one of them marked in the log."""
    assert demo.code == 0
    assert home.rows("SELECT verb, strategy, simulated, status FROM runs ORDER BY id") == [
        ("ask", "fusion", 1, "ok"),
        ("compare", "all", 1, "ok"),
        ("ask", "single", 1, "ok"),
    ]
    assert home.rows("SELECT DISTINCT simulated FROM calls") == [(1,)]


def test_every_step_says_simulated_and_shows_its_command(demo: Ended) -> None:
    """Nobody can take what it says for a model's words."""
    steps = [line for line in demo.out.splitlines() if line.startswith("(")]
    commands = [line for line in demo.out.splitlines() if line.startswith("$ ultra ")]
    assert len(steps) == 3
    assert all("simulated" in step for step in steps)
    assert len(commands) == 4
    assert all("-P development" in command for command in commands[:3])
    assert demo.out.count("(simulated)") == 3
    assert all("simulated" in line for line in demo.err.splitlines())


def test_the_demo_runs_over_the_shipped_profile_whatever_is_set(wordless: Ended) -> None:
    """A profile of the user's own by that name, or a broken one, is not asked."""
    assert wordless.code == 0
    assert "simulated" in wordless.out


def test_no_log_keeps_the_rows_and_no_words(broken: Ultra, wordless: Ended) -> None:
    """As `-n` does everywhere."""
    assert wordless.code == 0
    assert broken.rows("SELECT count(*), count(prompt), count(answer) FROM runs") == [(3, 0, 0)]


def test_without_it_nothing_is_ever_simulated(cli: Cli) -> None:
    """Nothing set up: `ask` and `compare` exit 3 and name `ultra init` and `ultra demo`."""
    for verb in ("ask", "compare"):
        said = cli(verb, "hello there")

        assert (said.code, said.out) == (3, "")
        assert "`ultra init`" in said.err
        assert "`ultra demo`" in said.err
    assert not (cli.home / "data").exists()
