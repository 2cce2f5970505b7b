"""Secrets that are drawn at random: well-formed, and nobody's.

They are put together from pieces so that scanners of this repository find none.
"""

import base64
import json
import random
import string

ALNUM = string.ascii_letters + string.digits
SLUG = ALNUM + "-_"
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"


def drawn(length: int, letters: str = ALNUM, seed: int = 7) -> str:
    """Random letters, with digits among them; the same ones for the same seed."""
    source = random.Random(f"{seed} {length} {letters}")
    return "".join(source.choice(letters) for _ in range(length - 4)) + "7A3f"[:4].translate(
        {ord(letter): source.choice(letters) for letter in "7A3f" if letter not in letters}
    )


def token(head: dict[str, str], claims: dict[str, object], seed: int = 7) -> str:
    """A JSON Web Token of those parts, its signature random."""
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in (head, claims)
    )
    return ".".join([*parts, drawn(43, SLUG, seed)])


def block(kind: str, seed: int = 7, lines: int = 6) -> str:
    """A private key in PEM."""
    body = "\n".join(drawn(64, ALNUM + "+/", seed + line) for line in range(lines))
    name = f"{kind} PRIVATE" + " KEY" if kind else "PRIVATE" + " KEY"
    return f"-----BEGIN {name}-----\n{body}\n-----END {name}-----"


def made(seed: int = 7) -> dict[str, list[str]]:
    """Secrets by the kind that the guard calls them."""

    def some(length: int, letters: str = ALNUM) -> str:
        return drawn(length, letters, seed)

    digits = string.digits
    return {
        "private key": [block(kind, seed) for kind in ("RSA", "EC", "DSA", "OPENSSH", "")],
        "encrypted private key": [block("ENCRYPTED", seed)],
        "aws access key": ["AK" + "IA" + some(16, UPPER), "AS" + "IA" + some(16, UPPER)],
        "aws bedrock key": ["ABSK" + "QmVkcm9ja0FQSUtle" + some(110)],
        "openai key": [
            "sk" + "-" + some(20) + "T3Blbk" + "FJ" + some(20),
            "sk" + "-proj-" + some(74, SLUG) + "T3Blbk" + "FJ" + some(74, SLUG),
            "sk" + "-proj-" + some(120, SLUG),
            "sk" + "-svcacct-" + some(120, SLUG),
        ],
        "anthropic key": ["sk" + "-ant-api03-" + some(93, SLUG) + "AA"],
        "openrouter key": ["sk" + "-or-v1-" + some(64, HEX)],
        "api key": ["sk" + "-" + some(32, HEX), "sk" + "-" + some(48)],
        "google api key": ["AI" + "za" + some(35, SLUG)],
        "google oauth secret": ["GOC" + "SPX-" + some(28, SLUG)],
        "groq key": ["gs" + "k_" + some(52)],
        "xai key": ["xa" + "i-" + some(80)],
        "perplexity key": ["pp" + "lx-" + some(48)],
        "cerebras key": ["cs" + "k-" + some(48)],
        "together key": ["tg" + "p_v1_" + some(43, SLUG)],
        "nvidia key": ["nv" + "api-" + some(64, SLUG)],
        "fireworks key": ["fw" + "_" + some(24)],
        "replicate token": ["r" + "8_" + some(37)],
        "hugging face token": ["hf" + "_" + some(34)],
        "github token": [
            *(head + "_" + some(36) for head in ("gh" + "p", "gh" + "o", "gh" + "u", "gh" + "s")),
            "github" + "_pat_" + some(22) + "_" + some(59),
        ],
        "gitlab token": [
            *("gl" + f"{head}-" + some(20, SLUG) for head in ("pat", "dt", "soat", "rt")),
            "gl" + "ptt-" + some(40, SLUG),
        ],
        "slack token": ["xox" + "b-" + some(12, digits) + "-" + some(12, digits) + "-" + some(24)],
        "slack webhook": [
            "https://hooks.slack" + ".com/services/T" + some(9) + "/B" + some(9) + "/" + some(24)
        ],
        "stripe key": ["sk" + "_live_" + some(24), "rk" + "_live_" + some(99)],
        "pypi token": ["pypi-AgEIc" + "HlwaS5vcmc" + some(150, SLUG)],
        "npm token": ["np" + "m_" + some(36)],
        "sendgrid key": ["S" + "G." + some(22) + "." + some(43)],
        "square secret": ["sq0" + "csp-" + some(43)],
        "telegram token": [some(10, "345689") + ":A" + "A" + some(33, SLUG)],
        "mailchimp key": [some(32, HEX) + "-us" + "12"],
        "json web token": [token({"alg": "HS256", "typ": "JWT"}, {"sub": "me", "iat": seed}, seed)],
        "digitalocean token": ["dop" + "_v1_" + some(64, HEX)],
        "shopify token": ["shp" + "at_" + some(32, HEX)],
        "vault token": ["hv" + "s." + some(95, SLUG)],
        "age key": ["AGE-SECRET" + "-KEY-1" + some(58, UPPER)],
        "databricks token": ["da" + "pi" + some(32, HEX)],
        "docker token": ["dckr" + "_pat_" + some(27, SLUG)],
        "linear key": ["lin" + "_api_" + some(40)],
    }
