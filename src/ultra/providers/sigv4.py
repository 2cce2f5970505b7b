"""Signing requests with the AWS credentials of this machine, by botocore.

Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; where credentials come from:
docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html. The chain may read files, run
a program or ask the network, so it is walked on a daemon thread.
"""

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from ultra.core.errors import ConfigError
from ultra.core.model import Endpoint
from ultra.core.secret import Secret
from ultra.providers.daemon import DaemonExecutor
from ultra.providers.keys import own_host
from ultra.providers.lean import httpx
from ultra.providers.wire import WireRequest

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from botocore.session import Session

T = TypeVar("T")

CHAIN_S = 15.0
"""How long finding or renewing credentials may take: the metadata service of a machine that has
none is waited for twice, a login program asks the network."""

SERVICE = "bedrock"
"""What requests are signed for; the only AWS service that is spoken to."""

_REGION = re.compile(r"(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)(?:\.|$)")
"""The region inside a host such as `bedrock-runtime.eu-west-1.amazonaws.com`."""

_RENEW = "`aws sso login` or `aws configure` renews them, or set `AWS_BEARER_TOKEN_BEDROCK`"


def signs(endpoint: Endpoint, secret: Secret | None) -> bool:
    """Whether requests to an endpoint are signed: there is no key, and none was not asked for."""
    return endpoint.auth == "sigv4" and secret is None and endpoint.key.kind != "none"


class Signer:
    """Makes the headers of signed requests; credentials are looked for once and kept fresh."""

    def __init__(self, chain_s: float = CHAIN_S) -> None:
        self._chain_s = chain_s
        self._found: Future[tuple[Session, Credentials]] | None = None

    async def headers(
        self, endpoint: Endpoint, wire: WireRequest, url: httpx.URL
    ) -> dict[str, str]:
        """The headers that sign one request to the endpoint's own host.

        Raises `ConfigError` when there are no credentials, or they cannot be renewed, or no region.
        """
        own_host(endpoint, url)
        if self._found is None:
            self._found = _in_background(lambda: _find(endpoint.provider))
        try:
            session, credentials = await self._waited(self._found, endpoint.provider)
        except ConfigError:
            self._found = None
            raise
        return await self._waited(
            _in_background(lambda: _signed(session, credentials, wire, str(url))),
            endpoint.provider,
        )

    async def _waited(self, future: "Future[T]", provider: str) -> T:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - 15 ms, loaded by the protocol

        try:
            async with asyncio.timeout(self._chain_s):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise ConfigError(
                f"the AWS credentials of `{provider}` did not come within {self._chain_s:g} s",
                hint=_RENEW,
            ) from error
        except (BotoCoreError, OSError, ValueError) as error:
            raise ConfigError(
                f"the AWS credentials of `{provider}` cannot be used: {error}", hint=_RENEW
            ) from error


def _in_background(work: Callable[[], T]) -> "Future[T]":
    return DaemonExecutor().submit(work)


def _find(provider: str) -> "tuple[Session, Credentials]":
    # 120 ms, for those who sign only.
    from botocore.session import Session  # noqa: PLC0415

    session = Session()
    credentials = session.get_credentials()
    if credentials is None:
        raise ConfigError(
            f"there are no AWS credentials for `{provider}`",
            hint="set `AWS_BEARER_TOKEN_BEDROCK`, or `AWS_PROFILE` after `aws sso login`, or"
            " `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
        )
    return session, credentials


def _signed(
    session: "Session", credentials: "Credentials", wire: WireRequest, url: str
) -> dict[str, str]:
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - loaded with the session
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    # Only what no proxy on the way changes is signed.
    kept = {name: value for name, value in wire.headers.items() if name == "content-type"}
    request = AWSRequest(wire.method, url, headers=kept, data=wire.body)
    frozen = credentials.get_frozen_credentials()
    SigV4Auth(frozen, SERVICE, _region(session, url)).add_auth(request)
    return {
        name.lower(): value for name, value in request.headers.items() if name.lower() not in kept
    }


def _region(session: "Session", url: str) -> str:
    """The region of the host, else the user's. Raises `ConfigError` when neither is known."""
    named = _REGION.search(httpx.URL(url).host)
    if named:
        return named.group(1)
    chosen = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not chosen:
        raise ConfigError(
            "there is no AWS region to sign for",
            hint="set `AWS_REGION`, or write `https://bedrock-runtime.REGION.amazonaws.com` as"
            " `base_url`",
        )
    return str(chosen)
