"""Every test of profiles has a home of its own."""

from pathlib import Path

import pytest

from tests.support.config import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home with a small catalog."""
    return make_home(tmp_path)
