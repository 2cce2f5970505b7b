"""`ultra doctor`: every check, each on its own, so that one that fails stops no other."""

from collections.abc import Callable

import ultra
from ultra.core.errors import UltraError
from ultra.core.health import Checkup, Finding
from ultra.core.profile import Profile
from ultra.output.streams import Streams
from ultra.runtime.checkup import files, keys, setup, surroundings
from ultra.runtime.checkup.findings import guarded
from ultra.runtime.checkup.keys import Reached, reach
from ultra.runtime.runtime import Runtime

Script = Callable[[str], str]
"""Makes a shell's completion script."""


def examine(
    runtime: Runtime, selector: str | None, *, probe: bool, streams: Streams, script: Script
) -> Checkup:
    """Look at everything once. Raises nothing for what is wrong: that is what it finds.

    `selector` is `--profile`. With `probe` providers are asked for their models, which is free.
    """
    environ = runtime.environ
    found = [
        *guarded("ultra", setup.version),
        *guarded("profile", lambda: setup.profile(runtime, selector)),
        *guarded("keys", lambda: _outside(runtime, probe=probe)),
        *guarded("database", lambda: files.folders(runtime)),
        *guarded("database", lambda: files.database(runtime)),
        *guarded("audit", lambda: files.audit(runtime)),
        *guarded("terminal", lambda: surroundings.terminal(streams, environ)),
        *guarded("completions", lambda: surroundings.completions(environ, script)),
        *guarded("libraries", surroundings.libraries),
        *guarded("prices", lambda: setup.prices(runtime)),
    ]
    return Checkup(runtime.clock.time(), ultra.__version__, tuple(found))


def _outside(runtime: Runtime, *, probe: bool) -> list[Finding]:
    """Keys, hosts and clock; without a profile there are none to look at."""
    profile = _profile(runtime)
    if profile is None:
        return []
    reached: Reached = reach(runtime, profile, probe=probe)
    asked = list(reached.asked.values())
    return [
        *guarded("keys", lambda: keys.keys(reached, probed=probe)),
        *guarded("hosts", lambda: keys.hosts(reached, runtime.environ, probed=probe)),
        *(guarded("clock", lambda: keys.clock(asked)) if probe else ()),
    ]


def _profile(runtime: Runtime) -> Profile | None:
    """The profile, None for one that does not hold: what is wrong with it was told already."""
    try:
        return runtime.profile
    except UltraError:
        return None
