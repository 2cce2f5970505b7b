"""Whatever a profile holds, it is a profile or a list of its mistakes."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.config import Home, make_home
from ultra.config import choices
from ultra.config.dump import dollars, to_yaml
from ultra.core.errors import ConfigError
from ultra.core.profile import Profile

CHECKED = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

VALID: dict[str, Any] = yaml.safe_load(
    """
version: 1
requires: ">=0.1"
environment: testing
providers:
  openai: {limits: {concurrency: 2}}
  lab: {protocol: openai-chat, base_url: "http://127.0.0.1:8000/v1", key: none}
  sim: {protocol: simulated, options: {seed: 1}}
models:
  fast: openai:gpt
  smart: {model: "lab:x", price: {input_per_mtok: 3.0, output_per_mtok: 15.0}}
groups: {council: [fast, smart], wide: ["@council", "sim:x"]}
ensembles: {panel: {strategy: fusion, members: ["@council"], synthesizer: smart}}
routes: {usual: {candidates: [fast, smart], on_failure: ["sim:y"]}}
defaults: {ask: usual, compare: "@wide", synthesizer: smart, judge: fast}
retry: {attempts: 4, per_target: 2}
timers: {run_s: 10.5}
budget: {day_usd: 5, mode: soft}
cache: {enabled: false}
confirm_usd: 0.5
"""
)

_names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._+/-]{0,8}\Z")
_model_ids = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:/-]{0,12}\Z")
_junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["@council", "fast", "panel", "openai:x", "env:A", "extends", "1e999"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for all examples of a property."""
    return make_home(tmp_path_factory.mktemp("properties"))


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """Profiles that hold."""
    models = draw(st.dictionaries(_names, _model_ids, min_size=1, max_size=5))
    names = list(models)
    some = st.lists(st.sampled_from(names), min_size=1, max_size=4)
    groups = draw(st.dictionaries(_names, some, max_size=3))
    priced = {
        name: {
            "model": f"lab:{model}",
            "price": {
                "input_per_mtok": dollars(draw(st.integers(0, 10**15))),
                "output_per_mtok": dollars(draw(st.integers(0, 10**15))),
            },
            "context_window": draw(st.integers(1, 10**9)),
        }
        for name, model in models.items()
    }
    return {
        "version": 1,
        "environment": draw(st.sampled_from(["development", "testing"])),
        "providers": {
            "lab": {"protocol": "openai-chat", "base_url": "https://lab.example/v1"},
            "sim": {
                "protocol": "simulated",
                "options": draw(st.dictionaries(_names, st.integers(0, 9), max_size=2)),
            },
        },
        "models": priced,
        "groups": groups,
        "defaults": {"ask": draw(st.sampled_from(names)), "compare": draw(some)},
        "timers": {"run_s": draw(st.floats(0.001, 86_400))},
        "confirm_usd": draw(st.floats(0, 1_000_000)),
    }


def _load(home: Home, text: str) -> Profile | ConfigError:
    home.write(home.paths.profiles_dir / "p.yaml", text)
    try:
        return home.load("p")
    except ConfigError as error:
        return error


@CHECKED
@given(written=profiles())
def test_a_profile_means_what_is_written(shared: Home, written: dict[str, Any]) -> None:
    """Every name, number and price comes back as it was."""
    profile = _load(shared, to_yaml(written))

    assert isinstance(profile, Profile), profile.problems
    assert {n: str(t.ref) for n, t in profile.models.items()} == {
        name: model["model"] for name, model in written["models"].items()
    }
    for name, model in written["models"].items():
        price = profile.models[name].price
        assert price is not None
        assert dollars(price.input.nano_per_mtok) == model["price"]["input_per_mtok"]
    assert profile.groups == {name: tuple(one) for name, one in written["groups"].items()}
    assert profile.defaults.compare == tuple(written["defaults"]["compare"])
    assert profile.providers["sim"].options == written["providers"]["sim"]["options"]
    assert profile.confirm_usd == written["confirm_usd"]
    assert profile.timers.run_s == written["timers"]["run_s"]


@CHECKED
@given(written=profiles())
def test_what_is_shown_reads_back(shared: Home, written: dict[str, Any]) -> None:
    """`profiles show` of any profile is that profile."""
    profile = _load(shared, to_yaml(written))
    assert isinstance(profile, Profile)

    again = _load(shared, choices.show(profile))

    assert again == profile


def _spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The key path of every value inside."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [path] if path else []
    for key, one in inner:
        found += _spots(one, (*path, key))
    return found


@CHECKED
@given(data=st.data())
def test_any_change_gives_a_profile_or_its_mistakes(shared: Home, data: st.DataObject) -> None:
    """A value replaced, a key added or taken away: never a traceback, always places."""
    changed = copy.deepcopy(VALID)
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(_spots(changed)))
        parent: Any = changed
        for key in above:
            parent = parent[key]
        match data.draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                parent[last] = data.draw(_junk)
            case "remove" if len(changed) > 1:
                del parent[last]
            case _ if isinstance(parent, dict):
                parent[data.draw(st.text(max_size=8))] = data.draw(_junk)
            case _:
                parent.append(data.draw(_junk))

    found = _load(shared, to_yaml(changed))

    if isinstance(found, ConfigError):
        assert found.problems
        assert all(problem.where and problem.message for problem in found.problems)


@CHECKED
@given(raw=st.binary(max_size=60) | st.text("{}[]&*!|>:-?,'\"#%@\t\n ab01~<", max_size=60))
def test_any_bytes_give_a_profile_or_its_mistakes(shared: Home, raw: bytes | str) -> None:
    """A file is somebody else's bytes."""
    path = shared.write(shared.paths.profiles_dir / "p.yaml", "")
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())

    shared.problems("p")


@CHECKED
@given(position=st.integers(0, 2000), junk=st.text(max_size=4))
def test_any_slip_of_the_fingers_gives_a_profile_or_its_mistakes(
    shared: Home, position: int, junk: str
) -> None:
    """A few letters put anywhere into a profile that holds."""
    text = to_yaml(VALID)
    position = min(position, len(text))

    path = shared.write(shared.paths.profiles_dir / "p.yaml", "")
    path.write_bytes((text[:position] + junk + text[position:]).encode("utf-8", "surrogatepass"))

    shared.problems("p")


@CHECKED
@given(written=st.dictionaries(st.sampled_from([*VALID, "extends", "breaker"]), _junk, max_size=4))
def test_an_untrusted_project_is_obeyed_or_refused(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, Any]
) -> None:
    """Never a provider, a host or a name that the user did not have before."""
    home = make_home(tmp_path_factory.mktemp("project"))
    home.default("providers: {openai: {}}\nmodels: {fast: openai:gpt, smart: openai:b}\n")
    own = home.load()
    home.repo("")
    (home.project / "ultra.yaml").write_text(to_yaml({"version": 1, **written}))

    try:
        profile = home.load()
    except ConfigError:
        return

    assert profile.providers == own.providers or written.get("timers")
    assert profile.models.keys() == own.models.keys()
    assert {e.base_url for e in profile.providers.values()} == {"https://api.openai.com/v1"}
    assert set(profile.expand(profile.defaults.compare)) <= {"fast", "smart"}
    assert profile.confirm_usd <= own.confirm_usd
