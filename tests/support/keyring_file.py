"""A keyring in a JSON file, for processes that a test starts.

Chosen by `PYTHON_KEYRING_BACKEND=tests.support.keyring_file.FileKeyring`; `TEST_KEYRING_FILE` says
where.
"""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """Keeps passwords where a test can look at them."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept, None for nothing."""
        return _read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        _write({**_read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        kept = _read()
        del kept[f"{service}/{username}"]
        _write(kept)


def _file() -> Path:
    return Path(os.environ["TEST_KEYRING_FILE"])


def _read() -> dict[str, str]:
    if not _file().exists():
        return {}
    kept: dict[str, str] = json.loads(_file().read_text(encoding="utf-8"))
    return kept


def _write(kept: dict[str, str]) -> None:
    _file().write_text(json.dumps(kept), encoding="utf-8")
