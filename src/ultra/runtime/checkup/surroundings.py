"""The terminal, the shell's completions and the libraries that ultra stands on."""

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from ultra.config.paths import home
from ultra.core.health import Finding
from ultra.output.streams import Streams
from ultra.runtime.checkup.findings import ok, problem, warning

LEAST_COLUMNS, LEAST_ROWS = 60, 10

_MULTIPLEXERS = {"TMUX": "tmux", "STY": "screen", "ZELLIJ": "zellij"}

_PLACES = {
    "bash": (
        ".local/share/bash-completion/completions/ultra",
        "/usr/share/bash-completion/completions/ultra",
        "/usr/local/share/bash-completion/completions/ultra",
        "/etc/bash_completion.d/ultra",
    ),
    "zsh": (
        ".zfunc/_ultra",
        ".zsh/completions/_ultra",
        ".local/share/zsh/site-functions/_ultra",
        "/usr/share/zsh/site-functions/_ultra",
        "/usr/share/zsh/vendor-completions/_ultra",
        "/usr/local/share/zsh/site-functions/_ultra",
        "/opt/homebrew/share/zsh/site-functions/_ultra",
    ),
    "fish": (
        ".config/fish/completions/ultra.fish",
        "/usr/share/fish/vendor_completions.d/ultra.fish",
        "/usr/local/share/fish/vendor_completions.d/ultra.fish",
    ),
}
"""Where each shell looks by itself; a path without a slash in front is below the home."""

_STARTED_BY = {
    "bash": (".bashrc", ".bash_profile"),
    "zsh": (".zshrc",),
    "fish": (".config/fish/config.fish",),
}

_DISTRIBUTION = "ultra-llm"
_BOUND = re.compile(r"(>=|<=|==|!=|<|>|~=)\s*([0-9][0-9.]*)")


def terminal(streams: Streams, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What stands on the other side of stdout: size, colour, encoding, multiplexer."""
    if not streams.stdout_is_tty:
        yield ok("terminal", "stdout is no terminal: plain text, no progress")
        return
    columns, rows = streams.size()
    name = environ.get("TERM", "")
    inside = next((word for key, word in _MULTIPLEXERS.items() if environ.get(key)), "")
    parts = [f"{columns} x {rows}", f"TERM `{name}`" if name else "no TERM"]
    parts += [f"inside {inside}"] if inside else []
    parts.append("colour" if streams.colour_out else "no colour")
    yield ok("terminal", ", ".join(parts))
    if streams.dumb or not name:
        yield warning(
            "terminal", "nothing can be drawn on a dumb terminal: no columns, no progress"
        )
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        yield warning("terminal", f"tables want {LEAST_COLUMNS} columns and {LEAST_ROWS} rows")
    yield from _encoding(environ)


def _encoding(environ: Mapping[str, str]) -> Iterator[Finding]:
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    said = next((f"{name}={environ[name]}" for name in names if environ.get(name)), "")
    if "utf-8" in said.lower() or "utf8" in said.lower():
        yield ok("terminal", f"encoding UTF-8 (`{said}`)")
        return
    yield warning(
        "terminal",
        f"the locale does not say UTF-8 (`{said or 'no LANG is set'}`): ultra writes UTF-8 anyway",
        "`export LANG=C.UTF-8`",
    )


def completions(environ: Mapping[str, str], script: Callable[[str], str]) -> Iterator[Finding]:
    """Whether the user's shell completes ultra, and as this version has it."""
    shell = Path(environ.get("SHELL", "")).name
    if shell not in _PLACES:
        yield ok("completions", f"there is none for the shell `{shell or 'unknown'}`")
        return
    root = home(environ) or Path("/")
    found = next((path for path in _candidates(shell, root, environ) if path.is_file()), None)
    if found is not None:
        current = found.read_text(encoding="utf-8", errors="replace") == script(shell)
        if current:
            yield ok("completions", f"{shell}: `{found}` is of this version")
        else:
            yield warning(
                "completions",
                f"{shell}: `{found}` is of another version",
                f"`ultra completions {shell} > {found}`",
            )
        return
    started = _started(shell, root)
    if started is not None:
        yield ok("completions", f"{shell}: made anew by `{started}` at each start")
        return
    yield warning(
        "completions", f"{shell} does not complete ultra", "`ultra completions --help` shows how"
    )


def _candidates(shell: str, root: Path, environ: Mapping[str, str]) -> list[Path]:
    own = environ.get("BASH_COMPLETION_USER_DIR", "") if shell == "bash" else ""
    listed = environ.get("FPATH", "") if shell == "zsh" else ""
    first = [Path(own) / "completions" / "ultra"] if own else []
    first += [Path(folder) / "_ultra" for folder in listed.split(":") if folder]
    return [*first, *(root / place for place in _PLACES[shell])]


def _started(shell: str, root: Path) -> Path | None:
    for name in _STARTED_BY[shell]:
        try:
            text = (root / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if "ultra completions" in text:
            return root / name
    return None


def libraries() -> Iterator[Finding]:
    """Whether what is installed is within the bounds that this version was tested with."""
    try:
        wanted = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield ok("libraries", "ultra runs from its source: no bounds are known")
        return
    outside = [line for line in map(_outside, wanted) if line]
    for line in outside:
        yield problem("libraries", line, f"`pip install --upgrade {_DISTRIBUTION}`")
    if not outside:
        count = sum("extra ==" not in line for line in wanted)
        yield ok("libraries", f"all {count} within their bounds")


def _outside(requirement: str) -> str | None:
    """What is wrong with one requirement (PEP 508); None when it holds, or is an extra's."""
    said, _, marker = requirement.partition(";")
    if "extra" in marker:
        return None
    name = re.split(r"[\s<>=!~\[(]", said.strip(), maxsplit=1)[0]
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    bounds: list[tuple[str, str]] = _BOUND.findall(said)
    if all(_holds(_numbers(version), how, _numbers(bound)) for how, bound in bounds):
        return None
    told = ",".join(how + bound for how, bound in bounds)
    return f"{name} is {version}, and {told} was tested"


def _holds(version: tuple[int, ...], how: str, bound: tuple[int, ...]) -> bool:
    match how:
        case ">=" | "~=":
            return version >= bound
        case "<":
            return version < bound
        case ">":
            return version > bound
        case "<=":
            return version <= bound
        case "==":
            return version == bound
        case _:
            return version != bound


def _numbers(version: str) -> tuple[int, ...]:
    """The release part of a version; zeros at its end mean nothing (PEP 440)."""
    found = re.match(r"[0-9.]+", version)
    parts = [int(part) for part in (found.group() if found else "0").split(".") if part]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
