"""Where `ultra` starts: what needs no parser is answered before one is imported."""

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:  # before there was a verb to take it
        code = 130
    sys.exit(code)


def _run(words: list[str]) -> int:
    if words in (["--version"], ["-V"]):
        from ultra import __version__

        return _say(f"ultra {__version__}\n")
    if words in (["--help"], ["-h"]):
        from ultra.cli.verbs import root_help

        return _say(root_help())
    if words[:1] == ["__complete"]:
        from ultra.cli.complete import main as complete

        return complete(words[1:])
    if words[:1] == ["cost"] and "--line" in words:
        from ultra.cli.line import main as line

        code = line(words[1:])
        if code is not None:
            return code
    from ultra.cli.main import main as cli

    return cli(words)


def _say(text: str) -> int:
    """Write to stdout past Python's buffer, which would fail once more at exit; the exit code."""
    data = text.encode()
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError as error:
        from ultra.cli.main import unwritable

        return unwritable(error)
    return 0


if __name__ == "__main__":
    main()
