"""What is loaded, and when."""

import subprocess
import sys


def _printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_httpx_comes_without_its_command_line() -> None:
    """rich and click cost 42 ms that nobody asked for."""
    code = (
        "import sys, ultra.providers.lean\n"
        "print('httpx' in sys.modules, 'rich' in sys.modules, 'click' in sys.modules,"
        " 'httpx._main' in sys.modules)"
    )

    assert _printed(code) == "True False False False"


def test_httpx_that_is_there_already_is_left_as_it_is() -> None:
    """A program that imported it with its command keeps the command."""
    code = (
        "import sys, httpx\n"
        "before = 'httpx._main' in sys.modules\n"
        "import ultra.providers.lean\n"
        "print(('httpx._main' in sys.modules) == before)"
    )

    assert _printed(code) == "True"


def test_the_command_can_still_be_imported() -> None:
    """The block is gone when the import is done."""
    code = (
        "import ultra.providers.lean, importlib.util\n"
        "print(importlib.util.find_spec('httpx._main') is not None)"
    )

    assert _printed(code) == "True"


def test_the_hub_loads_no_http_before_a_call_needs_it() -> None:
    """A simulated run pays for neither library."""
    code = (
        "import sys, ultra.providers.hub\nprint('httpx' in sys.modules, 'aiohttp' in sys.modules)"
    )

    assert _printed(code) == "False False"


def test_few_calls_load_no_aiohttp() -> None:
    """It costs 100 ms."""
    code = (
        "import sys\n"
        "from ultra.providers.transport import Transports\n"
        "Transports({}, expected_calls=63)\n"
        "print('aiohttp' in sys.modules)\n"
        "Transports({}, expected_calls=64)\n"
        "print('aiohttp' in sys.modules)"
    )

    assert _printed(code).split() == ["False", "True"]
