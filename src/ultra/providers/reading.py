"""One answer between the transport and its decoder: unpacked, bounded, and known to be whole."""

import re
from collections.abc import Mapping

from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import CallRequest
from ultra.core.stream import Finished, StreamBody
from ultra.core.text import one_line
from ultra.providers.coding import coding
from ultra.providers.wire import Decoder, WireProtocol

LONGEST = 64 << 20
"""Most bytes of one line of a stream, and of an answer that is not streamed."""

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_BLANK = b" \t\r\n\xef\xbb\xbf"


class Reading:
    """Feeds one answer to its decoder and holds it to the rules that all protocols share."""

    def __init__(
        self, request: CallRequest, protocol: WireProtocol, headers: Mapping[str, str]
    ) -> None:
        self._request = request
        self._protocol = protocol
        self._headers = headers
        self._coding = coding(headers.get("content-encoding", ""))
        self._decoder: Decoder | None = None
        self._streamed = request.stream
        self._start = b""
        self._pending = 0
        self._said = False
        self.finished = False

    def feed(self, data: bytes) -> list[StreamBody]:
        """What has become clear. Raises `CallError`."""
        data = self._coding.feed(data)
        if self._decoder is None:
            data = self._start = self._start + data
            if not data.strip(_BLANK):
                return []
            self._decoder = self._chosen(data)
        self._bound(data)
        return self._seen(self._decoder.feed(data))

    def close(self) -> list[StreamBody]:
        """What is left at the end. Raises `CallError` when that is no complete answer."""
        self._coding.close()
        if self._decoder is None:
            raise CallError(ErrorClass.BAD_RESPONSE, "the answer is empty", sent=True)
        left = self._seen(self._decoder.close())
        if not self.finished:
            raise self._unfinished()
        return left

    def rescue(self) -> list[StreamBody]:
        """What is left when the connection broke: something only if it makes the answer whole."""
        if self._decoder is None:
            return []
        try:
            left = self._seen(self._decoder.close())
        except CallError:
            return []
        return left if self.finished else []

    def _chosen(self, start: bytes) -> Decoder:
        head = start.lstrip(_BLANK)
        if head.startswith(b"<"):
            raise _page(head)
        # Some servers ignore that a stream was asked for and send the document.
        plain = self._headers.get("content-type", "").partition(";")[0].strip().lower()
        if plain == "application/json" and head.startswith(b"{"):
            self._streamed = False
        return self._protocol.decoder(self._request, streamed=self._streamed)

    def _bound(self, data: bytes) -> None:
        newline = data.rfind(b"\n") if self._streamed else -1
        self._pending = len(data) - newline - 1 if newline >= 0 else self._pending + len(data)
        if self._pending > LONGEST:
            what = "a line of the stream" if self._streamed else "the answer"
            raise CallError(
                ErrorClass.BAD_RESPONSE, f"{what} is larger than {LONGEST >> 20} MB", sent=True
            )

    def _seen(self, bodies: list[StreamBody]) -> list[StreamBody]:
        for body in bodies:
            if type(body) is Finished:
                self.finished = True
        self._said = self._said or bool(bodies)
        return bodies

    def _unfinished(self) -> CallError:
        framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._said:
            start = one_line(self._start.decode("utf-8", "replace"), 120)
            return CallError(
                ErrorClass.BAD_RESPONSE, f"the answer is not one of a model: `{start}`", sent=True
            )
        # Without a length the end of the connection is the end of the body, cut or not.
        return CallError(
            ErrorClass.BAD_RESPONSE if framed else ErrorClass.NETWORK,
            "the stream ended without a finish reason",
            sent=True,
        )


def _page(head: bytes) -> CallError:
    title = _TITLE.search(head)
    named = one_line(title.group(1).decode("utf-8", "replace"), 120) if title else ""
    return CallError(
        ErrorClass.BAD_RESPONSE,
        "the answer is a web page" + (f": `{named}`" if named else ", not an answer of a model"),
        hint="is `base_url` that of the API, and is a proxy or login page in the way?",
        sent=True,
    )
