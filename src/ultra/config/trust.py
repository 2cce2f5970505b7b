"""What a project's profile may do before the user trusts it, and whom the user trusts.

A project file is somebody else's text. Untrusted, it may choose among the user's own models and
set limits tighter, and nothing else. Trust is by content and path; a later change asks again only
when it touches a field that needs trust.
"""

import os
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from ultra.config.documents import Document, read_document
from ultra.config.facts import Witness, digest
from ultra.config.files import alone, read_regular, shown, write_private
from ultra.config.paths import Paths
from ultra.config.reader import KeyPath
from ultra.config.schema import NAMED
from ultra.core.care import PRIVACIES
from ultra.core.cost import NANO
from ultra.core.errors import ConfigError
from ultra.core.model import Timers
from ultra.core.profile import GuardRules, LogRules, Profile, RetryRules
from ultra.core.text import did_you_mean, one_line

Standing = Literal["trusted", "granted", "untrusted"]
"""`granted`: the file has changed since it was trusted, but no field that needs trust has."""

_WHY = {
    "extends": "takes over a file outside of itself",
    "providers": "defines or redirects a provider, or says where a key is",
    "models": "gives names to models of its own choice",
    "ensembles": "runs a strategy of its own choice",
    "routes": "decides where a prompt goes",
    "breaker": "changes how failures are met",
    "cache": "changes what is kept of answers",
    "alerts": "runs commands or sends figures to a place of its own choice",
}
_BUDGET = ("mode", "cost_center")
_KEEP = ("log", "keep_days")
_RANK = ("development", "testing", "production")
_SECRETS = ("refuse", "redact", "allow")
"""From the tightest."""


class _Trusted(Struct, frozen=True):
    content: str
    grants: str


class _Ledger(Struct, frozen=True):
    version: int = 1
    files: dict[str, _Trusted] = field(default_factory=dict)


class Grant(Struct, frozen=True):
    """A field of a project file that needs trust, and why."""

    where: str
    path: str
    why: str


def standing(document: Document, raw: bytes, *, paths: Paths, witness: Witness) -> Standing:
    """How far the user trusts this very file."""
    recorded = witness.read(paths.trust_file)
    entry = _decode(recorded).files.get(_identity(document.path)) if recorded else None
    if entry is None:
        return "untrusted"
    if entry.content == digest(raw):
        return "trusted"
    return "granted" if entry.grants == _grants_digest(document) else "untrusted"


def grants(document: Document) -> list[Grant]:
    """The fields that need trust whatever the user's own profile says; empty when none does."""
    found = [
        Grant(document.place((section,)), section, why)
        for section, why in _WHY.items()
        if section in document.data
    ]
    budget = document.data.get("budget", {})
    found += [
        Grant(document.place(("budget", name)), f"budget.{name}", "changes how spending is counted")
        for name in _BUDGET
        if name in budget
    ]
    if _at(document.data, _KEEP) is not None:
        found.append(Grant(document.place(_KEEP), "log.keep_days", "decides what is deleted"))
    return found


def trust(path: Path, *, paths: Paths) -> list[Grant]:
    """Trust a project file as it stands now; what that lets it do. Raises `ConfigError`.

    A file that is wrong in itself is refused: what it would do cannot be told.
    """
    raw, document = _project_file(path)
    if document.problems:
        raise ConfigError(f"`{shown(path)}` is not a profile yet", problems=document.problems)
    entry = _Trusted(digest(raw), _grants_digest(document))
    with alone(paths.trust_file):
        _keep({**_read(paths).files, _identity(path): entry}, paths)
    return grants(document)


def untrust(path: Path, *, paths: Paths) -> bool:
    """Take trust back; false when there was none. Raises `ConfigError`."""
    with alone(paths.trust_file):
        files = dict(_read(paths).files)
        if files.pop(_identity(path), None) is None:
            return False
        _keep(files, paths)
    return True


def restrict(document: Document, own: Document, *, granted: bool) -> None:
    """Note every field that an untrusted file may not hold, measured against the user's own.

    With `granted`, the fields that need trust are allowed, and so are the names they define.
    """
    trusted = Document(document.path, places=document.places)
    if not granted:
        for grant in grants(document):
            trusted.object_to(_keys(grant.path), f"an untrusted file may not: it {grant.why}")
    names = _names(own) | (_names(document) if granted else set())
    _only_names(trusted, document, names)
    _only_tighter(trusted, document, own)
    hint = f"`ultra profiles trust {shown(document.path or Path())}` after reading it"
    for problem in trusted.problems:
        told = f"{problem.hint}; or {hint}" if problem.hint else hint
        document.problems.append(msgspec.structs.replace(problem, hint=told))


def _only_names(found: Document, document: Document, names: set[str]) -> None:
    groups: dict[str, list[str] | None] = document.data.get("groups", {})
    own_groups = {f"@{name}" for name in groups}
    known = names | own_groups
    for name, members in groups.items():
        for index, member in enumerate(members or ()):
            _only_name(found, ("groups", name, index), member, known)
        _only_once(found, ("groups", name), members or [])
    for key, value in document.data.get("defaults", {}).items():
        several = value if isinstance(value, list) else [value]
        for index, name in enumerate(several):
            path = ("defaults", key, index) if isinstance(value, list) else ("defaults", key)
            _only_name(found, path, name, known)
        _only_once(found, ("defaults", key), several)


def _only_name(found: Document, path: KeyPath, name: str, known: set[str]) -> None:
    if name not in known:
        found.object_to(
            path,
            f"an untrusted file may only choose among your own names, and `{one_line(name, 80)}`"
            " is none of them",
            did_you_mean(name, known),
        )


def _only_once(found: Document, path: KeyPath, names: list[str]) -> None:
    """Naming a model twice pays for it twice."""
    if len(set(names)) < len(names):
        found.object_to(path, "an untrusted file may not ask the same model twice")


def _only_tighter(found: Document, document: Document, own: Document) -> None:
    for path, usual in _limits().items():
        mine, theirs = _at(own.data, path), _at(document.data, path)
        bound = usual if mine is None else mine
        if theirs is not None and bound is not None and theirs > bound:
            limit = bound / NANO if path[0] == "budget" else bound
            found.object_to(
                path, f"an untrusted file may only set this lower than your own `{limit:g}`"
            )
    theirs, mine = document.data.get("environment"), own.data.get("environment", _RANK[0])
    if theirs is not None and _RANK.index(theirs) < _RANK.index(mine):
        found.object_to(
            ("environment",), f"an untrusted file may not loosen your own `{mine}` to `{theirs}`"
        )
    _only_safer(found, document, own)


def _only_safer(found: Document, document: Document, own: Document) -> None:
    """What may leave this machine, and to whom, may only become less."""
    mine, theirs = _at(own.data, ("guardrails",)) or {}, _at(document.data, ("guardrails",)) or {}
    usual, wanted = mine.get("secrets", GuardRules().secrets), theirs.get("secrets")
    if wanted is not None and _SECRETS.index(wanted) > _SECRETS.index(usual):
        found.object_to(
            ("guardrails", "secrets"),
            f"an untrusted file may not loosen your own `{usual}` to `{wanted}`",
        )
    if mine.get("local_only") and theirs.get("local_only") is False:
        found.object_to(
            ("guardrails", "local_only"), "an untrusted file may not take back your own `true`"
        )
    kept = _at(document.data, ("log", "privacy"))
    own_log = _at(own.data, ("log", "privacy")) or LogRules().privacy
    if kept is not None and PRIVACIES.index(kept) < PRIVACIES.index(own_log):
        found.object_to(
            ("log", "privacy"),
            f"an untrusted file may not loosen your own `{own_log}` to `{kept}`",
        )
    allowed = mine.get("providers")
    for index, name in enumerate(theirs.get("providers") or ()):
        if allowed and name not in allowed:
            found.object_to(
                ("guardrails", "providers", index),
                f"an untrusted file may not add `{one_line(name, 80)}` to your own providers",
            )


def _limits() -> dict[KeyPath, float | None]:
    """The limits that may be set tighter, with what holds when the user sets none."""
    timers, retry = Timers(), RetryRules()
    return {
        ("confirm_usd",): Profile("").confirm_usd,
        ("timers", "connect_s"): timers.connect_s,
        ("timers", "first_token_s"): timers.first_token_s,
        ("timers", "reasoning_first_token_s"): timers.reasoning_first_token_s,
        ("timers", "idle_s"): timers.idle_s,
        ("timers", "run_s"): timers.run_s,
        ("retry", "attempts"): retry.attempts,
        ("retry", "per_target"): retry.per_target,
        ("budget", "run_usd"): None,
        ("budget", "day_usd"): None,
        ("budget", "week_usd"): None,
        ("budget", "month_usd"): None,
    }


def _at(data: dict[str, Any], path: KeyPath) -> Any:
    for key in path:
        data = data.get(str(key), {})
    return None if data == {} else data


def _names(document: Document) -> set[str]:
    named = {name for section in NAMED for name in document.data.get(section, {})}
    return named | {f"@{name}" for name in document.data.get("groups", {})}


def _keys(path: str) -> KeyPath:
    return tuple(path.split("."))


def _grants_digest(document: Document) -> str:
    privileged = {section: document.data.get(section) for section in _WHY}
    budget = {name: document.data.get("budget", {}).get(name) for name in _BUDGET}
    days = _at(document.data, _KEEP)
    if days is not None:  # a file without it keeps the digest by which it was trusted
        budget["keep_days"] = days
    return digest(msgspec.json.encode([privileged, budget], order="deterministic"))


def _identity(path: Path | None) -> str:
    """The path by which a file is trusted: its folder without links, its own name as it is."""
    whole = (path or Path()).absolute()
    return os.path.join(os.path.realpath(whole.parent), whole.name)  # noqa: PTH118 - plain text


def _project_file(path: Path) -> tuple[bytes, Document]:
    try:
        raw = read_regular(path)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no profile at `{shown(path)}`") from error
    return raw, read_document(path, raw)


def _read(paths: Paths) -> _Ledger:
    try:
        return _decode(read_regular(paths.trust_file))
    except FileNotFoundError:
        return _Ledger()


def _keep(files: dict[str, _Trusted], paths: Paths) -> None:
    write_private(paths.trust_file, msgspec.json.format(msgspec.json.encode(_Ledger(1, files))))


def _decode(raw: bytes) -> _Ledger:
    """A trust file that cannot be read trusts nobody."""
    try:
        ledger = msgspec.json.decode(raw, type=_Ledger)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Ledger()
    return ledger if ledger.version == 1 else _Ledger()
