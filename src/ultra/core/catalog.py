"""What ultra knows of vendors and their models without asking anybody."""

from typing import Protocol

from msgspec import Struct, field

from ultra.core.cost import Price
from ultra.core.model import AuthStyle, Capability, Quirks


class Vendor(Struct, frozen=True, omit_defaults=True):
    """One company or local server: a row of data.

    `key_env` are the variables its key may stand in, first match wins; none for local servers.
    `base_url` may hold `{NAME}` for variables that the user must set (Azure's resource); in
    `{ONE|OTHER|=word}` the first that is set counts, and a word after `=` serves when none is.
    `elsewhere` are other base URLs by the variable that asks for them: `NAME` when it is set,
    `NAME=value` when it has that value; the first that holds wins. Holes in the
    values of `quirks.query` are filled alike.
    `prices` is the vendor's name in the price file, empty when prices do not apply; `local` servers
    cost nothing and are looked for on this machine by `ultra init`. `verified` is the date on which
    recordings of its real traffic were last read right, None when nobody has any.

    `reasoning` is where thinking that can be read travels, `usage` which piece of a stream counts
    tokens, `limits` how the headers that tell of rate limits begin; empty is none or not known.
    `note` is what else must be known to set it up. These four are for people.
    """

    name: str
    title: str
    protocol: str
    base_url: str
    docs: str
    key_env: tuple[str, ...] = ()
    auth: AuthStyle = "bearer"
    headers: dict[str, str] = field(default_factory=dict)
    quirks: Quirks = field(default_factory=Quirks)
    prices: str = ""
    local: bool = False
    verified: str | None = None
    elsewhere: dict[str, str] = field(default_factory=dict)
    reasoning: str = ""
    usage: str = ""
    limits: str = ""
    note: str = ""


class ModelFacts(Struct, frozen=True, omit_defaults=True):
    """What the price file says of one model; None is not known. `updated` is the price date."""

    model: str
    price: Price | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[Capability, ...] | None = None
    deprecated: bool = False


class Catalog(Protocol):
    """Looks up what is shipped with ultra."""

    def vendors(self) -> dict[str, Vendor]:
        """Every row by name."""
        ...

    def facts(self, vendor: str, model: str) -> ModelFacts | None:
        """What is known of a model of a vendor; None for one that no catalog knows."""
        ...

    def models(self, vendor: str) -> list[ModelFacts]:
        """Every model known of a vendor, by id."""
        ...

    def price_date(self) -> str:
        """The day the prices were taken, `YYYY-MM-DD`."""
        ...
