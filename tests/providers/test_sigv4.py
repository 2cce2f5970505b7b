"""Requests to AWS are signed with what the machine's own credential chain gives."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.eventstream import message
from tests.support.lines import FixedKeys
from tests.support.server import Exchange, Seen, loopback
from ultra.core.clock import SystemClock
from ultra.core.errors import CallError, ConfigError, ErrorClass
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import CallRequest, said
from ultra.providers.hub import ProviderHub
from ultra.providers.lean import httpx
from ultra.providers.sigv4 import Signer, signs
from ultra.providers.wire import WireRequest

ACCESS, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "a-session-token"
MODEL = "us.amazon.nova-lite-v1:0"
STREAM = message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hi"}})
STREAM += message("messageStop", {"stopReason": "end_turn"}) + message("metadata", {"usage": {}})


@pytest.fixture(autouse=True)
def _no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of a role, in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


def place(url: str, key: KeyRef | None = None) -> Endpoint:
    """Bedrock at an address."""
    return Endpoint("bedrock", "bedrock-converse", url, key or KeyRef("default", "X"), auth="sigv4")


async def asked(transport: str, endpoint: Endpoint, key: str | None = None) -> None:
    """Make one call. Raises `CallError` and `ConfigError`."""
    environ = {"ULTRA_TRANSPORT": transport}
    hub = ProviderHub(FixedKeys(key), SystemClock(), environ=environ)
    request = CallRequest(Target("b", MODEL, endpoint), (said("user", "hello"),))
    try:
        async for _ in hub.stream(request):
            pass
    finally:
        await hub.aclose()


async def streams(exchange: Exchange) -> None:
    """A server that answers."""
    await exchange.body(STREAM, content_type="application/vnd.amazon.eventstream")


def expected(seen: Seen, url: str, region: str) -> str:
    """The header that AWS would make of what arrived, signed at the same moment."""
    request = AWSRequest(seen.method, url + seen.target, data=seen.body)
    for name in ("content-type", "x-amz-date", "x-amz-security-token"):
        request.headers[name] = seen.headers[name]
    request.context["timestamp"] = seen.headers["x-amz-date"]
    signer = SigV4Auth(Credentials(ACCESS, SECRET, TOKEN), "bedrock", region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    names = signer.signed_headers(signer.headers_to_sign(request))
    scope = signer.scope(request)
    signature = signer.signature(text, request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


@pytest.mark.usefixtures("signed_in")
async def test_what_arrives_is_what_was_signed(transport: str) -> None:
    """Path, body, host and headers, to the byte, on both transports."""
    async with loopback(streams) as server:
        await asked(transport, place(server.url))
        seen = server.requests[0]

    assert seen.target == "/model/us.amazon.nova-lite-v1%3A0/converse-stream"
    assert seen.headers["authorization"] == expected(seen, server.url, "eu-central-1")
    assert (
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"
        in (seen.headers["authorization"])
    )
    assert SECRET.encode() not in seen.head


@pytest.mark.usefixtures("signed_in")
async def test_a_bearer_key_goes_before_a_signature(transport: str) -> None:
    """`AWS_BEARER_TOKEN_BEDROCK` is there to be used."""
    async with loopback(streams) as server:
        await asked(transport, place(server.url), key="ABSK-bearer")

    assert server.requests[0].headers["authorization"] == "Bearer ABSK-bearer"
    assert "x-amz-date" not in server.requests[0].headers


@pytest.mark.usefixtures("signed_in")
async def test_who_wants_no_key_gets_no_signature() -> None:
    """`key: none` is for a stand-in of one's own."""
    async with loopback(streams) as server:
        await asked("httpx", place(server.url, KeyRef("none")))

    assert "authorization" not in server.requests[0].headers


async def test_a_profile_of_the_aws_files_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by `AWS_PROFILE`, with its region."""
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n"
    )
    (tmp_path / "config").write_text("[profile work]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_PROFILE", "work")

    async with loopback(streams) as server:
        await asked("httpx", place(server.url))

    header = server.requests[0].headers["authorization"]
    assert f"Credential={ACCESS}/" in header
    assert "/ap-south-1/bedrock/" in header


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-west-2.amazonaws.com", "us-west-2"),
        ("vpce-0a.bedrock-runtime.us-gov-west-1.vpce.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("proxy.example.com", "eu-central-1"),
    ],
)
async def test_the_region_is_that_of_the_host(host: str, region: str) -> None:
    """And the user's where the host names none."""
    url = httpx.URL(f"https://{host}/model/m/converse")

    headers = await Signer().headers(place(f"https://{host}"), WireRequest("POST", "/m"), url)

    assert f"/{region}/bedrock/aws4_request" in headers["authorization"]


@pytest.mark.usefixtures("signed_in")
async def test_another_host_gets_no_signature() -> None:
    """The session token is as good as a key."""
    with pytest.raises(ConfigError, match=r"is not sent to `evil\.example`"):
        await Signer().headers(
            place("https://bedrock-runtime.us-west-2.amazonaws.com"),
            WireRequest("POST", "/m"),
            httpx.URL("https://evil.example/m"),
        )


@pytest.mark.parametrize(
    ("environ", "told", "hint"),
    [
        ({}, "there are no AWS credentials for `bedrock`", "AWS_BEARER_TOKEN_BEDROCK"),
        ({"AWS_PROFILE": "nobody"}, "nobody", "aws sso login"),
        (
            {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET},
            "there is no AWS region",
            "AWS_REGION",
        ),
    ],
    ids=["no credentials", "no such profile", "no region"],
)
async def test_what_is_missing_is_named_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], told: str, hint: str
) -> None:
    """What, where and the next step."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    async with loopback(streams) as server:
        with pytest.raises(ConfigError, match=told) as caught:
            await asked("httpx", place(server.url))

    assert hint in (caught.value.hint or "")
    assert server.requests == []


async def test_credentials_that_cannot_be_renewed_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that has ended, told with the way to renew it; the next call looks anew."""
    (tmp_path / "config").write_text(
        "[profile p]\nregion = eu-west-1\ncredential_process = false\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "p")
    signer = Signer()
    endpoint = place("https://bedrock-runtime.eu-west-1.amazonaws.com")
    wire, url = WireRequest("POST", "/m"), httpx.URL(endpoint.base_url + "/m")

    with pytest.raises(ConfigError, match="cannot be used") as caught:
        await signer.headers(endpoint, wire, url)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    assert "aws sso login" in (caught.value.hint or "")
    assert "authorization" in await signer.headers(endpoint, wire, url)


async def test_a_login_program_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that waits for it is left behind."""
    (tmp_path / "config").write_text("[profile p]\ncredential_process = sleep 600\n")
    monkeypatch.setenv("AWS_PROFILE", "p")
    endpoint = place("https://bedrock-runtime.eu-west-1.amazonaws.com")

    with pytest.raises(ConfigError, match="did not come within") as caught:
        await Signer(chain_s=0.2).headers(
            endpoint, WireRequest("POST", "/m"), httpx.URL(endpoint.base_url + "/m")
        )

    assert "aws sso login" in (caught.value.hint or "")


@pytest.mark.usefixtures("signed_in")
async def test_expired_credentials_are_told_with_the_way_to_renew_them(transport: str) -> None:
    """AWS says so only when asked."""

    async def handler(exchange: Exchange) -> None:
        text = f"The security token included in the request is expired ({ACCESS})"
        headers = {"x-amzn-errortype": "ExpiredTokenException", "x-amzn-requestid": "r-1"}
        await exchange.json({"message": text}, status=403, headers=headers)

    async with loopback(handler) as server:
        with pytest.raises(CallError) as caught:
            await asked(transport, place(server.url))

    error = caught.value
    assert (error.error_class, error.request_id) == (ErrorClass.AUTH, "r-1")
    assert ACCESS not in error.message
    assert "aws sso login" in (error.hint or "")


def test_only_endpoints_of_aws_are_signed_for() -> None:
    """Every other style has its key or nothing."""
    endpoint = place("https://x")

    assert signs(endpoint, None)
    assert not signs(msgspec.structs.replace(endpoint, auth="bearer"), None)
    assert not signs(msgspec.structs.replace(endpoint, key=KeyRef("none")), None)
