"""A loopback server that streams openai-chat answers: `python -m benchmarks.server [--tls DIR]`.

The base URL says what to stream: `/c20/h1000/b1/v1` is 20 chunks, the first of which is held back
until 1,000 requests are under way, one chunk a write. `GET /_stats` tells what was seen since the
last `GET /_reset`. It prints its port on the first line of stdout and ends with its stdin.
"""

import argparse
import asyncio
import json
import re
import resource
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

HOLD_S = 20.0
"""How long held requests wait for the others; then they are let go, and the peak tells."""

WORD = "word "


class Seen:
    """What came, and the gate that holds requests back until enough are under way."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.requests = self.active = self.peak = 0
        self.gate = asyncio.Event()

    def began(self, hold: int) -> None:
        """One more request is under way."""
        self.requests += 1
        self.active += 1
        self.peak = max(self.peak, self.active)
        if self.active >= hold:
            self.gate.set()

    def ended(self) -> None:
        """One request is answered; once all are, the gate closes for the next lot."""
        self.active -= 1
        if self.active == 0:
            self.gate = asyncio.Event()


SEEN = Seen()


def event(delta: dict[str, object], *, reason: str | None = None) -> bytes:
    """One server-sent event as an HTTP chunk."""
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return framed({"id": "chatcmpl-1", "model": "bench", "choices": [choice]})


def framed(value: dict[str, object]) -> bytes:
    """A value as an event in a chunk of its own, as providers frame them."""
    data = b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: bench-1\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
FIRST = event({"role": "assistant", "content": ""})
CHUNK = event({"content": WORD})


def last(chunks: int) -> bytes:
    """The end of an answer: reason, usage, `[DONE]` and the end of the body."""
    usage = {"prompt_tokens": 9, "completion_tokens": chunks, "total_tokens": 9 + chunks}
    told = framed({"id": "chatcmpl-1", "model": "bench", "choices": [], "usage": usage})
    done = b"data: [DONE]\n\n"
    end = b"%x\r\n%s\r\n0\r\n\r\n" % (len(done), done)
    return event({}, reason="stop") + told + end


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests on one connection until the client leaves."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length.group(1)) if length else 0)
            await answer(head.split(b" ", 2)[1].decode("latin-1"), writer)
    writer.close()


async def answer(path: str, writer: asyncio.StreamWriter) -> None:
    """Stream what the path asks for, or tell what was seen."""
    asked = re.match(r"/c(\d+)/h(\d+)/b(\d+)/", path)
    if asked is None:
        told = json.dumps({"peak": SEEN.peak, "requests": SEEN.requests}).encode()
        if path == "/_reset":
            SEEN.reset()
        length = b"content-length: %d\r\n\r\n" % len(told)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + length + told)
        return
    chunks, hold, batch = map(int, asked.groups())
    SEEN.began(hold)
    try:
        await stream(writer, chunks, batch, held=hold > 1)
    finally:
        SEEN.ended()


async def stream(writer: asyncio.StreamWriter, chunks: int, batch: int, *, held: bool) -> None:
    """One answer; other connections have their turn after every write."""
    writer.write(HEAD)
    if held:
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD_S):
                await SEEN.gate.wait()
    writer.write(FIRST)
    for start in range(0, chunks, batch):
        writer.write(CHUNK * min(batch, chunks - start))
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(last(chunks))
    await writer.drain()


def authority(directory: Path) -> ssl.SSLContext:
    """A fresh authority (`ca.pem`) and what a server on 127.0.0.1 presents, by `openssl`."""
    (directory / "ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout"
    signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2"
    for line in (
        f"req -x509 {new} ca.key -subj /CN=bench -days 2 -out ca.pem",
        f"req {new} server.key -subj /CN=127.0.0.1 -out server.csr",
        f"x509 -req -in server.csr {signed} -out server.pem",
    ):
        subprocess.run(["openssl", *line.split()], cwd=directory, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    return context


async def main() -> None:
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", type=Path)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = authority(options.tls) if options.tls else None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
