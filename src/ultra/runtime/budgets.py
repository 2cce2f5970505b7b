"""Budgets as the user sets, reads and reconciles them."""

from collections.abc import Sequence
from typing import cast, get_args

from ultra.core.budget import RUN, Limit, Mode, Period, checked_scope
from ultra.core.cost import nano_of_usd, usd
from ultra.core.errors import ConfigError, UsageError
from ultra.core.gauges import Gauge, Uncertain
from ultra.core.profile import Profile
from ultra.core.text import did_you_mean, one_line
from ultra.core.windows import zone_named
from ultra.runtime.auditing import author
from ultra.runtime.runtime import Runtime
from ultra.runtime.spending import smallest_nano
from ultra.store.book import Book
from ultra.store.database import Place

PERIODS: tuple[str, ...] = get_args(Period)


def book(runtime: Runtime) -> Book:
    """The budgets of this user's log."""
    place = Place(runtime.paths.database, tell=runtime.warn)
    return Book(place.path, runtime.clock.time, author(runtime), place=place)


def gauges(runtime: Runtime) -> list[Gauge]:
    """Every limit of the store and of the profile, with how far it is used.

    A profile that is wrong is told and left out. Raises `StoreError`.
    """
    profile = _profile(runtime)
    return book(runtime).gauges(profile.budget.limits if profile else ())


def set_budget(
    runtime: Runtime, scope: str, amount: str, *, period: str, mode: str, timezone: str
) -> Gauge:
    """Set a limit of the store; how far it is used already. `period` empty is a day, or the run.

    Raises `UsageError` for what cannot be a budget, `StoreError` when the log cannot be written.
    """
    named = checked_scope(scope)
    limit = Limit(
        named,
        _period(named, period),
        dollars(amount, "the amount"),
        cast("Mode", _one_of("--mode", mode, get_args(Mode))),
        timezone,
    )
    zone_named(timezone)
    _check_sense(_profile(runtime), limit, runtime)
    return book(runtime).set(limit)


def remove_budget(runtime: Runtime, scope: str, *, period: str) -> list[Limit]:
    """Remove a scope's limits, of one period or of all. Raises `UsageError` when there are none."""
    named = checked_scope(scope)
    wanted = _one_of("--per", period, PERIODS) if period else None
    found = book(runtime).remove(named, wanted)
    if not found:
        per = f" per {wanted}" if wanted else ""
        raise UsageError(
            f"there is no budget of `{named}`{per}",
            hint="`ultra budgets` lists those there are; a profile's own are in its file",
        )
    return found


def chosen(found: Sequence[Uncertain], prefixes: Sequence[str]) -> list[Uncertain]:
    """The uncertain attempts whose ids begin so. Raises `UsageError` for none and for several."""
    picked: dict[str, Uncertain] = {}
    for prefix in prefixes:
        wanted = prefix.lower()
        same = [item for item in found if item.attempt_id == wanted]
        matching = same or [item for item in found if item.attempt_id.startswith(wanted)]
        if len(matching) != 1 or len(prefix) < 4:
            raise UsageError(
                f"`{one_line(prefix, 60)}` stands for {'several' if len(matching) > 1 else 'no'}"
                " uncertain attempts",
                hint="`ultra budgets reconcile` lists them; write at least 4 characters of one",
            )
        picked[matching[0].attempt_id] = matching[0]
    return list(picked.values())


def dollars(text: str, what: str) -> int:
    """Nano-dollars of an amount as it was typed. Raises `UsageError`, naming `what`."""
    try:
        return nano_of_usd(text.removeprefix("$"))
    except ValueError as error:
        raise UsageError(
            f"{what} `{one_line(text, 60)}` {error}", hint="write dollars, such as `0.25`"
        ) from error


def _period(scope: str, period: str) -> Period:
    if not period:
        return "run" if scope == RUN else "day"
    found = _one_of("--per", period, PERIODS)
    if (scope == RUN) != (found == RUN):
        raise UsageError(
            f"`{scope}` cannot have a budget per {found}",
            hint="`ultra budgets set run USD` bounds each run, whatever it asks",
        )
    return cast("Period", found)


def _one_of(flag: str, text: str, known: Sequence[str]) -> str:
    if text not in known:
        raise UsageError(
            f"`{flag} {one_line(text, 60)}` is not known",
            hint=did_you_mean(text, known) or f"one of: {', '.join(known)}",
        )
    return text


def _profile(runtime: Runtime) -> Profile | None:
    try:
        return runtime.profile
    except ConfigError as error:
        runtime.warn(f"the budgets of the profile itself are left out: {error.message}")
        return None


def _check_sense(profile: Profile | None, limit: Limit, runtime: Runtime) -> None:
    """Refuse an amount that buys nothing, and say when nobody would ever count in a scope."""
    if profile is None:
        return
    kind, _, name = limit.scope.partition(":")
    known = {"provider": list(profile.providers), "profile": [profile.name]}.get(kind)
    if known is not None and name not in known:
        near = did_you_mean(name, known)
        runtime.warn(
            f"profile `{profile.name}` knows no {kind} `{name}`" + (f": {near}" if near else "")
            if kind == "provider"
            else f"the profile in use is `{profile.name}`, not `{name}`"
        )
    models = [
        one
        for one in profile.models.values()
        if kind != "provider" or one.endpoint.provider == name
    ]
    least = smallest_nano(models)
    if least is not None and 0 < limit.limit_nano < least:
        raise UsageError(
            f"{usd(limit.limit_nano)} buys no call: the smallest one to the cheapest model of"
            f" profile `{profile.name}` needs {usd(least)}",
            hint="0 lets free models through and nothing else",
        )
