"""The script that people write instead: one question, streamed to stdout."""

import asyncio
import json
import os
import sys

import httpx


async def main() -> None:
    url = os.environ["BENCH_BASE_URL"] + "/chat/completions"
    headers = {"authorization": f"Bearer {os.environ['BENCH_KEY']}"}
    messages = [{"role": "user", "content": sys.argv[1]}]
    body = {"model": "bench", "messages": messages, "stream": True}
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("POST", url, json=body, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                for choice in json.loads(line[6:])["choices"]:
                    print(choice["delta"].get("content", ""), end="", flush=True)


asyncio.run(main())
