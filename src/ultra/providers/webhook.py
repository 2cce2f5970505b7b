"""Posts a document to a webhook: once, no redirect followed, its URL in no message."""

import asyncio
from collections.abc import Mapping

from ultra import __version__
from ultra.core.errors import CallError, ConfigError
from ultra.providers.failures import CARRIED
from ultra.providers.lean import httpx
from ultra.providers.transport import Transports


async def post(
    url: str, body: bytes, headers: Mapping[str, str], environ: Mapping[str, str], limit_s: float
) -> None:
    """Post JSON. Raises `ConfigError` when nobody took it in time; the URL may be a secret."""
    transports = Transports(environ)
    try:
        async with asyncio.timeout(limit_s):
            place = httpx.URL(url)
            request = httpx.Request(
                "POST",
                place.copy_with(userinfo=b""),
                headers={
                    "user-agent": f"ultra/{__version__}",
                    "content-type": "application/json",
                    **headers,
                },
                content=body,
                extensions={"timeout": {"connect": limit_s}},
            )
            response = await transports.get(place).handle_async_request(request)
            await response.aclose()
    except TimeoutError as error:
        raise ConfigError(f"the webhook did not answer within {limit_s:g} s") from error
    except httpx.InvalidURL as error:
        raise ConfigError("the webhook is not a URL") from error
    except (*CARRIED, CallError) as error:
        raise ConfigError(f"the webhook could not be reached ({type(error).__name__})") from error
    finally:
        await transports.aclose()
    if not 200 <= response.status_code < 300:
        raise ConfigError(f"the webhook answered {response.status_code}")
