"""Version, profile, trust and prices."""

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import ultra
from ultra.core.errors import ConfigError
from ultra.core.health import Finding
from ultra.output.messages import problem_line
from ultra.runtime.checkup.findings import ok, problem, told, warning
from ultra.runtime.profiles import chosen_file, problems_of, trust_of
from ultra.runtime.runtime import Runtime

PRICES_OLD_DAYS = 90


def version() -> Iterator[Finding]:
    """Which ultra this is, on which Python."""
    python = platform.python_version()
    yield ok("ultra", f"ultra {ultra.__version__}, Python {python} at `{sys.executable}`")
    if os.geteuid() == 0:
        yield warning("ultra", "you are root: files that ultra makes now are not your user's")


def profile(runtime: Runtime, selector: str | None) -> Iterator[Finding]:
    """The profile that would serve: all that is wrong with it, and how far it is trusted."""
    chosen = chosen_file(runtime, selector)
    problems = problems_of(runtime, chosen)
    where = f" (`{chosen.path}`)" if chosen.path else ""
    if problems:
        yield problem(
            "profile",
            f"profile `{chosen.name}`{where} does not hold",
            "mend what follows; `ultra profiles check` shows it again",
        )
        for one in problems:
            yield problem("profile", problem_line(one))
    if chosen.project and chosen.path is not None:
        yield from _trust(trust_of(runtime, chosen.path), str(chosen.path))
    for line in chosen.warnings:
        yield warning("profile", line)
    if not problems:
        yield from _loaded(runtime, where)


def _loaded(runtime: Runtime, where: str) -> Iterator[Finding]:
    try:
        found = runtime.profile
    except ConfigError as error:  # what is only known once files and variables come together
        yield told("profile", error)
        return
    if not found.providers:
        yield problem(
            "profile",
            "no profile, key or local server is set up",
            "`ultra init` sets one up, `ultra demo` shows ultra with simulated models",
        )
        return
    names = ", ".join(found.providers)
    yield ok("profile", f"`{found.name}`{where} holds: {found.environment}; providers: {names}")
    if not found.defaults.ask and not found.models:
        yield warning(
            "profile", "it names no default model", "name one under `defaults: {ask: ...}`"
        )


def _trust(standing: str, path: str) -> Iterator[Finding]:
    if standing == "untrusted":
        yield warning(
            "profile",
            f"the project's profile `{path}` is not trusted: fields that need trust do not hold",
            "`ultra profiles trust` shows what it asks for",
        )
    else:
        words = {
            "needless": "asks for nothing that needs trust",
            "granted": "is trusted as changed",
        }
        yield ok("profile", f"the project's profile {words.get(standing, 'is trusted')}")


def prices(runtime: Runtime) -> Iterator[Finding]:
    """How old the prices are."""
    if runtime.catalog.trouble:
        yield warning(
            "prices", runtime.catalog.trouble, "`ultra models --restore-prices` goes back"
        )
    taken = runtime.catalog.price_date()
    whose = "refreshed" if runtime.catalog.refreshed else "shipped"
    today = datetime.fromtimestamp(runtime.clock.time(), UTC).date()
    days = (today - date.fromisoformat(taken)).days
    if days > PRICES_OLD_DAYS:
        yield warning(
            "prices",
            f"prices are of {taken} ({whose}), {days} days old",
            "`ultra models --refresh-prices FILE|URL` takes newer ones, or upgrade ultra",
        )
    else:
        yield ok("prices", f"prices are of {taken} ({whose})")
