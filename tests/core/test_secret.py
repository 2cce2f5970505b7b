"""A key that cannot be printed by accident."""

import pickle

import msgspec
import pytest

from ultra.core.secret import Secret

KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize(
    "shown",
    [str, repr, "{}".format, "{!r}".format, "%s".__mod__, lambda secret: f"{[secret]}"],
    ids=["str", "repr", "format", "format repr", "percent", "inside a list"],
)
def test_no_way_of_showing_shows_the_key(shown: type[str]) -> None:
    """Stars, however it is written out."""
    assert KEY not in shown(Secret(KEY, "env:OPENAI_API_KEY"))


def test_encoding_does_not_show_the_key() -> None:
    """JSON refuses it rather than print it."""
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret(KEY, "env"))


def test_only_reveal_gives_the_key() -> None:
    """The one way to it is named, and its source is not secret."""
    secret = Secret(KEY, "keyring:openai")

    assert secret.reveal() == KEY
    assert secret.source == "keyring:openai"


def test_fingerprints_tell_keys_apart_and_give_nothing_away() -> None:
    """Eight hexadecimal digits, the same for the same key, whatever its source."""
    fingerprint = Secret(KEY, "env").fingerprint

    assert fingerprint == Secret(KEY, "file").fingerprint
    assert fingerprint != Secret(KEY + "x", "env").fingerprint
    assert len(fingerprint) == 8
    assert fingerprint not in KEY


def test_text_is_scrubbed_of_the_key_wherever_it_stands() -> None:
    """Every occurrence becomes stars; an empty key scrubs nothing."""
    assert Secret(KEY, "env").scrub(f"a {KEY} b {KEY}") == "a *** b ***"
    assert Secret("", "env").scrub("left alone") == "left alone"


def test_a_secret_copies_no_key_into_its_public_state() -> None:
    """Neither its dictionary nor a pickle of its class holds the key."""
    assert not hasattr(Secret(KEY, "env"), "__dict__")
    assert KEY.encode() not in pickle.dumps(Secret)


def test_a_key_that_a_cut_has_shortened_is_scrubbed() -> None:
    """The beginning of a key before an ellipsis gives it away as well."""
    secret = Secret("lab-0123456789", "env")

    assert secret.scrub("bad key lab-01234…") == "bad key ***…"
    assert secret.scrub("bad key lab-…") == "bad key ***…"
    assert secret.scrub("bad key la…") == "bad key la…"
    assert secret.scrub("bad key lab-01234") == "bad key lab-01234"
