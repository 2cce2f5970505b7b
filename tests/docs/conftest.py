"""A home for every test that runs a command of the documentation."""

import os
from pathlib import Path

import pytest

from tests.support.cli import Cli
from ultra.providers.vendors import VENDORS


@pytest.fixture
def cli(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`ultra` with no key, no profile and no setting of whoever runs the tests."""
    ours = [name for name in os.environ if name.startswith("ULTRA_")]
    for name in [*ours, *(name for row in VENDORS.values() for name in row.key_env)]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Cli(tmp_path / "home", capfd, monkeypatch)
