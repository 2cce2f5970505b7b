"""Which calls a report is about: when they began, and what else is asked of them."""

from msgspec import Struct

from ultra.core.moments import span_between
from ultra.core.totals import Filter, Span


class Scope(Struct, frozen=True):
    """Which calls are looked at, as the user said it: None and empty for all there are."""

    since: str | None = None
    until: str | None = None
    timezone: str = ""
    filter: Filter = Filter()

    def span(self, now: float) -> Span:
        """From when to when. Raises `UsageError`."""
        return span_between(self.since, self.until, self.timezone, now)
