"""The user's own price file: taken, checked, put in place of the shipped one, and taken back."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.config.files import read_regular, write_private
from ultra.core.errors import ConfigError, UsageError
from ultra.core.text import one_line
from ultra.providers import prices
from ultra.providers.catalog import PRICES
from ultra.runtime import loop
from ultra.runtime.auditing import note
from ultra.runtime.runtime import Runtime
from ultra.store.rows import without_credentials

FETCH_S = 30.0
"""How long a price file may take to come."""

SHOWN = 20
"""Leaps of prices that are listed; the rest is counted."""


class Refreshed(Struct, frozen=True):
    """What came of new prices: their date, the date of those before, and how many models differ."""

    date: str
    before: str
    changed: int
    added: int
    gone: int


def refresh(runtime: Runtime, source: str, *, leaps: bool) -> Refreshed:
    """Use the price file at a path or an https URL from now on; `leaps` lets prices jump.

    Nothing is changed unless all of the file holds. Raises `UsageError` for what cannot be had,
    `ConfigError` for a file that does not hold, that is older than the shipped one, or whose prices
    moved more than tenfold.
    """
    raw, name = _taken(runtime, source)
    new = prices.read_prices(raw, name)
    shipped = prices.read_prices(PRICES.read_bytes(), PRICES.name)
    if new.date < shipped.date:
        raise ConfigError(
            f"the prices in `{name}` are of {new.date}, older than those shipped ({shipped.date})",
            hint="a newer file is needed; nothing was changed",
        )
    old = _serving(runtime, shipped)
    found = prices.changes(old, new, name)
    if found.moved and not leaps:
        raise _leapt(found)
    place = runtime.paths.prices_file
    if place.exists():
        write_private(_former(place), read_regular(place, limit=prices.LIMIT))
    write_private(place, raw)
    _forget_profiles(runtime)
    note(
        runtime,
        "prices.refreshed",
        one_line(without_credentials(name), 200),
        date=new.date,
        was=old.date,
    )
    return Refreshed(new.date, old.date, found.changed, found.added, found.gone)


def restore(runtime: Runtime) -> str:
    """Go back to the prices before the last refresh; their date.

    Raises `UsageError` when the shipped prices are in use.
    """
    place = runtime.paths.prices_file
    if not place.exists():
        raise UsageError(
            "the prices in use are the shipped ones",
            hint="`ultra models --refresh-prices FILE|URL` takes others",
        )
    former = _former(place)
    if former.exists():
        former.replace(place)
    else:
        place.unlink()
    _forget_profiles(runtime)
    vars(runtime).pop("catalog", None)
    date = runtime.catalog.price_date()
    note(runtime, "prices.restored", "prices", date=date)
    return date


def _taken(runtime: Runtime, source: str) -> tuple[bytes, str]:
    if urlsplit(source).scheme in ("http", "https"):
        return _fetched(runtime, source).encode(), source
    path = runtime.cwd / Path(source).expanduser()
    try:
        return read_regular(path, limit=prices.LIMIT), source
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no file `{source}`", hint="name a price file or an `https` URL"
        ) from error


def _fetched(runtime: Runtime, url: str) -> str:
    async def main(_interrupt: loop.Interrupt) -> str:
        from ultra.providers.daemon import install
        from ultra.providers.hub import ProviderHub

        install()
        hub = ProviderHub(runtime.keys, runtime.clock, environ=runtime.environ)
        try:
            async with asyncio.timeout(FETCH_S):
                return await hub.fetch(url, secure=True)
        except TimeoutError as error:
            raise UsageError(f"`{url}` did not come within {FETCH_S:.0f} s") from error
        finally:
            await hub.aclose()

    return loop.run(main)


def _serving(runtime: Runtime, shipped: prices.WholeFile) -> prices.WholeFile:
    """The prices that are in use, shipped ones where the user's own no longer hold."""
    if not runtime.catalog.refreshed:
        return shipped
    place = runtime.paths.prices_file
    try:
        return prices.read_prices(read_regular(place, limit=prices.LIMIT), place.name)
    except (ConfigError, FileNotFoundError, NotADirectoryError):
        return shipped


def _former(place: Path) -> Path:
    return place.with_name("prices.before.json")


def _leapt(found: prices.Changes) -> ConfigError:
    more = len(found.moved) - SHOWN
    rest = f", and {more} more" if more > 0 else ""
    return ConfigError(
        f"prices moved more than tenfold: {len(found.moved)} of them{rest and f' ({SHOWN} shown)'}",
        hint="`--yes` takes them as they are; nothing was changed",
        problems=found.moved[:SHOWN],
    )


def _forget_profiles(runtime: Runtime) -> None:
    """Checked profiles hold prices, and two price files may be of one day."""
    shutil.rmtree(runtime.paths.cache / "profiles", ignore_errors=True)
