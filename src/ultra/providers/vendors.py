"""The vendors that ultra knows: one row of data each.

A vendor that speaks a known protocol is one more row in `rows` and nothing else. Where a row
departs from its protocol, `Quirks` says how; sources are the page in `docs` and the ones named
beside it.
"""

from ultra.core.catalog import Vendor
from ultra.providers.rows import clouds, hosts, labs, local

VENDORS: dict[str, Vendor] = {
    row.name: row for row in (*labs.ROWS, *hosts.ROWS, *clouds.ROWS, *local.ROWS)
}
"""Every row by name, in the order that lists show."""
