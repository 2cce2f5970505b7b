"""What is shipped of vendors, models and prices; nothing is read before somebody asks.

The price file is decoded one vendor at a time: 0.3 ms for the outer document, 0.4 ms for the
largest vendor (923 models); all of them at once would take 2 ms and keep 2,330 rows in memory.
"""

import re
from datetime import date
from functools import cached_property
from pathlib import Path

import msgspec

from ultra.core.catalog import ModelFacts, Vendor
from ultra.core.cost import FREE
from ultra.core.errors import ConfigError
from ultra.providers.families import family_of
from ultra.providers.prices import PricedVendor, PriceFile, Row, price_of
from ultra.providers.vendors import VENDORS

PRICES = Path(__file__).parent / "data" / "prices.json"
"""Written by `scripts/generate_prices.py`, which says what its rows mean."""

_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


class ShippedCatalog:
    """Fills `core.catalog.Catalog` from the vendor rows and the price file of this package.

    `fresher` is a price file of the user's own: it counts when it is there and not older than the
    shipped one. One that cannot be read is passed over, and `trouble` says so.
    """

    def __init__(
        self,
        vendors: dict[str, Vendor] = VENDORS,
        prices: Path = PRICES,
        *,
        fresher: Path | None = None,
    ) -> None:
        self._vendors = vendors
        self._path = prices
        self._fresher = fresher
        self._decoded: dict[str, PricedVendor] = {}

    def vendors(self) -> dict[str, Vendor]:
        """Every row by name."""
        return self._vendors

    def facts(self, vendor: str, model: str) -> ModelFacts | None:
        """What is known of a model of a vendor; None for one that no catalog knows.

        As the price source does, the first row that matches counts, then those of the vendors
        whose models this one sells too; a compact date (`-20251211`) is also tried with dashes.
        A server of one's own is free whatever it runs, and what it can do is its own affair.
        """
        row = self._vendors.get(vendor)
        if row is None:
            return None
        if row.local:
            return ModelFacts(model, price=FREE)
        name = model.lower()
        found = self._find(row.prices, name) or self._find(row.prices, _dashed(name))
        return self._facts(row.prices, found, model) if found else None

    def models(self, vendor: str) -> list[ModelFacts]:
        """Every model known of a vendor, by id."""
        row = self._vendors.get(vendor)
        if row is None:
            return []
        rows = sorted(self._priced(row.prices).models, key=lambda found: found.id)
        return [self._facts(row.prices, found, found.id) for found in rows]

    def price_date(self) -> str:
        """The day the prices were taken, `YYYY-MM-DD`."""
        return self._file.date

    @property
    def refreshed(self) -> bool:
        """Whether the prices are those of the user's own file."""
        return self._chosen[1]

    @property
    def trouble(self) -> str | None:
        """Why a price file of the user's own is not used; None when all is well."""
        return self._chosen[2]

    @property
    def _file(self) -> PriceFile:
        return self._chosen[0]

    @cached_property
    def _chosen(self) -> tuple[PriceFile, bool, str | None]:
        shipped = msgspec.json.decode(self._path.read_bytes(), type=PriceFile)
        try:
            raw = self._fresher.read_bytes() if self._fresher else b""
            own = msgspec.json.decode(raw, type=PriceFile) if raw else None
        except (FileNotFoundError, NotADirectoryError):
            own = None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            return shipped, False, f"your price file `{self._fresher}` cannot be read: {error}"
        if own is None or own.date < shipped.date:
            return shipped, False, None
        return own, True, None

    def _priced(self, name: str) -> PricedVendor:
        if not name or name not in self._file.vendors:
            return PricedVendor([], [])
        if name not in self._decoded:
            try:
                rows = msgspec.json.decode(self._file.vendors[name], type=PricedVendor)
            except msgspec.DecodeError as error:
                raise ConfigError(
                    f"the price file `{self._fresher}` was changed by hand and does not hold:"
                    f" {error}",
                    hint="`ultra models --restore-prices` goes back to the one before",
                ) from error
            self._decoded[name] = rows
        return self._decoded[name]

    def _find(self, vendor: str, name: str) -> Row | None:
        own = self._priced(vendor)
        for source in (vendor, *own.fallback):
            for row in self._priced(source).models:
                if row.matches(name):
                    return row
        return None

    def _facts(self, vendor: str, row: Row, model: str) -> ModelFacts:
        family = family_of(vendor, model)
        return ModelFacts(
            model,
            price=price_of(row.price, self._source) if row.price else None,
            context_window=row.context_window,
            max_output_tokens=family.max_output_tokens if family else None,
            capabilities=family.capabilities if family else None,
            deprecated=row.deprecated,
        )

    @property
    def _source(self) -> str:
        return f"{'refreshed' if self.refreshed else 'catalog'} {self._file.date}"


def _dashed(name: str) -> str:
    def dashes(found: re.Match[str]) -> str:
        year, month, day = found.groups()
        try:
            date(int(year), int(month), int(day))
        except ValueError:
            return found.group()
        return f"-{year}-{month}-{day}"

    return _COMPACT_DATE.sub(dashes, name)
