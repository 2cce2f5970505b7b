"""A key that cannot be printed by accident."""

import hashlib

_TELLING = 4
"""Characters of a key's beginning that are kept secret too; less is `sk-`."""


class Secret:
    """Holds a key; showing it in any way shows stars. `source` says where it came from."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str) -> None:
        self._value = value
        self.source = source

    def reveal(self) -> str:
        """The key itself, for the header of a request to its own host and nothing else."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that tell keys apart and give nothing away (SHA-256)."""
        return hashlib.sha256(b"ultra:" + self._value.encode()).hexdigest()[:8]

    def scrub(self, text: str) -> str:
        """The text with the key, wherever it stands, replaced by stars.

        A text that was cut (it ends in an ellipsis) may end in the beginning of the key.
        """
        if not self._value:
            return text
        text = text.replace(self._value, "***")
        if text.endswith("…"):
            for length in range(len(self._value) - 1, _TELLING - 1, -1):
                if text.endswith(self._value[:length] + "…"):
                    return text[: -length - 1] + "***…"
        return text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__
