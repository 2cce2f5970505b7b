"""The fast lane of completion: `ultra __complete KIND PREFIX [PROFILE]`, without a parser.

Prints one candidate a line, with what to say of it after a tab. Never fails and never warns:
whatever it printed would land in the middle of a line that is being typed.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ultra.cli.verbs import VERBS


def main(words: Sequence[str]) -> int:
    """Print the candidates; always 0."""
    kind, prefix, profile = (*words, "", "", "")[:3]
    lines = [
        f"{word}\t{told}" if told else word for word, told in _candidates(kind, prefix, profile)
    ]
    try:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
    except OSError:  # nobody reads: what Python still holds must not fail at exit, in its own words
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _candidates(kind: str, prefix: str, profile: str) -> list[tuple[str, str]]:
    if kind == "verbs":
        return [(name, verb.summary) for name, verb in VERBS.items() if name.startswith(prefix)]
    from ultra.runtime.completion import Completer

    try:
        completer = Completer(profile or None, environ=os.environ, cwd=Path.cwd())
        return completer.candidates(kind, prefix)
    except OSError:  # the working directory is gone
        return []
