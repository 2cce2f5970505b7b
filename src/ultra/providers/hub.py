"""All providers behind one seam: picks the protocol of an endpoint and lets HTTP carry it."""

import os
from collections.abc import AsyncGenerator, Mapping

from ultra.core.model import Endpoint
from ultra.core.ports import Clock, KeySource
from ultra.core.request import CallRequest
from ultra.core.secret import Secret
from ultra.core.stream import StreamBody
from ultra.providers.wire import LiveModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ultra.providers.http import Http
    from ultra.providers.simulated import SimulatedProvider
    from ultra.providers.transport import Transports


class ProviderHub:
    """Fills `ports.Provider` for every endpoint of a profile.

    `expected_calls` chooses the transport (`providers.transport`). httpx and protocols are loaded
    by the first call that needs them: a simulated run pays for neither.
    """

    def __init__(
        self,
        keys: KeySource,
        clock: Clock,
        *,
        expected_calls: int = 1,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._expected_calls = expected_calls
        self._environ = environ
        self._transports: Transports | None = None
        self._http: Http | None = None
        self._simulated: SimulatedProvider | None = None

    def stream(self, request: CallRequest) -> AsyncGenerator[StreamBody, None]:
        """As `ports.Provider.stream`. Raises `ConfigError` for a protocol nobody speaks."""
        endpoint = request.target.endpoint
        if endpoint.simulated:
            return self._made_up().stream(request)
        from ultra.providers.protocols import load  # noqa: PLC0415

        return self._carrier().stream(request, load(endpoint.protocol))

    async def credential(self, endpoint: Endpoint) -> Secret | None:
        """As `ports.Provider.credential`."""
        return await self._keys.key(endpoint)

    async def models(self, endpoint: Endpoint) -> list[LiveModel]:
        """What the endpoint itself lists; nothing for a simulated one. Raises as `stream` does."""
        if endpoint.simulated:
            return []
        from ultra.providers.fetch import list_models  # noqa: PLC0415
        from ultra.providers.protocols import load  # noqa: PLC0415

        return await list_models(self._carrier(), endpoint, load(endpoint.protocol))

    def clock_ahead_s(self, endpoint: Endpoint) -> float | None:
        """As `Http.clock_ahead_s`; None for an endpoint that was not asked."""
        return None if self._http is None else self._http.clock_ahead_s(endpoint)

    async def fetch(self, url: str, *, secure: bool = False, local: bool = False) -> str:
        """The text behind a URL (`-f URL`), without any key; `secure`, `local` as for `fetch_text`.

        Raises `UsageError` and `ConfigError`.
        """
        from ultra.providers.fetch import fetch_text  # noqa: PLC0415

        return await fetch_text(url, self._carriers(), secure=secure, local=local)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._transports is not None:
            await self._transports.aclose()

    def _carriers(self) -> "Transports":
        if self._transports is None:
            # httpx costs 60 ms.
            from ultra.providers.transport import Transports  # noqa: PLC0415

            self._transports = Transports(self._environ, expected_calls=self._expected_calls)
        return self._transports

    def _carrier(self) -> "Http":
        if self._http is None:
            from ultra.providers.http import Http  # noqa: PLC0415

            self._http = Http(self._keys, self._clock, self._carriers())
        return self._http

    def _made_up(self) -> "SimulatedProvider":
        if self._simulated is None:
            from ultra.providers.simulated import SimulatedProvider  # noqa: PLC0415

            self._simulated = SimulatedProvider(self._clock)
        return self._simulated
