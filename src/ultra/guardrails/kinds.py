"""The kinds of secrets that are looked for, as data: one row a kind.

Only what tells itself by its form is here: a mark that no other text has, then a body of the right
letters and length. Long random strings without a mark are hashes and ids more often than keys.
"""

from typing import Literal

from msgspec import Struct

Area = Literal["token", "pem", "putty"]
"""How far a secret reaches: its token, or the whole block that its first line begins."""


class Kind(Struct, frozen=True):
    """One kind of secret.

    A text without any of `marks` holds none of it; `fold` says that their case is no matter. What
    is looked for is a mark with `body` after it, or else `pattern`, whose group `value` is the
    secret where words around it are needed to tell it. Repetitions are possessive or bounded, so
    that a text is read once. `plugin` is the module and class of detect-secrets that has the last
    word, empty where it knows no such kind and the form itself decides. `holds` must stand in the
    value, `digits` says how many digits it has at least.
    """

    name: str
    marks: tuple[str, ...]
    body: str = ""
    pattern: str = ""
    plugin: str = ""
    holds: str = ""
    digits: int = 0
    fold: bool = False
    area: Area = "token"


WORD = "[A-Za-z0-9]"
SLUG = "[A-Za-z0-9_-]"
HEX = "[0-9a-f]"

_APART = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""As `secrets` looks back from a mark: where a token may begin."""

_AWS = "aws:AWSKeyDetector"
_AWS_NAME = "(?:key|pwd|pw|password|pass|token)"
_AWS_VALUE = "(?P<value>[0-9a-zA-Z/+]{40})"
_GITLAB = "gitlab_token:GitLabTokenDetector"

KINDS: tuple[Kind, ...] = (
    Kind(
        "private key",
        ("PRIVATE KEY",),
        pattern="-----BEGIN (?:DSA |EC |OPENSSH |RSA |PGP )?PRIVATE KEY(?: BLOCK)?-----",
        plugin="private_key:PrivateKeyDetector",
        area="pem",
    ),
    Kind(
        "encrypted private key",
        ("ENCRYPTED PRIVATE KEY",),
        pattern="---(?:--|-) ?BEGIN (?:SSH2 )?ENCRYPTED PRIVATE KEY ?----",
        area="pem",
    ),
    Kind("private key", ("PuTTY-User-Key-File-",), "[123]: ", area="putty"),
    Kind("aws access key", ("AKIA",), "[0-9A-Z]{16,}+", plugin=_AWS),
    Kind("aws access key", ("ASIA", "ABIA", "ACCA"), "[0-9A-Z]{16,}+", plugin=_AWS, digits=1),
    Kind("aws access key", ("A3T",), "[0-9A-Z]{17,}+", plugin=_AWS, digits=1),
    Kind(
        "aws secret key",
        ("aws",),
        pattern=rf"(?i:aws.{{0,20}}?{_AWS_NAME}.{{0,20}}?)['\"]{_AWS_VALUE}['\"]",
        plugin=_AWS,
        fold=True,
    ),
    Kind(
        "aws secret key",
        ("secret_access_key", "secretaccesskey"),
        pattern=rf"(?i:secret_?access_?key)[\"']?\s{{0,4}}[=:]\s{{0,4}}[\"']?{_AWS_VALUE}"
        "(?![0-9a-zA-Z/+=])",
        fold=True,
    ),
    Kind("aws bedrock key", ("ABSKQmVkcm9ja0FQSUtle",), "[A-Za-z0-9+/]{40,}+=*+"),
    Kind("openai key", ("sk-",), f"{SLUG}{{40,}}+", holds="T3BlbkFJ"),
    Kind("openai key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), f"{SLUG}{{40,}}+", digits=3),
    Kind("anthropic key", ("sk-ant-",), f"[a-z]{{2,16}}[0-9]{{2}}-{SLUG}{{60,}}+"),
    Kind("openrouter key", ("sk-or-v1-",), f"{HEX}{{48,}}+"),
    Kind("api key", ("sk-",), f"{WORD}{{32,}}+", digits=3),
    Kind("google api key", ("AIza",), f"{SLUG}{{35,}}+"),
    Kind("google oauth secret", ("GOCSPX-",), f"{SLUG}{{28,}}+"),
    Kind("groq key", ("gsk_",), f"{WORD}{{40,}}+", digits=1),
    Kind("xai key", ("xai-",), f"{WORD}{{60,}}+", digits=1),
    Kind("perplexity key", ("pplx-",), f"{WORD}{{40,}}+"),
    Kind("cerebras key", ("csk-",), f"{WORD}{{40,}}+", digits=1),
    Kind("together key", ("tgp_v1_",), f"{SLUG}{{40,}}+"),
    Kind("nvidia key", ("nvapi-",), f"{SLUG}{{60,}}+"),
    Kind("fireworks key", ("fw_",), f"{WORD}{{22,}}+", digits=2),
    Kind("replicate token", ("r8_",), f"{WORD}{{37,}}+", digits=1),
    Kind("hugging face token", ("hf_",), f"{WORD}{{34,}}+"),
    Kind(
        "github token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        "[A-Za-z0-9_]{36,}+",
        plugin="github_token:GitHubTokenDetector",
    ),
    Kind("github token", ("github_pat_",), "[A-Za-z0-9_]{60,}+", digits=1),
    Kind(
        "gitlab token",
        ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "GR1348941"),
        f"{SLUG}{{20,}}+",
        plugin=_GITLAB,
    ),
    Kind(
        "gitlab token",
        ("glimt-", "glptt-", "glagent-", "gloas-"),
        f"{SLUG}{{25,}}+",
        plugin=_GITLAB,
    ),
    Kind(
        "slack token",
        ("xoxa-", "xoxb-", "xoxp-", "xoxo-", "xoxs-", "xoxr-"),
        "(?:[0-9]++-)++[A-Za-z0-9]++",
        plugin="slack:SlackDetector",
    ),
    Kind(
        "slack webhook",
        ("https://hooks.slack.com/services/T",),
        r"[a-zA-Z0-9_]++/B[a-zA-Z0-9_]++/[a-zA-Z0-9_]++",
        plugin="slack:SlackDetector",
    ),
    Kind("stripe key", ("sk_live_", "rk_live_"), f"{WORD}{{24,}}+", plugin="stripe:StripeDetector"),
    Kind("pypi token", ("pypi-Ag",), f"{SLUG}{{80,}}+", plugin="pypi_token:PypiTokenDetector"),
    Kind("npm token", ("npm_",), f"{WORD}{{36,}}+", digits=1),
    Kind(
        "npm token",
        (":_authToken=",),
        r"\s{0,8}(?P<value>npm_[^\s\"']++|[A-Fa-f0-9-]{36})",
    ),
    Kind(
        "sendgrid key",
        ("SG.",),
        rf"{SLUG}{{22}}\.{SLUG}{{43,}}+",
        plugin="sendgrid:SendGridDetector",
    ),
    Kind(
        "square secret",
        ("sq0csp-",),
        f"{SLUG}{{43,}}+",
        plugin="square_oauth:SquareOAuthDetector",
    ),
    Kind(
        "azure storage key",
        ("AccountKey=",),
        "(?P<value>[a-zA-Z0-9+/=]{88})",
        plugin="azure_storage_key:AzureStorageKeyDetector",
    ),
    Kind(
        "telegram token",
        (":AA",),
        pattern=rf"{_APART}[0-9]{{8,10}}:AA{SLUG}{{33,}}+",
        plugin="telegram_token:TelegramBotTokenDetector",
    ),
    Kind(
        "mailchimp key",
        tuple(f"-us{digit}" for digit in range(10)),
        pattern=rf"{_APART}[0-9a-z]{{32}}-us[0-9]{{1,2}}(?![0-9A-Za-z])",
        plugin="mailchimp:MailchimpDetector",
        digits=3,
    ),
    Kind(
        "json web token",
        ("eyJ",),
        rf"{SLUG}{{8,}}+\.ey{SLUG}{{4,}}+\.{SLUG}{{16,}}+",
        plugin="jwt:JwtTokenDetector",
    ),
    Kind("digitalocean token", ("dop_v1_", "doo_v1_", "dor_v1_"), f"{HEX}{{64,}}+"),
    Kind("shopify token", ("shpat_", "shpss_", "shpca_"), "[0-9a-fA-F]{32,}+"),
    Kind("vault token", ("hvs.", "hvb."), f"{SLUG}{{80,}}+"),
    Kind("age key", ("AGE-SECRET-KEY-1",), "[0-9A-Z]{58,}+"),
    Kind("databricks token", ("dapi",), f"{HEX}{{32,}}+"),
    Kind("docker token", ("dckr_pat_",), f"{SLUG}{{27,}}+"),
    Kind("linear key", ("lin_api_",), f"{WORD}{{40,}}+"),
)
"""In order of precedence: of two that begin at one place the first names it.

Sources: the plug-ins of detect-secrets named in the rows; docs.github.com (about authentication,
token formats), docs.gitlab.com/security/tokens, docs.aws.amazon.com/IAM (identifiers), RFC 7519,
and for the rest the pages on which a vendor shows its keys: a prefix and a random tail.
"""
