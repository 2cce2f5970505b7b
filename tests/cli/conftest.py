"""A home for every test, and one that already holds runs."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import REPOSITORY, Cli
from tests.support.process import Ultra
from ultra.providers.vendors import VENDORS

CODE = "Here it is:\n\n```python\nprint(1)\n```\n\nand\n\n```sh\nls\n```\n"
"""What the newest run in `logged` answers."""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, no profile and no setting of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("ULTRA_"):
            monkeypatch.delenv(name)
    for row in VENDORS.values():
        for name in row.key_env:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path / "home", capfd, monkeypatch)


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three runs: a comparison, a question, and one whose answer holds code."""
    home = tmp_path_factory.mktemp("logged") / "home"
    told = {"ULTRA_HOME": str(home), "ULTRA_PROFILE": "development"}
    for words in (
        ["compare", "-m", "swift", "-m", "steady", "What is 2 + 2?"],
        ["ask", "-m", "swift", "What is 7 * 8?"],
        ["ask", "-m", "steady", "Write a sorting function"],
    ):
        subprocess.run(
            [sys.executable, "-m", "ultra", *words],
            env={**os.environ, **told},
            cwd=home.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
    database = sqlite3.connect(home / "data" / "ultra.db")
    with database:
        database.execute(
            "UPDATE runs SET answer = ? WHERE prompt = 'Write a sorting function'", (CODE,)
        )
    database.close()
    return home


@pytest.fixture
def old(logged: Path, cli: Cli) -> Cli:
    """The command line over a copy of the home with runs."""
    shutil.copytree(logged, cli.home)
    return cli


@pytest.fixture
def process(tmp_path: Path) -> Ultra:
    """`ultra` as a process, with a keyring in a file."""
    return Ultra(
        tmp_path,
        PYTHON_KEYRING_BACKEND="tests.support.keyring_file.FileKeyring",
        TEST_KEYRING_FILE=str(tmp_path / "keyring.json"),
        PYTHONPATH=f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'src'}",
    )


@pytest.fixture
def headless(tmp_path: Path) -> Ultra:
    """`ultra` as a process on a machine that has no keyring."""
    return Ultra(tmp_path)
