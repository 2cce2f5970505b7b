"""Which authorities are trusted."""

import ssl
from pathlib import Path

import pytest

from tests.support.certs import Authority
from ultra.core.errors import ConfigError
from ultra.providers import tls


def test_a_context_verifies_host_and_certificate() -> None:
    """There is no way to turn it off."""
    context = tls.context({})

    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_plain_http_trusts_nobody() -> None:
    """So that a mistake cannot make an unverified connection."""
    context = tls.trusting_nobody()

    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.get_ca_certs() == []


def test_a_named_file_is_the_only_authority(authority: Authority) -> None:
    """`SSL_CERT_FILE` replaces the system's."""
    context = tls.context({"SSL_CERT_FILE": str(authority.bundle)})

    assert len(context.get_ca_certs()) == 1


def test_a_named_directory_is_accepted(authority: Authority) -> None:
    """OpenSSL looks into it when it needs an authority."""
    context = tls.context({"SSL_CERT_DIR": str(authority.directory)})

    assert context.get_ca_certs() == []


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    """Rather than a handshake that fails for no visible reason."""
    with pytest.raises(ConfigError, match=name):
        tls.context({name: str(tmp_path / "missing")})


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    """An empty bundle trusts nobody."""
    (tmp_path / "empty.pem").write_text("nothing")

    with pytest.raises(ConfigError, match="holds no certificates"):
        tls.context({"SSL_CERT_FILE": str(tmp_path / "empty.pem")})


@pytest.mark.parametrize("bundle", [False, True])
def test_the_system_is_asked_before_certifi(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch, *, bundle: bool
) -> None:
    """The variables make OpenSSL itself look elsewhere for the system's authorities."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle if bundle else tmp_path / "no"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "no"))

    known = len(tls.context({}).get_ca_certs())

    assert known == 1 if bundle else known > 100


def test_a_system_directory_of_hashed_names_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Authorities in it are looked up when they are needed, so none is loaded yet."""
    (tmp_path / "5ed36f99.0").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "no"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert tls.context({}).get_ca_certs() == []
