"""What helps against a key that is refused, by where that key is."""

from ultra.core.model import Endpoint

_STORED = "`ultra keys set {name}` stores a new one"

_NEXT = {
    "env": "set `{name}` to a new one",
    "file": "write a new one into `{name}`",
    "keyring": _STORED,
    "command": "the profile's `command:` for `{provider}` has to print a new one",
    "stdin": "give `--key -` a new one",
    "aws": "`aws sso login` or `aws configure` renews the AWS credentials",
    "none": "`{provider}` has `key: none` in the profile: say there where its key is, such as"
    " `key: env:NAME`",
}


def new_key(provider: str, place: str) -> str:
    """The next step: where another key has to go so that it is the one that is used.

    `place` is what the key came from as a `Secret`'s source, or where the profile looks for it as a
    `KeyRef` says it; empty where neither is known.
    """
    kind, _, name = place.partition(":")
    if kind in _NEXT:
        return _NEXT[kind].format(provider=provider, name=name)
    stored = _STORED.format(name=provider)
    variables = " or ".join(f"`{one}`" for one in name.split(",") if one)
    # Variables come before the keyring: a stored key would not be used where one is set.
    return f"set {variables} to a new one; where none is set, {stored}" if variables else stored


def place_of(endpoint: Endpoint, *, keyed: bool) -> str:
    """Where the profile looks for a key; AWS credentials, where they signed for want of one."""
    signed = endpoint.auth == "sigv4" and endpoint.key.kind == "default" and not keyed
    return "aws" if signed else str(endpoint.key)
