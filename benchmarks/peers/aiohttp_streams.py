"""Bare aiohttp reading N streams at once: no ledger, no policies, no ultra.

Prints one JSON line: seconds from the first request to the end of the last, chunks and peak memory.
`--parse` reads lines and decodes each with `json.loads`; without it bytes are read and dropped.
"""

import asyncio
import json
import sys
import time

import aiohttp

from benchmarks.measure import peak_mb, streams_asked

BODY = {"model": "bench", "messages": [{"role": "user", "content": "q"}], "stream": True}


async def read(session: aiohttp.ClientSession, url: str, *, parse: bool) -> int:
    """Read one answer to its end; how many pieces of text it had, or how many reads it took."""
    count = 0
    async with session.post(url, json=BODY) as response:
        if not parse:
            async for _ in response.content.iter_any():
                count += 1
            return count
        async for line in response.content:
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    count += bool(choice["delta"].get("content"))
    return count


async def main() -> None:
    """Warm up with one stream, then read all."""
    asked = streams_asked()
    url = asked.base_url + "/chat/completions"
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await read(session, asked.warm_url + "/chat/completions", parse=asked.parse)
        start = time.perf_counter()
        reads = (read(session, url, parse=asked.parse) for _ in range(asked.streams))
        counts = await asyncio.gather(*reads)
        seconds = time.perf_counter() - start
    json.dump({"seconds": seconds, "chunks": sum(counts), "peak_mb": peak_mb()}, sys.stdout)


asyncio.run(main())
