"""What somebody else's profile may do, shown by profiles that try more."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.support.config import Home
from ultra.config.trust import grants, trust, untrust
from ultra.core.errors import ConfigError, Problem
from ultra.core.profile import GuardRules

OWN = """
providers: {openai: {}, anthropic: {}}
models: {fast: openai:gpt, smart: anthropic:claude}
groups: {both: [fast, smart]}
ensembles: {panel: {members: ["@both"], synthesizer: smart}}
defaults: {ask: fast}
timers: {run_s: 100}
confirm_usd: 0.20
guardrails: {local_only: true, providers: [openai, anthropic]}
log: {privacy: hashed}
"""


@pytest.fixture
def user(home: Home) -> Home:
    """A user with a profile of their own."""
    home.default(OWN)
    return home


def _paths(problems: list[Problem]) -> set[str]:
    return {problem.path for problem in problems}


def test_an_untrusted_project_may_choose_among_the_users_own_names(user: Home) -> None:
    """And set limits tighter; this asks for no trust."""
    user.repo(
        "environment: production\nrequires: '>=0.1'\n"
        "groups: {team: [smart], all: ['@team', fast]}\n"
        "defaults: {ask: panel, compare: '@all', synthesizer: smart}\n"
        "timers: {run_s: 50, idle_s: 10}\nretry: {attempts: 1}\nconfirm_usd: 0.10\n"
        "budget: {run_usd: 0.1, day_usd: 1, week_usd: 3, month_usd: 9}\n"
    )

    profile = user.load(OPENAI_KEY="k", ANTHROPIC_KEY="k")

    assert profile.defaults.ask == "panel"
    assert profile.groups["all"] == ("@team", "fast")
    assert (profile.timers.run_s, profile.confirm_usd, profile.retry.attempts) == (50.0, 0.10, 1)
    assert profile.name == "project:project"
    assert str(profile.models["fast"].ref) == "openai:gpt"


def test_an_untrusted_project_may_let_less_leave(home: Home) -> None:
    """Fewer providers, this machine alone, secrets refused: that asks for no trust."""
    home.default(OWN.partition("guardrails")[0] + "guardrails: {secrets: allow}\n")
    home.repo("guardrails: {secrets: refuse, local_only: true, providers: [anthropic]}\n")

    rules = home.load(OPENAI_KEY="k", ANTHROPIC_KEY="k").guardrails

    assert rules == GuardRules("refuse", local_only=True, providers=("anthropic",))


def test_what_the_user_guards_holds_under_a_project_that_says_less(user: Home) -> None:
    """Each key by itself: one that the project leaves out is the user's own."""
    user.repo("guardrails: {providers: [openai]}\n")

    rules = user.load(OPENAI_KEY="k", ANTHROPIC_KEY="k").guardrails

    assert rules == GuardRules("refuse", local_only=True, providers=("openai",))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("providers: {openai: {base_url: 'https://evil.example/v1', key: default}}", "providers"),
        ("providers: {openai: {key: 'command:curl evil.example'}}", "providers"),
        ("providers: {openai: {key: 'file:/etc/shadow'}}", "providers"),
        ("providers: {openai: {key: 'env:AWS_SECRET_ACCESS_KEY'}}", "providers"),
        ("providers: {evil: {protocol: ollama, base_url: 'http://evil.example'}}", "providers"),
        ("providers: {openai: {headers: {X-Leak: me}}}", "providers"),
        ("extends: /etc/passwd", "extends"),
        ("extends: ../other.yaml", "extends"),
        ("extends: development", "extends"),
        ("models: {fast: 'openai:dear'}", "models"),
        ("models: {new: 'http://evil:x'}", "models"),
        ("ensembles: {fast: {members: [fast, smart]}}", "ensembles"),
        ("routes: {fast: {candidates: [smart]}}", "routes"),
        ("cache: {enabled: true}", "cache"),
        ("breaker: {failures: 1000}", "breaker"),
        ("budget: {mode: soft}", "budget.mode"),
        ("budget: {cost_center: theirs}", "budget.cost_center"),
        ("defaults: {ask: 'openai:dear'}", "defaults.ask"),
        ("defaults: {judge: nobody}", "defaults.judge"),
        ("defaults: {compare: [fast, 'evil:x']}", "defaults.compare[1]"),
        ("defaults: {compare: [fast, fast]}", "defaults.compare"),
        ("groups: {g: ['openai:dear']}", "groups.g[0]"),
        ("groups: {g: [fast, fast, fast]}", "groups.g"),
        ("timers: {run_s: 101}", "timers.run_s"),
        ("timers: {idle_s: 61}", "timers.idle_s"),
        ("retry: {attempts: 5}", "retry.attempts"),
        ("confirm_usd: 0.21", "confirm_usd"),
        ("guardrails: {secrets: redact}", "guardrails.secrets"),
        ("guardrails: {secrets: allow}", "guardrails.secrets"),
        ("guardrails: {local_only: false}", "guardrails.local_only"),
        ("guardrails: {providers: [openai, evil]}", "guardrails.providers[1]"),
        ("log: {privacy: full}", "log.privacy"),
        ("log: {keep_days: 1}", "log.keep_days"),
    ],
)
def test_an_untrusted_project_may_do_nothing_else(user: Home, text: str, path: str) -> None:
    """Each is told at its place, with the command that would trust it."""
    file = user.repo(f"{text}\n")

    problems = user.problems()

    assert path in _paths(problems), problems
    assert all(f"ultra profiles trust {file}" in (problem.hint or "") for problem in problems)
    assert all(problem.where.startswith(f"{file}:2:") for problem in problems)


def test_everything_that_needs_trust_is_told_at_once(user: Home) -> None:
    """Beside the plain mistakes of the file."""
    user.repo(
        "extends: development\nproviders: {a: {}}\nmodels: {m: a:x}\nconfirm_usd: 9\nfoo: 1\n"
    )

    problems = user.problems()

    assert _paths(problems) == {"extends", "providers", "models", "confirm_usd", ""}


def test_what_an_untrusted_file_extends_is_never_opened(user: Home) -> None:
    """A named pipe would hang whoever reads it."""
    os.mkfifo(user.root / "pipe.yaml")
    user.repo(f"extends: {user.root}/pipe.yaml\n")

    assert _paths(user.problems()) == {"extends"}


@pytest.mark.parametrize(
    "key",
    ["provid\u0435rs", "\uff50roviders", "providers\u200b", "PROVIDERS", "providers "],
    ids=["cyrillic", "full width", "zero width", "capitals", "blank"],
)
def test_a_key_that_looks_like_another_is_unknown(user: Home, key: str) -> None:
    """Keys are compared letter by letter, so none is read as what it resembles."""
    user.repo(f'"{key}": {{openai: {{base_url: "https://evil.example"}}}}\n')

    (problem,) = user.problems()

    assert "unknown key" in problem.message


def test_a_link_to_the_users_own_profile_is_still_a_project(user: Home) -> None:
    """A repository cannot choose one of the user's profiles by guessing its path."""
    other = user.own("other", "models: {fast: openai:dear}\n")
    user.project.mkdir()
    (user.project / ".git").mkdir()
    (user.project / "ultra.yaml").symlink_to(other)

    assert _paths(user.problems()) >= {"models"}


def test_a_link_to_a_system_file_gives_nothing_away(user: Home) -> None:
    """It is no profile, and its words are not repeated."""
    user.write(user.root / "secret", "root:topsecret:0:0\n")
    user.project.mkdir()
    (user.project / ".git").mkdir()
    (user.project / "ultra.yaml").symlink_to(user.root / "secret")

    assert "topsecret" not in repr(user.problems())


def test_a_path_outside_of_the_users_folder_needs_trust_too(user: Home) -> None:
    """Typing its name is not reading it."""
    user.write(user.project / "x.yaml", "version: 1\nproviders: {openai: {key: 'env:X'}}\n")

    assert _paths(user.problems("./x.yaml")) == {"providers"}
    assert _paths(user.problems(ULTRA_PROFILE="./x.yaml")) == {"providers"}


def test_without_a_profile_of_the_users_there_are_no_names_to_choose_from(home: Home) -> None:
    """The keys that are found make providers, and no names."""
    home.repo("defaults: {ask: 'openai:gpt'}\n")

    assert _paths(home.problems(OPENAI_KEY="k")) == {"defaults.ask"}


def test_the_keys_that_are_found_serve_a_project_that_says_nothing(home: Home) -> None:
    """As they do without it."""
    home.repo("confirm_usd: 0.1\n")

    assert list(home.load(OPENAI_KEY="k").providers) == ["openai"]


def test_the_environment_is_only_made_stricter(home: Home) -> None:
    """Production's promises are not for a project to waive."""
    home.default("environment: production\nbudget: {day_usd: 2}\n")
    home.repo("environment: development\nbudget: {day_usd: 3}\n")

    problems = home.problems()

    assert _paths(problems) == {"environment", "budget.day_usd"}
    assert any("`2`" in problem.message for problem in problems)


@pytest.mark.parametrize("amount", ["run_usd", "day_usd", "week_usd", "month_usd"])
def test_an_untrusted_project_raises_no_budget(home: Home, amount: str) -> None:
    """A file of somebody else's may only spend less."""
    home.default(f"budget: {{{amount}: 2}}\n")
    home.repo(f"budget: {{{amount}: 2.01}}\n")

    problems = home.problems()

    assert _paths(problems) == {f"budget.{amount}"}


TRUSTED = "providers: {openai: {key: 'env:TEAM'}}\nmodels: {team: openai:gpt}\n"


def test_a_trusted_file_may_do_it(user: Home) -> None:
    """With its own providers it stands alone."""
    file = user.repo(TRUSTED)

    granted = trust(file, paths=user.paths)

    assert [(grant.path, grant.where) for grant in granted] == [
        ("providers", f"{file}:2:1"),
        ("models", f"{file}:3:1"),
    ]
    profile = user.load()
    assert list(profile.models) == ["team"]
    assert str(profile.providers["openai"].key) == "env:TEAM"


def test_a_trusted_file_without_providers_stands_on_the_users_own(user: Home) -> None:
    """Names of its own beside the user's."""
    trust(user.repo("models: {team: openai:gpt}\nbudget: {mode: soft}\n"), paths=user.paths)

    assert set(user.load().models) == {"fast", "smart", "team"}


def test_a_trusted_file_may_extend(user: Home) -> None:
    """And then it stands on that alone."""
    trust(user.repo("extends: development\n"), paths=user.paths)

    assert "steady" in user.load().models


@pytest.mark.parametrize(
    "change",
    [
        TRUSTED.replace("TEAM", "OTHER"),
        TRUSTED.replace("openai:gpt", "openai:dear"),
        TRUSTED + "cache: {enabled: true}\n",
        TRUSTED + "extends: development\n",
        TRUSTED + "budget: {cost_center: x}\n",
    ],
    ids=["key", "model", "cache", "extends", "budget"],
)
def test_a_change_of_what_needs_trust_asks_again(user: Home, change: str) -> None:
    """Also when the profile was recalled from the cache in between."""
    trust(user.repo(TRUSTED), paths=user.paths)
    user.load()

    user.repo(change)

    assert "providers" in _paths(user.problems())


def test_a_change_of_what_needs_no_trust_does_not_ask(user: Home) -> None:
    """Choosing among names, the file's own trusted ones included."""
    trust(user.repo(TRUSTED), paths=user.paths)

    user.repo(f"# a remark\n{TRUSTED}groups: {{all: [team]}}\ndefaults: {{ask: team}}\n")

    assert user.load().defaults.ask == "team"


def test_a_trusted_file_that_changes_is_still_held_to_names(user: Home) -> None:
    """The part that was not read again may not lead anywhere new."""
    trust(user.repo(TRUSTED), paths=user.paths)

    user.repo(f"{TRUSTED}defaults: {{ask: 'anthropic:dear'}}\nconfirm_usd: 50\n")

    assert _paths(user.problems()) == {"defaults.ask", "confirm_usd"}


def test_trust_is_for_one_place(user: Home) -> None:
    """The same words in another repository are another file."""
    trust(user.repo(TRUSTED), paths=user.paths)
    moved = user.project.rename(user.root / "moved")

    assert _paths(user.problems(f"{moved}/ultra.yaml")) == {"providers", "models"}


def test_trust_can_be_taken_back(user: Home) -> None:
    """At once, although the profile was kept."""
    file = user.repo(TRUSTED)
    trust(file, paths=user.paths)
    user.load()

    assert untrust(file, paths=user.paths)
    assert not untrust(file, paths=user.paths)

    assert "providers" in _paths(user.problems())


def test_trust_is_kept_in_private(user: Home) -> None:
    """Nobody else may add to it."""
    trust(user.repo(TRUSTED), paths=user.paths)

    assert stat.S_IMODE(user.paths.trust_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2}', '{"version": 1, "files": 3}'])
def test_a_trust_file_that_cannot_be_read_trusts_nobody(user: Home, content: str) -> None:
    """And is replaced when the user trusts again."""
    file = user.repo(TRUSTED)
    trust(file, paths=user.paths)
    user.paths.trust_file.write_text(content)

    assert "providers" in _paths(user.problems())
    trust(file, paths=user.paths)
    assert user.problems() == []
    assert list(json.loads(user.paths.trust_file.read_text())["files"]) == [str(file)]


def test_a_file_that_is_wrong_is_not_trusted(user: Home) -> None:
    """What it would do cannot be told."""
    file = user.repo("providers: {openai: {kee: x}}\n")

    with pytest.raises(ConfigError) as caught:
        trust(file, paths=user.paths)

    assert caught.value.problems


def test_a_file_that_is_missing_is_not_trusted(user: Home, tmp_path: Path) -> None:
    """Trusting it ahead would trust whoever writes it."""
    with pytest.raises(ConfigError, match="there is no profile"):
        trust(tmp_path / "none.yaml", paths=user.paths)


def test_a_file_without_such_fields_grants_nothing(user: Home) -> None:
    """`profiles trust` can say that there is nothing to trust."""
    from ultra.config.documents import read_document

    assert grants(read_document(Path("x"), b"version: 1\nconfirm_usd: 0\n")) == []
