"""A checked profile is recalled, and only while everything it was made of still holds."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.config import FakeCatalog, Home
from ultra.config.cache import MOST_ENTRIES
from ultra.config.load import load_cached
from ultra.core.profile import Profile


def _entries(home: Home) -> list[Path]:
    return sorted((home.paths.cache / "profiles").glob("*.mp"))


def _cached(home: Home, selector: str | None = None, **variables: str) -> Profile | None:
    return load_cached(
        selector,
        environ={**home.environ, **variables},
        cwd=home.root,
        paths=home.paths,
        catalog=home.catalog,
    )


def test_a_recalled_profile_is_the_same(home: Home) -> None:
    """Prices, timers, options and all."""
    home.own(
        "p",
        "providers: {sim: {protocol: simulated, options: {a: [1, 2.5, ~, x]}}, openai: {}}\n"
        "models: {m: {model: 'openai:gpt', price: {input_per_mtok: 0.1, output_per_mtok: 2}}}\n"
        "ensembles: {e: {strategy: first, members: [m, 'sim:x']}}\nbudget: {day_usd: 1}\n",
    )

    first = home.load("p")

    assert _cached(home, "p") == first
    assert home.load("p") == first


def test_completions_never_read_the_files(home: Home) -> None:
    """What is not kept is not offered."""
    home.own("p", "")

    assert _cached(home, "p") is None


def _aliases(home: Home) -> None:
    home.write(home.paths.aliases_file, "version: 1\n")


def _itself(home: Home) -> None:
    home.own("p", "extends: q\nconfirm_usd: 1\n")


def _below(home: Home) -> None:
    home.own("q", "confirm_usd: 2\n")


def _deleted(home: Home) -> None:
    (home.paths.profiles_dir / "q.yaml").unlink()


def _a_folder_now(home: Home) -> None:
    _deleted(home)
    (home.paths.profiles_dir / "q.yaml").mkdir()


@pytest.mark.parametrize("change", [_itself, _below, _aliases, _deleted, _a_folder_now])
def test_a_change_of_any_file_is_seen(home: Home, change: Callable[[Home], None]) -> None:
    """The profile, what it extends, and the aliases."""
    home.own("p", "extends: q\n")
    home.own("q", "")
    home.load("p")
    assert _cached(home, "p") is not None

    change(home)

    assert _cached(home, "p") is None


def test_a_new_profile_in_front_of_a_shipped_one_is_seen(home: Home) -> None:
    """The name leads elsewhere now."""
    home.own("p", "extends: development\n")
    home.load("p")

    home.own("development", "confirm_usd: 4\n")

    assert _cached(home, "p") is None
    assert home.load("p").confirm_usd == 4.0


def test_another_catalog_is_another_entry(home: Home) -> None:
    """New prices are not hidden behind old ones."""
    home.own("p", "models: {m: openai:gpt}\n")
    home.load("p")

    home.catalog = FakeCatalog(date="2027-01-01")

    assert _cached(home, "p") is None


def test_a_key_that_comes_or_goes_is_seen(home: Home) -> None:
    """By its presence, in the profile of the environment and in production."""
    assert list(home.load(OPENAI_KEY="a").providers) == ["openai"]
    assert _cached(home, OPENAI_KEY="b") is not None
    assert home.load().providers == {}

    home.own("prod", "environment: production\nproviders: {openai: {}}\n")
    assert home.problems("prod", OPENAI_KEY="a") == []
    assert home.problems("prod") != []


def test_a_part_of_a_url_is_seen_when_it_changes(home: Home) -> None:
    """Its value decides where a key goes."""
    home.own("az", "providers: {azure: {}}\n")

    first = home.load("az", AZ="one").providers["azure"].base_url
    second = home.load("az", AZ="two").providers["azure"].base_url

    assert (first, second) == ("https://one.azure.example/v1", "https://two.azure.example/v1")


@pytest.mark.parametrize(
    "content", [b"", b"\xc1", b"\x93garbage", b"\x81\xa1a\x01", b"\x00" * 50], ids=repr
)
def test_a_corrupt_entry_is_passed_over_and_replaced(home: Home, content: bytes) -> None:
    """A cache is never a reason to fail."""
    home.own("p", "confirm_usd: 5\n")
    home.load("p")
    (entry,) = _entries(home)
    entry.write_bytes(content)

    assert home.load("p").confirm_usd == 5.0
    assert _cached(home, "p") is not None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_an_entry_of_another_user_is_passed_over(home: Home) -> None:
    """Where the cache lies in a shared folder."""
    home.own("p", "")
    home.load("p")
    os.chown(_entries(home)[0], 12345, -1)

    assert _cached(home, "p") is None


def test_a_cache_that_cannot_be_written_changes_nothing(home: Home) -> None:
    """A read-only home still has profiles."""
    home.own("p", "confirm_usd: 5\n")
    home.paths.cache.write_text("a file in its place")

    assert home.load("p").confirm_usd == 5.0


def test_an_entry_holds_no_key_and_is_private(home: Home) -> None:
    """Not even a digest of one."""
    home.own("p", "environment: production\nproviders: {openai: {}}\n")
    home.load("p", OPENAI_KEY="sk-very-secret")

    (entry,) = _entries(home)

    assert b"very-secret" not in entry.read_bytes()
    assert entry.stat().st_mode & 0o77 == 0


def test_old_entries_are_dropped(home: Home) -> None:
    """The folder does not grow with every project ever visited."""
    for number in range(MOST_ENTRIES + 3):
        home.own(f"p{number}", "")
        home.load(f"p{number}")

    assert len(_entries(home)) == MOST_ENTRIES


def test_a_recalled_profile_imports_no_yaml(home: Home) -> None:
    """14 ms of every start-up otherwise; nor is anything else loaded that a run may not need."""
    home.own("p", "models: {m: openai:gpt}\n")
    home.load("p")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.support.config import make_home\n"
        "from ultra.config.secrets import Keys\n"
        "home = make_home(Path(sys.argv[1]))\n"
        "Keys(home.environ, paths=home.paths)\n"
        "assert home.load('p').models\n"
        "slow = {'yaml', 'keyring', 'platformdirs', 'ultra.config.build'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(home.root)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": os.pathsep.join(["src", "."]), "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
    )

    assert (done.stdout.strip(), done.stderr) == ("[]", "")
