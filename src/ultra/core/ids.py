"""Names for runs, calls and attempts, nested in each other and shortened like git's."""

import os

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, which leaves out i, l, o and u. Source: crockford.com/base32.html."""

RUN_ID_LENGTH = 12


def new_run_id() -> str:
    """Twelve random characters (60 bits): the first four already tell most runs apart."""
    return run_id_of(os.urandom(8))


def run_id_of(random: bytes) -> str:
    """The id that the first eight of some random bytes make."""
    bits = int.from_bytes(random[:8], "big")
    return "".join(_ALPHABET[(bits >> (5 * place)) & 31] for place in range(RUN_ID_LENGTH))


def call_id(run_id: str, number: int) -> str:
    """The `number`-th call of a run, counted from 1."""
    return f"{run_id}-{number}"


def attempt_id(call: str, number: int) -> str:
    """The `number`-th attempt of a call, counted from 1."""
    return f"{call}.{number}"
