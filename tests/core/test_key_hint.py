"""What helps against a key that is refused."""

import pytest
from msgspec.structs import replace

from tests.support.fakes import target
from ultra.core.key_hint import new_key, place_of
from ultra.core.model import KeyRef

SAID_NONE = (
    "`lab` has `key: none` in the profile: say there where its key is, such as `key: env:NAME`"
)
SAID_BOTH = (
    "set `ONE` or `TWO` to a new one; where none is set, `ultra keys set lab` stores a new one"
)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("env:LAB_KEY", "set `LAB_KEY` to a new one"),
        ("keyring:other", "`ultra keys set other` stores a new one"),
        ("file:~/.secrets/lab", "write a new one into `~/.secrets/lab`"),
        ("command", "the profile's `command:` for `lab` has to print a new one"),
        ("command:op read x:y", "the profile's `command:` for `lab` has to print a new one"),
        ("stdin", "give `--key -` a new one"),
        ("aws", "`aws sso login` or `aws configure` renews the AWS credentials"),
        ("none", SAID_NONE),
        ("default:ONE,TWO", SAID_BOTH),
        ("default:", "`ultra keys set lab` stores a new one"),
        ("", "`ultra keys set lab` stores a new one"),
    ],
)
def test_a_new_key_goes_where_it_is_used(place: str, said: str) -> None:
    """One in the keyring helps nobody whose key comes from elsewhere."""
    assert new_key("lab", place) == said


@pytest.mark.parametrize(
    ("auth", "key", "keyed", "place"),
    [
        ("bearer", KeyRef("env", "LAB_KEY"), False, "env:LAB_KEY"),
        ("sigv4", KeyRef("default", "AWS"), False, "aws"),
        ("sigv4", KeyRef("default", "AWS"), True, "default:AWS"),
        ("sigv4", KeyRef("none"), False, "none"),
    ],
)
def test_aws_credentials_stand_in_for_a_key(
    auth: str, key: KeyRef, keyed: bool, place: str
) -> None:
    """They are what has to be renewed then."""
    endpoint = replace(target().endpoint, auth=auth, key=key)

    assert place_of(endpoint, keyed=keyed) == place
