"""A keyring without a desktop: answers every question with the bench's key, after no time."""

import os

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """Chosen by `PYTHON_KEYRING_BACKEND`; what is measured is `keyring` itself, not a vault."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        """The key of the bench, whoever asks."""
        return os.environ["BENCH_KEYRING"]

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nothing is kept."""

    def delete_password(self, service: str, username: str) -> None:
        """Nothing is there."""
