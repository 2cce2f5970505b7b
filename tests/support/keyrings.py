"""A keyring in memory, and one that never answers."""

import threading

from keyring.backend import KeyringBackend


class MemoryKeyring(KeyringBackend):
    """Keeps passwords for as long as the test lasts; `trouble` is raised by every use."""

    priority = 1.0

    def __init__(self, entries: dict[str, str] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries = {("ultra", name): key for name, key in (entries or {}).items()}
        self.reads = 0
        self.trouble: BaseException | None = None
        self.gate = threading.Event()
        self.gate.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]
