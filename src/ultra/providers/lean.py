"""`import httpx` without its command line.

httpx tries to import its own command (`httpx._main`: rich, click, pygments) and does without when
that fails; where those are installed the try costs 42 ms. Every module here that needs httpx takes
it from this one.
"""

import sys

_COMMAND = "httpx._main"
_block = "httpx" not in sys.modules and _COMMAND not in sys.modules

if _block:
    # None makes an import fail as if the module were not there (docs.python.org, import system).
    sys.modules[_COMMAND] = None  # type: ignore[assignment]
try:
    import httpx
finally:
    if _block:
        # Whoever wants the command after all can still import it.
        del sys.modules[_COMMAND]

__all__ = ["httpx"]
