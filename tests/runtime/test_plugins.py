"""Strategies that another package brings: a real distribution on the path, also broken ones."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime.test_plans import MODELS, asked, run, talkers
from tests.support.config import make_home
from ultra.core import plugins
from ultra.core.errors import ConfigError, UsageError
from ultra.core.strategies import STRATEGIES, strategy_row
from ultra.runtime.action import Selection
from ultra.runtime.estimate import plan
from ultra.runtime.models import strategies
from ultra.strategies.refusals import check_method
from ultra.strategies.registry import load_strategy

Install = Callable[..., None]

LAST = '''
"""The last answer to come, from a package of somebody else's."""

from ultra.core.plugins import StrategyPlugin
from ultra.core.ports import CallSpec, Outcome
from ultra.core.request import CallRequest


async def last(prompt, members, caller, emit, settings):
    specs = [
        CallSpec(CallRequest(member, prompt.messages, prompt.sampling), "member", index=place)
        for place, member in enumerate(members)
    ]
    async with caller.open(specs) as calls:
        answers = await calls.settle(settings.quorum, settings.grace_s)
    usable = [answer for answer in answers if answer.ok]
    return Outcome(tuple(answers), answer=usable[-1] if usable else None)


plugin = StrategyPlugin(last, "the last word wins", members=2, knobs=("criteria",))
nothing = "a text"
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with the metadata that an installer writes on the path."""
    site = tmp_path / "site"
    site.mkdir()

    def put(text: str = LAST, module: str = "last_word", **points: str) -> None:
        (site / f"{module}.py").write_text(text)
        metadata = site / f"{module}-1.2.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (metadata / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{lines}")
        importlib.invalidate_caches()
        plugins._offered.cache_clear()

    monkeypatch.syspath_prepend(str(site))
    yield put
    plugins._offered.cache_clear()


def test_a_plug_in_is_a_strategy_like_any_other(install: Install) -> None:
    """It runs over the engine, its calls are planned, and what it cannot do is refused."""
    install(last="last_word:plugin")
    a, b, *_ = MODELS.values()
    selection = Selection("last", (a, b))

    result, action = run(selection, talkers("good"), asked())

    assert result.outcome.answer is not None
    assert result.outcome.answer.name == "b"
    assert [call.name for call in plan(action).calls] == ["a", "b"]
    assert strategy_row("last").summary == "the last word wins"
    with pytest.raises(UsageError, match="`last` needs at least 2 models"):
        check_method("last", (a,), selection.method)


def test_the_calls_that_a_plug_in_announces_are_planned(install: Install) -> None:
    """Every member so often, and whoever comes after them."""
    text = LAST.replace("members=2,", "members=2, each=2, after=1,")
    install(text, "twice_over", twice="twice_over:plugin")
    a, b, *_ = MODELS.values()

    _, action = run(Selection("twice", (a, b)), talkers("good"), asked())

    assert [call.role for call in plan(action).calls] == ["member"] * 4 + ["writer"]


def test_a_plug_in_can_be_an_ensembles_strategy(install: Install, tmp_path: Path) -> None:
    """With the same checks as one of ours."""
    install(last="last_word:plugin")
    home = make_home(tmp_path)
    models = "models: {a: 'ollama:a', b: 'ollama:b'}\n"

    home.own("good", models + "ensembles: {e: {strategy: last, members: [a, b], criteria: x}}")
    wrong = home.wrong(models + "ensembles: {e: {strategy: last, members: [a], layers: 2}}")

    assert home.load("good").ensembles["e"].strategy == "last"
    assert sorted(problem.path for problem in wrong) == [
        "ensembles.e.layers",
        "ensembles.e.members",
    ]


def test_plug_ins_are_listed_and_broken_ones_say_why(install: Install) -> None:
    """One that fails takes neither the list nor the others along."""
    install(last="last_word:plugin", gone="no_such_module:plugin", odd="last_word:nothing")

    told = {row.name: row for row in strategies() if row.plugin}

    assert (told["last"].summary, told["last"].members) == ("the last word wins", 2)
    assert "`last_word 1.2` cannot be loaded: ModuleNotFoundError" in told["gone"].summary
    assert "is no plug-in: `last_word:nothing` is a `str`" in told["odd"].summary


def test_a_broken_plug_in_is_a_clear_error_where_it_is_asked_for(install: Install) -> None:
    """Naming its package; a profile that uses it says so at its place."""
    install("raise RuntimeError('boom')", "bad_word", bad="bad_word:plugin")

    with pytest.raises(ConfigError, match=r"`bad_word 1\.2` cannot be loaded: RuntimeError: boom"):
        strategy_row("bad")
    with pytest.raises(UsageError) as caught:
        strategy_row("badd")

    assert caught.value.hint == "did you mean `bad`?"


def test_a_name_of_ours_is_never_replaced(install: Install) -> None:
    """A package that offers `single` is not even loaded."""
    install("raise RuntimeError('boom')", "usurper", single="usurper:plugin")

    assert strategy_row("single") is STRATEGIES["single"]
    assert load_strategy("single") is not None
    assert [row.name for row in strategies()] == list(STRATEGIES)
