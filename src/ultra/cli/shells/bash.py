"""The completion script of bash, from 3.2 (macOS) on.

Words are taken from `COMP_LINE`: `COMP_WORDS` is split at the colons of `provider:model`.
Source: Bash Reference Manual, Programmable Completion.
"""

from collections.abc import Sequence

from ultra.cli.grammar import Command, singulars

_HEAD = """\
# bash completion for ultra. Written by `ultra completions bash`; changes here are lost.
"""

_BODY = r"""
_ultra_add() { # WORD: one candidate, if it begins as the word under the cursor does
    [[ $1 == "$cur"* ]] && COMPREPLY+=("$lead${1#"$cut"}")
}

_ultra_offer() { # KIND: its candidates
    local word
    case $1 in
        '' | free) ;;
        words:*) for word in ${1#words:}; do _ultra_add "$word"; done ;;
        files)
            compopt -o filenames 2> /dev/null
            while IFS= read -r word; do _ultra_add "$word"; done < <(compgen -f -- "$cur")
            ;;
        *)
            while IFS=$'\t' read -r word _; do
                _ultra_add "$word"
            done < <(ultra __complete "$1" "$cur" "$profile" 2> /dev/null < /dev/null)
            ;;
    esac
}

_ultra() {
    local line=${COMP_LINE:0:COMP_POINT} at='' flag='' profile='' cut='' lead='' REPLY word cur
    local -i i n=0 last
    local -a words=()
    COMPREPLY=()
    read -rd '' -a words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    last=$((${#words[@]} - 1))
    cur=${words[last]}
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ $flag ]]; then
            [[ $flag == -P || $flag == --profile ]] && profile=$word
            flag=''
        elif [[ $word == --profile=* ]]; then
            profile=${word#*=}
        elif [[ $word == -?* ]]; then
            _ultra_value "${at:-ask}" "$word"
            [[ $REPLY ]] && flag=$word
        elif [[ ! $at ]]; then
            _ultra_verb "$word"
            at=$REPLY
        else
            _ultra_commands "$at"
            if [[ $n == 0 && " $REPLY " == *" $word "* ]]; then at="$at $word"; else n+=1; fi
        fi
    done
    if [[ ! $flag && $cur == --*=* ]]; then
        flag=${cur%%=*} cur=${cur#*=}
        [[ $COMP_WORDBREAKS == *=* ]] || lead="$flag="
    fi
    if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
        cut=${cur%"${cur##*:}"} lead=''
    fi
    if [[ $flag ]]; then
        _ultra_value "${at:-ask}" "$flag"
        _ultra_offer "$REPLY"
    elif [[ $cur == -* ]]; then
        _ultra_flags "$at"
        _ultra_offer "words:$REPLY"
    elif [[ ! $at ]]; then
        _ultra_offer "words:$_ultra_verbs"
    else
        _ultra_commands "$at"
        [[ $n == 0 ]] && _ultra_offer "words:$REPLY"
        _ultra_words "$at" "$n"
        _ultra_offer "$REPLY"
    fi
}

complete -F _ultra ultra
"""


def script(commands: Sequence[Command]) -> str:
    """The whole script."""
    verbs = [command.path for command in commands if " " not in command.path]
    return "\n".join(
        [
            _HEAD,
            f"_ultra_verbs='{' '.join(verbs)}'",
            "",
            *_table("_ultra_verb", "WORD: the verb it stands for, else `ask`", _verbs(verbs)),
            *_table("_ultra_flags", "COMMAND: its flags", _flags(commands)),
            *_table("_ultra_commands", "COMMAND: the commands under it", _under(commands)),
            *_table("_ultra_words", "COMMAND N: what completes its Nth argument", _words(commands)),
            *_table("_ultra_value", "COMMAND FLAG: what completes its value", _values(commands)),
        ]
    ) + _BODY.removeprefix("\n")


def _table(name: str, comment: str, rows: list[str]) -> list[str]:
    return [
        f"{name}() {{ # {comment}",
        "    REPLY=''",
        '    case "$*" in',
        *(f"        {row} ;;" for row in rows),
        "    esac",
        "}",
        "",
    ]


def _verbs(verbs: Sequence[str]) -> list[str]:
    rows = [f"{' | '.join(singulars(verb))}) REPLY={verb}" for verb in verbs]
    return [*rows, "*) REPLY=ask"]


def _flags(commands: Sequence[Command]) -> list[str]:
    named = {command.path: _names(command) for command in commands}
    rows = [f"'{path}') REPLY='{names}'" for path, names in named.items()]
    return [f"'') REPLY='{named['ask']} --version'", *rows]


def _names(command: Command) -> str:
    return " ".join(name for flag in command.flags for name in flag.names)


def _under(commands: Sequence[Command]) -> list[str]:
    return [
        f"'{command.path}') REPLY='{' '.join(command.commands)}'"
        for command in commands
        if command.commands
    ]


def _words(commands: Sequence[Command]) -> list[str]:
    rows = []
    for command in commands:
        for place, kind in enumerate(command.words):
            last = command.many and place == len(command.words) - 1
            rows.append(f"'{command.path} '{'*' if last else place}) REPLY='{kind}'")
    return rows


def _values(commands: Sequence[Command]) -> list[str]:
    rows = []
    for command in commands:
        for flag in command.flags:
            if flag.value is not None:
                names = " | ".join(f"'{command.path} {name}'" for name in flag.names)
                rows.append(f"{names}) REPLY='{flag.value}'")
    return rows
