"""Which authorities a TLS connection trusts."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from ultra.core.errors import ConfigError


def context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """A context that verifies host and certificate.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` win; else the system's authorities, where a company's own
    are; else certifi's. Raises `ConfigError` when the variables name nothing that can be read.
    """
    file, directory = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if file or directory:
        return _named(file or None, directory or None)
    if _system_has_authorities():
        return ssl.create_default_context()
    # Python builds without a system bundle beside them; httpx has brought certifi along.
    import certifi  # noqa: PLC0415

    return ssl.create_default_context(cafile=certifi.where())


def trusting_nobody() -> ssl.SSLContext:
    """A context for transports that only speak plain http: loading authorities takes 25 ms."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _named(file: str | None, directory: str | None) -> ssl.SSLContext:
    if directory and not Path(directory).is_dir():
        raise ConfigError(f"`SSL_CERT_DIR` names `{directory}`, which is not a directory")
    try:
        return ssl.create_default_context(cafile=file, capath=directory)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"`SSL_CERT_FILE` names `{file}`, which holds no certificates that can be read",
            hint="name a PEM file, or unset the variable",
        ) from error


def _system_has_authorities() -> bool:
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return True
    # OpenSSL looks authorities up by hash: files called like `5ed36f99.0`.
    return bool(paths.capath) and any(Path(paths.capath).glob("*.0"))
