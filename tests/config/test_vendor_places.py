"""Where the vendors are whose addresses hold a region, a resource or an account."""

from collections.abc import Iterator

import keyring
import pytest

from tests.support.config import Home
from tests.support.keyrings import MemoryKeyring
from ultra.config.endpoints import fill, vendor_endpoint, vendor_url
from ultra.config.load import resolve_target
from ultra.config.secrets import Keys
from ultra.core.catalog import Vendor
from ultra.core.errors import ConfigError
from ultra.core.model import Endpoint, KeyRef, Timers
from ultra.providers.catalog import ShippedCatalog

CATALOG = ShippedCatalog()
ROWS = CATALOG.vendors()


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    """A keyring of this test's own."""
    usual, mine = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    mine.gate.set()
    keyring.set_keyring(usual)


def place(vendor: str, **environ: str) -> Endpoint:
    """The endpoint of a shipped row. Raises `ConfigError`."""
    return vendor_endpoint(ROWS[vendor], lookup=environ.get, timers=Timers())


AZURE = "https://mine.openai.azure.com"
PROJECT = {"GOOGLE_CLOUD_PROJECT": "my-project"}


@pytest.mark.parametrize(
    ("vendor", "environ", "url"),
    [
        ("azure", {"AZURE_OPENAI_RESOURCE": "mine"}, f"{AZURE}/openai/v1"),
        ("azure", {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/"}, f"{AZURE}/openai/v1"),
        ("azure", {"AZURE_OPENAI_ENDPOINT": f"{AZURE}/openai/v1/"}, f"{AZURE}/openai/v1"),
        (
            "azure",
            {"AZURE_OPENAI_ENDPOINT": "https://b.example", "AZURE_OPENAI_RESOURCE": "a"},
            "https://b.example/openai/v1",
        ),
        ("azure-deployments", {"AZURE_OPENAI_ENDPOINT": AZURE}, f"{AZURE}/openai"),
        (
            "vertex",
            {**PROJECT, "GOOGLE_CLOUD_LOCATION": "europe-west1"},
            (
                "https://europe-west1-aiplatform.googleapis.com/v1/projects/my-project"
                "/locations/europe-west1/publishers/google"
            ),
        ),
        (
            "vertex",
            {**PROJECT, "GOOGLE_CLOUD_LOCATION": "global"},
            (
                "https://aiplatform.googleapis.com/v1/projects/my-project"
                "/locations/global/publishers/google"
            ),
        ),
        (
            "bedrock",
            {"AWS_DEFAULT_REGION": "eu-west-1"},
            "https://bedrock-runtime.eu-west-1.amazonaws.com",
        ),
        (
            "bedrock",
            {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-1"},
            "https://bedrock-runtime.us-east-1.amazonaws.com",
        ),
        (
            "bedrock",
            {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://localhost:4566"},
            "http://localhost:4566",
        ),
        (
            "snowflake",
            {"SNOWFLAKE_ACCOUNT": "org-me"},
            "https://org-me.snowflakecomputing.com/api/v2/cortex/v1",
        ),
        (
            "cloudflare",
            {"CLOUDFLARE_ACCOUNT_ID": "0a1b"},
            "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/v1",
        ),
    ],
)
def test_variables_make_the_address(vendor: str, environ: dict[str, str], url: str) -> None:
    """Those that the vendor's own tools read."""
    assert place(vendor, **environ).base_url == url


@pytest.mark.parametrize(
    ("vendor", "environ", "told"),
    [
        ("azure", {}, "`AZURE_OPENAI_RESOURCE` is not set"),
        ("azure", {"AZURE_OPENAI_ENDPOINT": "http://mine.example"}, "not an `https` URL"),
        ("azure", {"AZURE_OPENAI_ENDPOINT": "https://a@evil.example"}, "not an `https` URL"),
        ("azure", {"AZURE_OPENAI_ENDPOINT": "https://a.example?b"}, "not an `https` URL"),
        ("azure-anthropic", {}, "`ANTHROPIC_FOUNDRY_RESOURCE` is not set"),
        ("vertex", {"GOOGLE_CLOUD_LOCATION": "global"}, "`GOOGLE_CLOUD_PROJECT` is not set"),
        ("vertex", PROJECT, "`GOOGLE_CLOUD_LOCATION` is not set"),
        ("bedrock", {}, "`AWS_REGION` or `AWS_DEFAULT_REGION` is not set"),
        ("bedrock", {"AWS_REGION": "evil.example/"}, "`AWS_REGION` is not part of a host name"),
        ("snowflake", {"SNOWFLAKE_ACCOUNT": "a@b"}, "is not part of a host name"),
        ("cloudflare", {}, "`CLOUDFLARE_ACCOUNT_ID` is not set"),
    ],
)
def test_what_is_missing_or_wrong_is_named(vendor: str, environ: dict[str, str], told: str) -> None:
    """Before anything is sent, with the place where it stands."""
    with pytest.raises(ConfigError, match=told.replace("`", ".")) as caught:
        place(vendor, **environ)

    assert "it stands in `" in (caught.value.hint or "")


def test_a_version_in_the_query_is_filled_in_too() -> None:
    """Azure's deployments are asked with the version that its own SDK reads."""
    usual = place("azure-deployments", AZURE_OPENAI_ENDPOINT=AZURE)
    mine = place(
        "azure-deployments", AZURE_OPENAI_ENDPOINT=AZURE, OPENAI_API_VERSION="2025-04-01-preview"
    )

    assert usual.quirks.query == {"api-version": "2024-10-21"}
    assert mine.quirks.query == {"api-version": "2025-04-01-preview"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [("{A}-{B}-{A}", "1-2-1"), ("{B|A}", "2"), ("{X|=word}", "word"), ("{X|A|=word}", "1")],
)
def test_the_first_that_is_set_fills_a_hole(text: str, filled: str) -> None:
    """A word of the row serves when none is."""
    assert fill(text, {"A": "1", "B": "2"}.get) == filled


def test_another_address_is_asked_for_by_name_or_by_value() -> None:
    """The first that holds."""
    row = Vendor("v", "V", "openai-chat", "https://usual", "", elsewhere={"A=1": "https://one"})

    assert vendor_url(row, {"A": "1"}.get) == "https://one"
    assert vendor_url(row, {"A": "2"}.get) == "https://usual"
    assert vendor_url(row, dict[str, str]().get) == "https://usual"


def test_a_profile_says_what_its_cloud_lacks(home: Home) -> None:
    """With the file, the line and the variable."""
    home = Home(home.root, home.environ, CATALOG)  # type: ignore[arg-type]
    home.own("p", "providers: {bedrock: {}, azure-deployments: {base_url: 'https://a.example'}}\n")

    found = {
        problem.path: problem.message for problem in home.problems("p", OPENAI_API_VERSION="/")
    }

    assert "`AWS_REGION`" in found["providers.bedrock.base_url"]
    assert "another host" in found["providers.azure-deployments.base_url"]
    assert "`OPENAI_API_VERSION`" in found["providers.azure-deployments"]


def test_the_address_that_the_variables_make_may_be_written_out(home: Home) -> None:
    """The key goes to the same host as it does unwritten."""
    home = Home(home.root, home.environ, CATALOG)  # type: ignore[arg-type]
    home.own("p", f"providers: {{azure: {{base_url: '{AZURE}/openai/v1'}}}}\n")

    found = home.load("p", AZURE_OPENAI_RESOURCE="mine").providers["azure"]

    assert str(found.key) == "default:AZURE_OPENAI_API_KEY"


def test_a_deployment_is_asked_for_as_a_model(home: Home) -> None:
    """Through the catalog alone."""
    profile = Home(home.root, home.environ, CATALOG).load()  # type: ignore[arg-type]

    target = resolve_target(
        profile, "azure-deployments:my-gpt", CATALOG, lookup={"AZURE_OPENAI_ENDPOINT": AZURE}.get
    )

    assert (target.model, target.endpoint.auth) == ("my-gpt", "api-key")
    assert target.endpoint.quirks.path == "/deployments/{model}/chat/completions"


async def test_aws_may_do_without_a_key(home: Home, ring: MemoryKeyring) -> None:
    """The environment, then the keyring, then nothing: the credentials of the machine sign."""
    endpoint = place("bedrock", AWS_REGION="eu-west-1")

    def keys(**environ: str) -> Keys:
        return Keys({**home.environ, **environ}, paths=home.paths)

    assert await keys().key(endpoint) is None
    ring.entries["ultra", "bedrock"] = "stored"
    stored = await keys().key(endpoint)
    named = await keys(AWS_BEARER_TOKEN_BEDROCK="set").key(endpoint)
    assert stored is not None
    assert named is not None
    assert (stored.source, named.source) == ("keyring:bedrock", "env:AWS_BEARER_TOKEN_BEDROCK")


async def test_a_key_that_is_asked_for_by_name_must_be_there(home: Home) -> None:
    """Whoever writes `key: env:NAME` wants no other."""
    asked = place("bedrock", AWS_REGION="eu-west-1")
    endpoint = Endpoint("b", asked.protocol, asked.base_url, KeyRef("env", "NOT_SET"), auth="sigv4")

    with pytest.raises(ConfigError, match="there is no key"):
        await Keys(home.environ, paths=home.paths).key(endpoint)
