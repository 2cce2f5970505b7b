"""A certificate authority of our own, made by the `openssl` command for one test run."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority: `bundle` is its certificate as clients want it."""

    directory: Path

    @property
    def bundle(self) -> Path:
        """The PEM file of the authority."""
        return self.directory / "ca.pem"

    def server(self) -> ssl.SSLContext:
        """What a server on 127.0.0.1 presents."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.pem", self.directory / "server.key")
        return context


def make_authority(
    directory: Path, names: str = "IP:127.0.0.1,DNS:localhost", *, days: int = 2
) -> Authority:
    """A fresh authority and a certificate for the names, as OpenSSL writes alternative names.

    The certificate holds for so many days; with -1 it has expired.
    """
    (directory / "server.ext").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(
        directory, "req", "-x509", *key, "-subj", "/CN=ultra test authority", "-days", "2",
        "-keyout", "ca.key", "-out", "ca.pem",
    )  # fmt: skip
    _openssl(
        directory, "req", *key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key",
        "-out", "server.csr",
    )  # fmt: skip
    _openssl(
        directory, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
        "-CAcreateserial", "-days", str(days), "-extfile", "server.ext", "-out", "server.pem",
    )  # fmt: skip
    return Authority(directory)


def _openssl(directory: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)
