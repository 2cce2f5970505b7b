"""The completion script of zsh, for a directory in `fpath`.

Source: zshcompsys(1), `_arguments` and `_describe`.
"""

from collections.abc import Sequence

from ultra.cli.grammar import FILES, FREE, Command, Flag, singulars

_HEAD = """\
#compdef ultra
# zsh completion for ultra. Written by `ultra completions zsh`; changes here are lost.
"""

_OFFER = r"""
_ultra_offer() { # KIND: its candidates
    local line profile=${opt_args[-P]:-${opt_args[--profile]:-$_ultra_profile}}
    local -a found said
    said=(${(f)"$(command ultra __complete $1 "$PREFIX" "$profile" 2> /dev/null < /dev/null)"})
    for line in $said; do
        if [[ $line == *$'\t'* ]]; then
            found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        else
            found+=("${line//:/\\:}")
        fi
    done
    _describe -t $1 $1 found
}
"""

_FOOT = """
if [[ $funcstack[1] == _ultra ]]; then
    _ultra "$@"
else
    compdef _ultra ultra
fi
"""
"""Autoloaded from `fpath` the file is the function; sourced it registers it."""


def script(commands: Sequence[Command]) -> str:
    """The whole script."""
    verbs = [command for command in commands if " " not in command.path]
    parts = [_HEAD, _OFFER.strip("\n")]
    parts += [_function(command, commands) for command in commands]
    parts.append(_root(verbs))
    return "\n\n".join(part.strip("\n") for part in (*parts, _FOOT)) + "\n"


def _function(command: Command, commands: Sequence[Command]) -> str:
    name = f"_ultra_{command.path.replace(' ', '_')}"
    if not command.commands:
        words = [_word(place, kind, command) for place, kind in enumerate(command.words)]
        return _arguments(name, [*_flags(command), *words])
    under = [other for other in commands if other.path.startswith(f"{command.path} ")]
    plain = f"{name}_{command.commands[0]}"
    return "\n\n".join(
        [
            _choices(f"{name}_first", under, command.words[0] if command.words else FREE),
            _branching(name, _flags(command), under, plain),
        ]
    )


def _root(verbs: Sequence[Command]) -> str:
    ask = next(verb for verb in verbs if verb.path == "ask")
    flags = [*_flags(ask), "'--version[print the version]'"]
    return "\n\n".join(
        [_choices("_ultra_first", verbs, FREE), _branching("_ultra", flags, verbs, "_ultra_ask")]
    )


def _arguments(name: str, specs: Sequence[str]) -> str:
    lines = " \\\n".join(f"        {spec}" for spec in specs)
    return f"{name}() {{\n    typeset -A opt_args\n    _arguments -s -S \\\n{lines}\n}}"


def _branching(name: str, flags: Sequence[str], under: Sequence[Command], plain: str) -> str:
    """A command with commands under it; `plain` completes what follows any other word."""
    specs = [*flags, f"'1: :{name}_first'", "'*:: :->rest'"]
    lines = " \\\n".join(f"        {spec}" for spec in specs)
    cases = [
        f"        {' | '.join(_spellings(command))}) _ultra_{command.path.replace(' ', '_')} ;;"
        for command in under
    ]
    return "\n".join(
        [
            f"{name}() {{",
            '    local curcontext="$curcontext" state line ret=1',
            "    typeset -A opt_args",
            "    _arguments -C -s \\",
            f"{lines} && ret=0",
            # What stands before a verb is out of sight once its own words are looked at.
            "    local _ultra_profile=${opt_args[-P]:-${opt_args[--profile]:-$_ultra_profile}}",
            "    [[ $state == rest ]] && case $words[1] in",
            *cases,
            f"        *) {plain} ;;",
            "    esac && ret=0",
            "    return ret",
            "}",
        ]
    )


def _spellings(command: Command) -> list[str]:
    verb, _, name = command.path.partition(" ")
    return [name] if name else singulars(verb)


def _choices(name: str, commands: Sequence[Command], kind: str) -> str:
    rows = [
        f"        '{command.path.rpartition(' ')[2]}:{_quoted(command.summary)}'"
        for command in commands
    ]
    return "\n".join(
        [
            f"{name}() {{",
            "    local -a found=(",
            *rows,
            "    )",
            "    _describe -t commands command found",
            *([f"    _ultra_offer {kind}"] if kind not in (FREE, FILES) else []),
            "}",
        ]
    )


def _flags(command: Command) -> list[str]:
    return [_flag(flag) for flag in command.flags]


def _flag(flag: Flag) -> str:
    shorts = [name if flag.value is None else f"{name}+" for name in flag.short]
    longs = [name if flag.value is None else f"{name}=" for name in flag.long]
    names = [*shorts, *longs]
    told = f"[{_bracketed(flag.help)}]"
    value = "" if flag.value is None else f":value:{_action(flag.value)}"
    spelt = f"{{{','.join(names)}}}" if len(names) > 1 else names[0]
    if flag.repeat:
        return f"'*'{spelt}'{told}{value}'"
    if len(names) == 1:
        return f"'{spelt}{told}{value}'"
    return f"'({' '.join(flag.names)})'{spelt}'{told}{value}'"


def _word(place: int, kind: str, command: Command) -> str:
    last = command.many and place == len(command.words) - 1
    return f"'{'*' if last else place + 1}:value:{_action(kind)}'"


def _action(kind: str) -> str:
    """The blank before a function keeps `_arguments` from adding arguments of its own."""
    if kind == FREE:
        return " "
    if kind == FILES:
        return "_files"
    if kind.startswith("words:"):
        return f"({kind.removeprefix('words:')})"
    return f" _ultra_offer {kind}"


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''")


def _bracketed(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return _quoted(escaped.replace(":", "\\:"))
