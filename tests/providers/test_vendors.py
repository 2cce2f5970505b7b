"""The rows of vendors."""

import json
import re

import pytest

from ultra.core.catalog import Vendor
from ultra.providers.catalog import PRICES
from ultra.providers.protocols import PROTOCOLS
from ultra.providers.vendors import VENDORS

UNSEEN = {
    *("fireworks", "lmstudio", "localai", "sambanova", "nebius", "novita", "deepinfra", "moonshot"),
    *("minimax", "qwen", "nvidia", "github", "cloudflare"),
}
"""Vendors that nobody has recordings of."""

every = pytest.mark.parametrize("row", VENDORS.values(), ids=VENDORS)


@every
def test_a_row_speaks_a_protocol_that_exists(row: Vendor) -> None:
    """One vendor is one row of data, and its documents are linked."""
    assert row.protocol in PROTOCOLS
    assert row.docs.startswith("https://")
    assert VENDORS[row.name] is row


def test_the_field_is_there() -> None:
    """As many as people use, each once and with documents of its own."""
    assert len(VENDORS) >= 36
    remote = [row for row in VENDORS.values() if not row.local]
    assert len({row.base_url for row in remote}) == len(remote)
    assert len({row.title for row in VENDORS.values()}) == len(VENDORS)


@every
def test_every_other_address_is_as_safe_as_the_usual_one(row: Vendor) -> None:
    """A variable may ask for it by being set or by a value, and may be the whole of it."""
    for asking, url in row.elsewhere.items():
        name = asking.partition("=")[0]
        assert re.fullmatch(r"[A-Z_]+", name)
        assert url.startswith(("https://", f"{{{name}}}/"))


@every
def test_a_row_says_how_it_departs(row: Vendor) -> None:
    """Which piece of a stream counts tokens, and the body's word for the output cap."""
    assert row.usage
    assert row.quirks.max_tokens_field


@every
def test_keys_go_over_tls_only_and_local_servers_want_none(row: Vendor) -> None:
    """A base URL carries neither a key nor a trailing slash."""
    assert row.base_url.startswith("http://127.0.0.1:" if row.local else "https://")
    assert bool(row.key_env) == (not row.local) == (row.auth != "none")
    assert not row.base_url.endswith("/")
    assert "@" not in row.base_url


@every
def test_prices_are_known_by_the_price_file(row: Vendor) -> None:
    """A row's price name is one of the file, or there is none."""
    names = json.loads(PRICES.read_text(encoding="utf-8"))["vendors"]

    assert not row.prices or row.prices in names


@every
def test_verified_is_a_date(row: Vendor) -> None:
    """Or None, for those that nobody has recordings of."""
    assert (row.verified is None) == (row.name in UNSEEN)
    assert row.verified is None or re.fullmatch(r"\d{4}-\d\d-\d\d", row.verified)
