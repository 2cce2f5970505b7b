"""The profiles there are: list, choose, show, check."""

from pathlib import Path

import pytest

from tests.support.config import Home
from ultra.config import choices
from ultra.config.discover import Chosen
from ultra.config.trust import trust
from ultra.core.errors import ConfigError


def _list(home: Home) -> dict[str, tuple[str, str, bool]]:
    home.project.mkdir(exist_ok=True)
    found = choices.profiles(environ=home.environ, cwd=home.project, paths=home.paths)
    return {one.name: (one.origin, one.trust, one.active) for one in found}


def test_all_profiles_are_listed_with_where_they_come_from(home: Home) -> None:
    """The project's first, then the user's, then the shipped ones."""
    home.repo("confirm_usd: 0\n")
    home.own("mine", "")
    home.own("council", "")
    home.default("")

    found = _list(home)

    assert list(found)[:4] == ["project:project", "default", "council", "mine"]
    assert found["project:project"] == ("project", "needless", True)
    assert found["default"] == ("user", "needless", False)
    assert found["council"][0] == "user"
    assert found["development"] == ("shipped", "needless", False)
    assert {"testing", "production", "local", "frugal"} <= set(found)


def test_the_list_says_which_projects_are_trusted(home: Home) -> None:
    """Untrusted, trusted, and changed since in what needs none."""
    file = home.repo("providers: {openai: {}}\n")
    assert _list(home)["project:project"][1] == "untrusted"

    trust(file, paths=home.paths)
    assert _list(home)["project:project"][1] == "trusted"

    home.repo("providers: {openai: {}}\nconfirm_usd: 0\n")
    assert _list(home)["project:project"][1] == "granted"

    file.write_bytes(b"x" * 2_000_000)
    assert _list(home)["project:project"][1] == "untrusted"


def test_the_list_survives_a_profile_variable_that_leads_nowhere(home: Home) -> None:
    """It is what the user looks at to find out."""
    home.environ["ULTRA_PROFILE"] = "gone"

    assert not any(active for _, _, active in _list(home).values())


def test_the_chosen_profile_serves_until_another_is_chosen(home: Home) -> None:
    """`default` and None go back to `ultra.yaml`."""
    home.own("mine", "")
    usual = home.default("")

    assert choices.use("mine", paths=home.paths) == home.paths.profiles_dir / "mine.yaml"
    assert (choices.active(home.paths), home.load().name) == ("mine", "mine")
    assert _list(home)["mine"][2]

    assert choices.use("default", paths=home.paths) == usual
    assert (choices.active(home.paths), home.load().name) == (None, "default")
    usual.unlink()
    assert choices.use(None, paths=home.paths) is None


def test_an_unknown_profile_is_not_chosen(home: Home) -> None:
    """The nearest is named."""
    with pytest.raises(ConfigError) as caught:
        choices.use("produktion", paths=home.paths)

    assert caught.value.hint == "did you mean `production`?"


FULL = """
environment: testing
providers:
  openai: {}
  work: {vendor: openai, key: env:WORK, headers: {X-Team: blue}, limits: {concurrency: 2}}
  lab: {protocol: openai-chat, base_url: 'http://127.0.0.1:1/v1', headers: {X-A: b}}
  sim: {protocol: simulated, options: {seed: 1, fail: "500", x: [1, ~]}, timers: {idle_s: 3}}
models:
  plain: openai:unheard
  known: openai:gpt
  gratis: {model: openai:x, price: free}
  made-up: "sim:x"
  dear:
    model: lab:x
    price:
      input_per_mtok: 0.123456789
      output_per_mtok: 15
      cache_read_per_mtok: 0.1
      cache_write_per_mtok: 0.2
      cache_write_1h_per_mtok: 0.3
      audio_input_per_mtok: 0.4
      audio_output_per_mtok: 0.5
      reasoning_per_mtok: 0.6
      request_usd: 0.01
    context_window: 10
    max_output_tokens: 5
    capabilities: [vision]
    options: {temperature: 0.5}
groups: {g: [plain, dear]}
ensembles: {e: {members: ["@g", "openai:gpt"], synthesizer: dear}}
routes: {r: {candidates: [plain, "openai:gpt"], policy: cheapest}}
defaults: {ask: r, compare: ["@g"], synthesizer: dear, judge: plain}
retry: {attempts: 2}
timers: {run_s: 9}
confirm_usd: 0.5
"""


def test_what_is_shown_is_a_profile_that_means_the_same(home: Home) -> None:
    """But for headers of a vendor, which a shown one takes from the catalog and the file."""
    home.own("full", FULL.replace(", headers: {X-Team: blue}", ""))
    first = home.load("full")

    home.write(home.paths.profiles_dir / "shown.yaml", choices.show(first))
    second = home.load("shown")

    assert second.providers == first.providers
    assert second.models == first.models
    assert second.groups == first.groups
    assert second.ensembles == first.ensembles
    assert second.routes == first.routes
    assert (second.defaults, second.retry, second.timers, second.confirm_usd) == (
        first.defaults,
        first.retry,
        first.timers,
        first.confirm_usd,
    )


def test_keys_are_shown_as_references(home: Home) -> None:
    """There is nothing else in a profile."""
    home.own("full", FULL)

    text = choices.show(home.load("full", WORK="sk-hidden", OPENAI_KEY="sk-hidden"))

    assert "key: env:WORK" in text
    assert "hidden" not in text


def test_an_empty_profile_can_be_shown(home: Home) -> None:
    """With what holds when nothing is said."""
    assert choices.show(home.load()) == "version: 1\nenvironment: development\nconfirm_usd: 0.25\n"


def check(home: Home, path: Path, *, project: bool = True) -> list[str]:
    chosen = Chosen(path.stem, path, project=project)
    found = choices.check(chosen, environ=home.environ, paths=home.paths, catalog=home.catalog)
    return [problem.message for problem in found]


def test_a_project_file_is_checked_as_if_it_were_trusted(home: Home) -> None:
    """What it may do is another question, and what trust cannot mend is told."""
    assert check(home, home.repo("providers: {openai: {}}\n")) == []
    assert check(home, home.repo("confirm_usd: x\n")) == ["`x` is not a finite number"]
    assert "there is no profile" in check(home, home.root / "none.yaml")[0]


def test_a_project_file_is_checked_on_top_of_the_users_own(home: Home) -> None:
    """Where it chooses among the user's names, and may not go further without asking for trust."""
    home.default("providers: {openai: {}}\nmodels: {smart: 'openai:gpt'}\nconfirm_usd: 0.2\n")

    assert check(home, home.repo("defaults: {ask: smart}\n")) == []
    assert check(home, home.repo("defaults: {ask: smart}\n"), project=False) != []
    assert check(home, home.repo("models: {quick: smart}\ndefaults: {ask: smart}\n")) != []
    assert check(home, home.repo("models: {quick: 'openai:gpt'}\n")) == []
    assert "lower than your own `0.2`" in check(home, home.repo("confirm_usd: 3\n"))[0]
