"""From the names on the command line to a strategy and its members."""

from typing import Any

import pytest

from tests.support.fakes import target
from ultra.core.errors import ConfigError, UsageError
from ultra.core.model import Ensemble, Route, Target
from ultra.core.profile import Defaults, Profile
from ultra.runtime.selection import select_for_ask, select_for_compare

FAST, SMART, WRITER = target("fast"), target("smart"), target("writer")


def profile(**fields: Any) -> Profile:
    told: dict[str, Any] = {
        "providers": {"lab": FAST.endpoint},
        "models": {"fast": FAST, "smart": SMART, "writer": WRITER},
        "groups": {"council": ("fast", "smart"), "all": ("@council", "lab:x")},
        "ensembles": {
            "panel": Ensemble("panel", "fusion", (FAST, SMART), WRITER),
            "race": Ensemble("race", "first", (FAST, SMART)),
            "every": Ensemble("every", "all", (FAST, SMART)),
        },
        "routes": {"best": Route("best", (SMART, FAST))},
        **fields,
    }
    return Profile("test", **told)


def resolve(name: str) -> Target:
    if not name.startswith("lab:"):
        raise UsageError(f"no provider for `{name}`", hint="did you mean `fast`?")
    return target(name, model=name.removeprefix("lab:"))


def asked(*names: str, strategy: str | None = None, **fields: Any) -> tuple[str, list[str]]:
    chosen = select_for_ask(profile(**fields), names, strategy, resolve)
    return chosen.strategy, [member.name for member in chosen.members]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("fast",), ("single", ["fast"])),
        (("lab:new",), ("single", ["lab:new"])),
        (("fast", "smart"), ("fusion", ["fast", "smart"])),
        (("fast", "fast"), ("fusion", ["fast", "fast"])),
        (("@council",), ("fusion", ["fast", "smart"])),
        (("@all", "writer"), ("fusion", ["fast", "smart", "lab:x", "writer"])),
        (("panel",), ("fusion", ["fast", "smart"])),
        (("race",), ("first", ["fast", "smart"])),
        (("best",), ("fallback", ["smart", "fast"])),
    ],
    ids=str,
)
def test_names_choose_strategy_and_members(
    names: tuple[str, ...], expected: tuple[str, list[str]]
) -> None:
    """In the order asked for."""
    assert asked(*names) == expected


@pytest.mark.parametrize(
    ("names", "strategy"),
    [(("fast", "smart"), "first"), (("panel",), "fallback"), (("best",), "first")],
)
def test_a_strategy_that_is_named_wins(names: tuple[str, ...], strategy: str) -> None:
    """Over several models, an ensemble and a route alike."""
    assert asked(*names, strategy=strategy)[0] == strategy


def test_without_names_the_profile_chooses() -> None:
    """A route, a group or a model."""
    assert asked(defaults=Defaults(ask="best"))[0] == "fallback"
    assert asked(defaults=Defaults(ask="@council"))[0] == "fusion"


def test_the_synthesizer_is_the_ensembles_own_else_the_profiles() -> None:
    """Only where one is needed."""
    with_default = profile(defaults=Defaults(synthesizer="smart"))

    own = select_for_ask(with_default, ["panel"], None, resolve)
    default = select_for_ask(with_default, ["fast", "smart"], None, resolve)
    none = select_for_ask(profile(), ["fast", "smart"], None, resolve)
    race = select_for_ask(with_default, ["race"], None, resolve)

    assert own.synthesizer == WRITER
    assert default.synthesizer == SMART
    assert none.synthesizer is None
    assert race.synthesizer is None


def test_what_one_name_stood_for_is_its_label() -> None:
    """An ensemble and a route have one, a model has none."""
    assert select_for_ask(profile(), ["panel"], None, resolve).label == "panel"
    assert select_for_ask(profile(), ["best"], None, resolve).label == "best"
    assert select_for_ask(profile(), ["fast"], None, resolve).label == ""


@pytest.mark.parametrize(
    ("names", "strategy", "words"),
    [
        (("fast",), "fusion", "needs at least 2 models, not 1"),
        (("fast", "smart"), "single", "takes one model, not 2"),
        (("fast", "smart"), "all", "gives no single answer"),
        (("every",), None, "gives no single answer"),
        (("fast",), "probe", "there is no strategy `probe`"),
        (("fast", "smart"), "fussion", "there is no strategy `fussion`"),
        (("fast", "best"), None, "`best` is a route, not one model"),
        (("@councils",), None, "has no group `@councils`"),
        (("fats",), None, "no provider for `fats`"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(
    names: tuple[str, ...], strategy: str | None, words: str
) -> None:
    """Before anything is sent, with the reason and a next step."""
    with pytest.raises(UsageError, match=words) as caught:
        asked(*names, strategy=strategy)

    assert caught.value.hint


def test_a_group_that_is_misspelt_names_the_nearest() -> None:
    """With its sign."""
    with pytest.raises(UsageError) as caught:
        asked("@councl")

    assert caught.value.hint == "did you mean `@council`?"


def test_nobody_to_ask_is_a_matter_of_configuration() -> None:
    """Nothing set up names `init` and `demo`; a profile without a default says so."""
    with pytest.raises(ConfigError, match="no profile, key or local server") as bare:
        asked(providers={})
    with pytest.raises(ConfigError, match="names no default model"):
        asked()

    assert "ultra init" in str(bare.value.hint)
    assert "ultra demo" in str(bare.value.hint)


def test_compare_asks_every_model() -> None:
    """One is enough; an ensemble is one, a route is not."""
    chosen = select_for_compare(profile(), ["@council", "lab:x"], resolve)
    default = select_for_compare(profile(defaults=Defaults(compare=("fast",))), [], resolve)

    assert (chosen.strategy, [m.name for m in chosen.members]) == (
        "all",
        ["fast", "smart", "lab:x"],
    )
    assert chosen.synthesizer is None
    assert [member.name for member in default.members] == ["fast"]
    with pytest.raises(UsageError, match="is a route"):
        select_for_compare(profile(), ["best"], resolve)
    with pytest.raises(ConfigError):
        select_for_compare(profile(), [], resolve)


def test_one_simulated_model_makes_a_selection_simulated() -> None:
    """The one who writes counts as well."""
    from msgspec.structs import replace

    made_up = replace(WRITER, endpoint=replace(WRITER.endpoint, protocol="simulated"))
    ensemble = {"panel": Ensemble("panel", "fusion", (FAST, SMART), made_up)}

    assert select_for_ask(profile(ensembles=ensemble), ["panel"], None, resolve).simulated
    assert not select_for_ask(profile(), ["panel"], None, resolve).simulated
