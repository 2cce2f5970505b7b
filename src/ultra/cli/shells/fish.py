"""The completion script of fish. Source: fishshell.com/docs/current/cmds/complete.html."""

from collections.abc import Sequence

from ultra.cli.grammar import FILES, FREE, Command, Flag, singulars

_HEAD = """\
# fish completion for ultra. Written by `ultra completions fish`; changes here are lost.
"""

_BODY = r"""
function __ultra_at # the command that the words before the cursor name, nothing before a verb
    set -l at ''
    set -l value 0
    for word in (commandline -opc)[2..-1]
        if test $value = 1
            set value 0
        else if string match -q -- '-?*' $word
            if contains -- (test -n "$at"; and echo $at; or echo ask)" $word" $__ultra_values
                set value 1
            end
        else if test -z "$at"
            set at (__ultra_verb $word)
        else if contains -- "$at $word" $__ultra_commands
            set at "$at $word"
        end
    end
    echo $at
end

function __ultra_is # COMMAND...: whether one of them is under way
    contains -- (__ultra_at) $argv
end

function __ultra_profile # the value of -P or --profile
    set -l words (commandline -opc)
    for place in (seq 2 (count $words))
        switch $words[$place]
            case -P --profile
                echo $words[(math $place + 1)] 2> /dev/null
                return
            case '--profile=*'
                string replace -- --profile= '' $words[$place]
                return
        end
    end
end

function __ultra_offer # KIND: its candidates
    set -l current (commandline -ct | string replace -r '^--[^=]*=' '')
    command ultra __complete $argv[1] "$current" (__ultra_profile) 2> /dev/null < /dev/null
end

complete -c ultra -f
"""


def script(commands: Sequence[Command]) -> str:
    """The whole script."""
    verbs = [command for command in commands if " " not in command.path]
    rows = [row for command in commands for row in _rows(command)]
    return "\n".join(
        [
            _HEAD,
            f"set -g __ultra_commands {_list(_under(commands))}",
            f"set -g __ultra_values {_list(_values(commands))}",
            "",
            *_verb_function(verbs),
            _BODY.rstrip("\n"),
            *(_choice("''", verb.path, verb.summary) for verb in verbs),
            "complete -c ultra -n \"__ultra_is ''\" -l version -d 'print the version'",
            *rows,
            "",
        ]
    )


def _verb_function(verbs: Sequence[Command]) -> list[str]:
    cases = [
        line
        for verb in verbs
        for line in (
            f"        case {' '.join(singulars(verb.path))}",
            f"            echo {verb.path}",
        )
    ]
    return [
        "function __ultra_verb # WORD: the verb it stands for, else `ask`",
        "    switch $argv[1]",
        *cases,
        "        case '*'",
        "            echo ask",
        "    end",
        "end",
    ]


def _rows(command: Command) -> list[str]:
    where = f"'' {command.path}" if command.path == "ask" else _quoted(command.path)
    flags = [_flag(where, flag) for flag in command.flags]
    under = [_choice(where, name, "") for name in command.commands]
    words = [
        f'complete -c ultra -n "__ultra_is {where}" {_action(kind)}'.rstrip()
        for kind in dict.fromkeys(command.words)
        if kind != FREE
    ]
    return [*under, *words, *flags]


def _choice(where: str, name: str, summary: str) -> str:
    told = f" -d {_quoted(summary)}" if summary else ""
    return f'complete -c ultra -n "__ultra_is {where}" -a {name}{told}'


def _flag(where: str, flag: Flag) -> str:
    names = [f"-s {name[1:]}" for name in flag.short] + [f"-l {name[2:]}" for name in flag.long]
    value = ""
    if flag.value is not None:
        value = f" {'-r -F' if flag.value == FILES else '-x ' + _action(flag.value)}".rstrip()
    return (
        f'complete -c ultra -n "__ultra_is {where}" {" ".join(names)}{value}'
        f" -d {_quoted(flag.help)}"
    )


def _action(kind: str) -> str:
    if kind == FREE:
        return ""
    if kind == FILES:
        return "-F"
    if kind.startswith("words:"):
        return f"-a '{kind.removeprefix('words:')}'"
    return f"-a '(__ultra_offer {kind})'"


def _under(commands: Sequence[Command]) -> list[str]:
    return [command.path for command in commands if " " in command.path]


def _values(commands: Sequence[Command]) -> list[str]:
    return [
        f"{command.path} {name}"
        for command in commands
        for flag in command.flags
        if flag.value is not None
        for name in flag.names
    ]


def _list(words: Sequence[str]) -> str:
    return " \\\n    ".join(f"'{word}'" for word in words)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
