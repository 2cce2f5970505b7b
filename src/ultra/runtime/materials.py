"""What goes into a prompt besides its words: files, pages, pictures and piped text."""

import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.request import Media

LARGEST_BYTES = 20_000_000
"""No provider takes more in one request (Gemini's inline limit is 20 MB)."""

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
"""First bytes of the types that models take. Source: the formats' own specifications."""

Fetch = Callable[[str], Awaitable[str]]
"""Gets the text of a page. Raises `CallError` or `UsageError`."""


def is_url(source: str) -> bool:
    """Whether a source is a web address rather than a file."""
    return urlsplit(source).scheme in ("http", "https")


def read_bytes(source: str, what: str) -> bytes:
    """The bytes of a file, pipe or process substitution.

    Raises `UsageError` when it is missing, unreadable, a directory or over 20 MB.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        raise UsageError(f"{what} `{source}` is a directory", hint="name the files in it")
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{what} `{source}` cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_BYTES:
        raise UsageError(f"{what} `{source}` is larger than {LARGEST_BYTES // 1_000_000} MB")
    return data


def decoded(data: bytes, where: str) -> str:
    """The text of bytes from `where`. Raises `UsageError` for what is not UTF-8 text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{where} is not UTF-8 text (byte {error.start})",
            hint="pictures, PDFs and sound go in with `-a`",
        ) from error
    if "\x00" in text:
        raise UsageError(f"{where} is binary", hint="pictures, PDFs and sound go in with `-a`")
    return text


def text_or_file(value: str, what: str) -> str:
    """The text of the file that a value names, else the value itself.

    Raises `UsageError` for a file that cannot be read or holds nothing.
    """
    try:
        found = "\n" not in value and value != "" and Path(value).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):  # too long for a name, no such home, a NUL
        return value
    if not found:
        return value
    text = decoded(read_bytes(value, what), f"{what} `{value}`").strip()
    if not text:
        raise UsageError(f"{what} `{value}` is empty")
    return text


class Quoted(Struct, frozen=True):
    """A file or page that goes into a prompt. `source` is what was typed to name it."""

    name: str
    text: str
    source: str = ""

    @property
    def block(self) -> str:
        """Its text as it stands in a prompt, between tags that name it."""
        return f'<file name="{self.name}">\n{self.text.rstrip()}\n</file>'


def attachment(source: str, stdin: bytes | None = None) -> Media:
    """A picture, PDF or sound from a file, a URL or `-` (the bytes of stdin).

    Raises `UsageError` when it cannot be read, is empty, or is of no known type.
    """
    if is_url(source):
        kind = mimetypes.guess_type(urlsplit(source).path)[0]
        return Media(kind or "image/png", url=source, name=Path(urlsplit(source).path).name)
    data = (stdin or b"") if source == "-" else read_bytes(source, "attachment")
    if not data:
        raise UsageError(f"attachment `{source}` is empty")
    kind = media_type(data, source)
    if kind is None:
        raise UsageError(
            f"attachment `{source}` is of no type that models take",
            hint="pictures, PDFs, sound and text can be attached; text files go in with `-f`",
        )
    return Media(kind, data=data, name="stdin" if source == "-" else Path(source).name)


def media_type(data: bytes, name: str) -> str | None:
    """The MIME type that the first bytes tell, else the name; None when neither does."""
    for magic, kind in MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    return mimetypes.guess_type(name)[0]
