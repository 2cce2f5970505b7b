"""Attachments on the wire: text goes inline, the rest as base64 or as a URL."""

import base64

from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import Media

PDF = "application/pdf"

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every provider that sees takes."""

_TEXTUAL = frozenset(
    {
        "application/json",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/javascript",
        "application/sql",
        "application/x-sh",
    }
)


def inline(media: Media) -> str | None:
    """A text file as words of the prompt, under its name; None when it is no text at hand.

    Raises `CallError` when it calls itself text and is not UTF-8.
    """
    kind = media.media_type.partition(";")[0].strip().lower()
    if not media.data or not (kind.startswith("text/") or kind in _TEXTUAL):
        return None
    try:
        text = media.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(media, "it is not UTF-8 text") from None
    name = (media.name or "attachment").replace('"', "'")
    return f'<file name="{name}">\n{text.rstrip()}\n</file>\n'


def base64_text(media: Media) -> str:
    """The bytes of an attachment in base64."""
    return base64.b64encode(media.data).decode("ascii")


def url_of(media: Media) -> str:
    """The attachment's own URL, or its bytes as a data URL (RFC 2397)."""
    return media.url or f"data:{media.media_type};base64,{base64_text(media)}"


def refused(media: Media, why: str) -> CallError:
    """An attachment that cannot be sent; nothing has been."""
    name = media.name or media.url or "attachment"
    return CallError(
        ErrorClass.INVALID_REQUEST,
        f"cannot attach `{name}` ({media.media_type}): {why}",
        hint="leave it out, convert it, or choose a model that takes it",
        sent=False,
    )
