# bash completion for ultra. Written by `ultra completions bash`; changes here are lost.

_ultra_verbs='ask compare ab pick chat demo logs replay stats cache health tui cost alerts budgets models aliases templates keys profiles init doctor completions'

_ultra_verb() { # WORD: the verb it stands for, else `ask`
    REPLY=''
    case "$*" in
        ask) REPLY=ask ;;
        compare) REPLY=compare ;;
        ab) REPLY=ab ;;
        pick) REPLY=pick ;;
        chat) REPLY=chat ;;
        demo) REPLY=demo ;;
        logs | log) REPLY=logs ;;
        replay) REPLY=replay ;;
        stats) REPLY=stats ;;
        cache) REPLY=cache ;;
        health) REPLY=health ;;
        tui) REPLY=tui ;;
        cost | costs) REPLY=cost ;;
        alerts | alert) REPLY=alerts ;;
        budgets | budget) REPLY=budgets ;;
        models | model) REPLY=models ;;
        aliases | alias) REPLY=aliases ;;
        templates | template) REPLY=templates ;;
        keys | key) REPLY=keys ;;
        profiles | profile) REPLY=profiles ;;
        init) REPLY=init ;;
        doctor) REPLY=doctor ;;
        completions | completion) REPLY=completions ;;
        *) REPLY=ask ;;
    esac
}

_ultra_flags() { # COMMAND: its flags
    REPLY=''
    case "$*" in
        '') REPLY='-m --model -s --system --strategy --synthesizer --judge --criteria --reference --duels --allow-self-judge --extract --min-share --weights --expect --self --layers --one-call --cite --sources-only -c --continue --cid --all -t --template -p --param --save -o --option -a --attachment -f --file --schema --repair --tools --max-tokens -x --code --xl -n --no-log -u --usage --no-stdin --no-stream --sanitize --format --json --events --output --deadline --quorum --grace --strict --cost-center --tag --max-cost --hedge --cache --no-cache --refresh --redact --allow-secrets -y --yes --dry-run --explain --key -P --profile -q --quiet --verbose --debug -h --help --version' ;;
        'ask') REPLY='-m --model -s --system --strategy --synthesizer --judge --criteria --reference --duels --allow-self-judge --extract --min-share --weights --expect --self --layers --one-call --cite --sources-only -c --continue --cid --all -t --template -p --param --save -o --option -a --attachment -f --file --schema --repair --tools --max-tokens -x --code --xl -n --no-log -u --usage --no-stdin --no-stream --sanitize --format --json --events --output --deadline --quorum --grace --strict --cost-center --tag --max-cost --hedge --cache --no-cache --refresh --redact --allow-secrets -y --yes --dry-run --explain --key -P --profile -q --quiet --verbose --debug -h --help' ;;
        'compare') REPLY='-m --model -s --system -o --option -a --attachment -f --file --schema --tools --max-tokens -n --no-log -u --usage --no-stdin --no-stream --format --json --events --output --deadline --quorum --grace --allow-partial --judge --criteria --reference --duels --allow-self-judge --extract --expect --agree --runs --diff --dissent --blind --prompts --resume --baseline --fail-if --cost-center --tag --max-cost --cache --no-cache --refresh --redact --allow-secrets -y --yes --dry-run --key -P --profile -q --quiet --verbose --debug -h --help' ;;
        'ab') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'ab list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'ab run') REPLY='-m --model --prompts --metric --expect --judge --criteria --reference --allow-self-judge -s --system --system-a --system-b -o --option --option-a --option-b --max-tokens --size --repeats --mde --alpha --sequential --mid-p --seed --deadline --max-cost --cost-center --tag --redact --allow-secrets --format --json --output -y --yes --dry-run -P --profile --quiet --verbose --debug -h --help' ;;
        'ab show') REPLY='--format --json --output -P --profile --quiet --verbose --debug -h --help' ;;
        'pick') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'chat') REPLY='-m --model -s --system -c --continue --cid -o --option --max-tokens -n --no-log --cost-center --tag --redact --allow-secrets --key -P --profile -q --quiet --verbose --debug -h --help' ;;
        'demo') REPLY='-n --no-log -P --profile --quiet --verbose --debug -h --help' ;;
        'logs') REPLY='--run -n --count -q --query -m --model --cost-center --tag -r --response -x --code --xl --json -P --profile --quiet --verbose --debug -h --help' ;;
        'logs list') REPLY='--run -n --count -q --query -m --model --cost-center --tag -r --response -x --code --xl --json -P --profile --quiet --verbose --debug -h --help' ;;
        'logs show') REPLY='-r --response -x --code --xl --json -P --profile --quiet --verbose --debug -h --help' ;;
        'logs path') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'logs prune') REPLY='--older-than --figures -y --yes -P --profile --quiet --verbose --debug -h --help' ;;
        'logs delete') REPLY='--figures -y --yes -P --profile --quiet --verbose --debug -h --help' ;;
        'logs redact') REPLY='--regex -y --yes -P --profile --quiet --verbose --debug -h --help' ;;
        'logs backup') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'logs export') REPLY='--format --output -q --query -m --model --cost-center --tag --since --until -P --profile --quiet --verbose --debug -h --help' ;;
        'logs import') REPLY='--from --dry-run --json -P --profile --quiet --verbose --debug -h --help' ;;
        'logs audit') REPLY='-n --count --since --action --verify --json -P --profile --quiet --verbose --debug -h --help' ;;
        'replay') REPLY='-m --model --judge --criteria --allow-self-judge --expect --extract --since --tag --limit --seed --format --json --output --deadline --cost-center --max-cost --cache --no-cache --redact --allow-secrets -y --yes --dry-run --key -P --profile -q --quiet --verbose --debug -h --help' ;;
        'stats') REPLY='--by --since --until --timezone -m --model --provider --tag --cost-center --environment --rank --plot --json-logs --follow --after --format --json --output -P --profile --quiet --verbose --debug -h --help' ;;
        'stats show') REPLY='--by --since --until --timezone -m --model --provider --tag --cost-center --environment --rank --plot --json-logs --follow --after --format --json --output -P --profile --quiet --verbose --debug -h --help' ;;
        'cache') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'cache stats') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'cache clear') REPLY='--older-than -m --model -y --yes -P --profile --quiet --verbose --debug -h --help' ;;
        'health') REPLY='--probe --no-probe -w --watch --every --json -P --profile --quiet --verbose --debug -h --help' ;;
        'health show') REPLY='--probe --no-probe -w --watch --every --json -P --profile --quiet --verbose --debug -h --help' ;;
        'health reset') REPLY='-a --all -P --profile --quiet --verbose --debug -h --help' ;;
        'health open') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'tui') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'cost') REPLY='--line --colour --by --since --until --timezone -m --model --provider --cost-center --tag --plot --format --json -P --profile --quiet --verbose --debug -h --help' ;;
        'cost show') REPLY='--line --colour --by --since --until --timezone -m --model --provider --cost-center --tag --plot --format --json -P --profile --quiet --verbose --debug -h --help' ;;
        'cost daily') REPLY='--by --since --until --timezone -m --model --provider --cost-center --tag --plot --format --json -P --profile --quiet --verbose --debug -h --help' ;;
        'cost weekly') REPLY='--by --since --until --timezone -m --model --provider --cost-center --tag --plot --format --json -P --profile --quiet --verbose --debug -h --help' ;;
        'cost monthly') REPLY='--by --since --until --timezone -m --model --provider --cost-center --tag --plot --format --json -P --profile --quiet --verbose --debug -h --help' ;;
        'alerts') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'alerts list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'alerts check') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'alerts test') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'budgets') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'budgets show') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'budgets set') REPLY='--per --mode --timezone -P --profile --quiet --verbose --debug -h --help' ;;
        'budgets remove') REPLY='--per -P --profile --quiet --verbose --debug -h --help' ;;
        'budgets reconcile') REPLY='--all --cost --release --apply --json -P --profile --quiet --verbose --debug -h --help' ;;
        'models') REPLY='-a --all -q --query --live --refresh --refresh-prices --restore-prices -y --yes --strategies --vendors --json -P --profile --quiet --verbose --debug -h --help' ;;
        'models list') REPLY='-a --all -q --query --live --refresh --refresh-prices --restore-prices -y --yes --strategies --vendors --json -P --profile --quiet --verbose --debug -h --help' ;;
        'aliases') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'aliases list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'aliases set') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'aliases remove') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'templates') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'templates list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'templates show') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'templates path') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'templates remove') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'keys') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'keys list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'keys set') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'keys remove') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'keys test') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'profiles') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'profiles list') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'profiles show') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'profiles check') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'profiles use') REPLY='--none -P --profile --quiet --verbose --debug -h --help' ;;
        'profiles add') REPLY='--name -m --model -P --profile --quiet --verbose --debug -h --help' ;;
        'profiles schema') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
        'profiles trust') REPLY='-y --yes --show --revoke -P --profile --quiet --verbose --debug -h --help' ;;
        'init') REPLY='-y --yes --force --print --server -P --profile --quiet --verbose --debug -h --help' ;;
        'doctor') REPLY='--no-probe --json -P --profile --quiet --verbose --debug -h --help' ;;
        'doctor check') REPLY='--no-probe --json -P --profile --quiet --verbose --debug -h --help' ;;
        'doctor errors') REPLY='--json -P --profile --quiet --verbose --debug -h --help' ;;
        'completions') REPLY='-P --profile --quiet --verbose --debug -h --help' ;;
    esac
}

_ultra_commands() { # COMMAND: the commands under it
    REPLY=''
    case "$*" in
        'ab') REPLY='list run show' ;;
        'logs') REPLY='list show path prune delete redact backup export import audit' ;;
        'stats') REPLY='show' ;;
        'cache') REPLY='stats clear' ;;
        'health') REPLY='show reset open' ;;
        'cost') REPLY='show daily weekly monthly' ;;
        'alerts') REPLY='list check test' ;;
        'budgets') REPLY='show set remove reconcile' ;;
        'models') REPLY='list' ;;
        'aliases') REPLY='list set remove' ;;
        'templates') REPLY='list show path remove' ;;
        'keys') REPLY='list set remove test' ;;
        'profiles') REPLY='list show check use add schema trust' ;;
        'doctor') REPLY='check errors' ;;
    esac
}

_ultra_words() { # COMMAND N: what completes its Nth argument
    REPLY=''
    case "$*" in
        'ask '*) REPLY='free' ;;
        'compare '*) REPLY='free' ;;
        'ab run '0) REPLY='free' ;;
        'ab show '0) REPLY='free' ;;
        'pick '0) REPLY='free' ;;
        'pick '1) REPLY='runs' ;;
        'logs '0) REPLY='runs' ;;
        'logs list '0) REPLY='runs' ;;
        'logs show '0) REPLY='runs' ;;
        'logs delete '*) REPLY='free' ;;
        'logs redact '0) REPLY='free' ;;
        'logs backup '0) REPLY='files' ;;
        'logs import '0) REPLY='files' ;;
        'replay '*) REPLY='runs' ;;
        'health reset '0) REPLY='models' ;;
        'health open '0) REPLY='models' ;;
        'alerts test '0) REPLY='free' ;;
        'budgets set '0) REPLY='free' ;;
        'budgets set '1) REPLY='free' ;;
        'budgets remove '0) REPLY='free' ;;
        'budgets reconcile '*) REPLY='free' ;;
        'aliases set '0) REPLY='aliases' ;;
        'aliases set '1) REPLY='models' ;;
        'aliases remove '0) REPLY='aliases' ;;
        'templates show '0) REPLY='templates' ;;
        'templates remove '0) REPLY='templates' ;;
        'keys set '0) REPLY='providers' ;;
        'keys set '*) REPLY='free' ;;
        'keys remove '0) REPLY='providers' ;;
        'keys test '0) REPLY='providers' ;;
        'profiles show '0) REPLY='profiles' ;;
        'profiles check '0) REPLY='profiles' ;;
        'profiles use '0) REPLY='profiles' ;;
        'profiles add '0) REPLY='free' ;;
        'profiles trust '0) REPLY='files' ;;
        'completions '0) REPLY='words:bash zsh fish' ;;
    esac
}

_ultra_value() { # COMMAND FLAG: what completes its value
    REPLY=''
    case "$*" in
        'ask -m' | 'ask --model') REPLY='models' ;;
        'ask -s' | 'ask --system') REPLY='free' ;;
        'ask --strategy') REPLY='strategies' ;;
        'ask --synthesizer') REPLY='models' ;;
        'ask --judge') REPLY='models' ;;
        'ask --criteria') REPLY='files' ;;
        'ask --reference') REPLY='files' ;;
        'ask --extract') REPLY='words:number choice exact json: regex:' ;;
        'ask --min-share') REPLY='free' ;;
        'ask --weights') REPLY='words:ratings' ;;
        'ask --expect') REPLY='words:exact: contains: regex: number: schema:' ;;
        'ask --self') REPLY='free' ;;
        'ask --layers') REPLY='free' ;;
        'ask --cid') REPLY='runs' ;;
        'ask -t' | 'ask --template') REPLY='templates' ;;
        'ask -p' | 'ask --param') REPLY='free' ;;
        'ask --save') REPLY='free' ;;
        'ask -o' | 'ask --option') REPLY='free' ;;
        'ask -a' | 'ask --attachment') REPLY='files' ;;
        'ask -f' | 'ask --file') REPLY='files' ;;
        'ask --schema') REPLY='files' ;;
        'ask --tools') REPLY='files' ;;
        'ask --max-tokens') REPLY='free' ;;
        'ask --format') REPLY='words:text markdown json ndjson' ;;
        'ask --output') REPLY='files' ;;
        'ask --deadline') REPLY='free' ;;
        'ask --quorum') REPLY='free' ;;
        'ask --grace') REPLY='free' ;;
        'ask --cost-center') REPLY='free' ;;
        'ask --tag') REPLY='free' ;;
        'ask --max-cost') REPLY='free' ;;
        'ask --key') REPLY='sources' ;;
        'ask -P' | 'ask --profile') REPLY='profiles' ;;
        'compare -m' | 'compare --model') REPLY='models' ;;
        'compare -s' | 'compare --system') REPLY='free' ;;
        'compare -o' | 'compare --option') REPLY='free' ;;
        'compare -a' | 'compare --attachment') REPLY='files' ;;
        'compare -f' | 'compare --file') REPLY='files' ;;
        'compare --schema') REPLY='files' ;;
        'compare --tools') REPLY='files' ;;
        'compare --max-tokens') REPLY='free' ;;
        'compare --format') REPLY='words:text markdown json ndjson html csv junit' ;;
        'compare --output') REPLY='files' ;;
        'compare --deadline') REPLY='free' ;;
        'compare --quorum') REPLY='free' ;;
        'compare --grace') REPLY='free' ;;
        'compare --judge') REPLY='models' ;;
        'compare --criteria') REPLY='files' ;;
        'compare --reference') REPLY='files' ;;
        'compare --extract') REPLY='words:number choice exact json: regex:' ;;
        'compare --expect') REPLY='words:exact: contains: regex: number: schema:' ;;
        'compare --agree') REPLY='free' ;;
        'compare --runs') REPLY='free' ;;
        'compare --prompts') REPLY='files' ;;
        'compare --baseline') REPLY='files' ;;
        'compare --fail-if') REPLY='free' ;;
        'compare --cost-center') REPLY='free' ;;
        'compare --tag') REPLY='free' ;;
        'compare --max-cost') REPLY='free' ;;
        'compare --key') REPLY='sources' ;;
        'compare -P' | 'compare --profile') REPLY='profiles' ;;
        'ab -P' | 'ab --profile') REPLY='profiles' ;;
        'ab list -P' | 'ab list --profile') REPLY='profiles' ;;
        'ab run -m' | 'ab run --model') REPLY='models' ;;
        'ab run --prompts') REPLY='files' ;;
        'ab run --metric') REPLY='words:pass preference latency cost' ;;
        'ab run --expect') REPLY='words:exact: contains: regex: number: schema:' ;;
        'ab run --judge') REPLY='models' ;;
        'ab run --criteria') REPLY='files' ;;
        'ab run --reference') REPLY='files' ;;
        'ab run -s' | 'ab run --system') REPLY='free' ;;
        'ab run --system-a') REPLY='free' ;;
        'ab run --system-b') REPLY='free' ;;
        'ab run -o' | 'ab run --option') REPLY='free' ;;
        'ab run --option-a') REPLY='free' ;;
        'ab run --option-b') REPLY='free' ;;
        'ab run --max-tokens') REPLY='free' ;;
        'ab run --size') REPLY='free' ;;
        'ab run --repeats') REPLY='free' ;;
        'ab run --mde') REPLY='free' ;;
        'ab run --alpha') REPLY='free' ;;
        'ab run --seed') REPLY='free' ;;
        'ab run --deadline') REPLY='free' ;;
        'ab run --max-cost') REPLY='free' ;;
        'ab run --cost-center') REPLY='free' ;;
        'ab run --tag') REPLY='free' ;;
        'ab run --format') REPLY='words:text markdown json' ;;
        'ab run --output') REPLY='files' ;;
        'ab run -P' | 'ab run --profile') REPLY='profiles' ;;
        'ab show --format') REPLY='words:text markdown json' ;;
        'ab show --output') REPLY='files' ;;
        'ab show -P' | 'ab show --profile') REPLY='profiles' ;;
        'pick -P' | 'pick --profile') REPLY='profiles' ;;
        'chat -m' | 'chat --model') REPLY='models' ;;
        'chat -s' | 'chat --system') REPLY='free' ;;
        'chat --cid') REPLY='runs' ;;
        'chat -o' | 'chat --option') REPLY='free' ;;
        'chat --max-tokens') REPLY='free' ;;
        'chat --cost-center') REPLY='free' ;;
        'chat --tag') REPLY='free' ;;
        'chat --key') REPLY='sources' ;;
        'chat -P' | 'chat --profile') REPLY='profiles' ;;
        'demo -P' | 'demo --profile') REPLY='profiles' ;;
        'logs --run') REPLY='runs' ;;
        'logs -n' | 'logs --count') REPLY='free' ;;
        'logs -q' | 'logs --query') REPLY='free' ;;
        'logs -m' | 'logs --model') REPLY='models' ;;
        'logs --cost-center') REPLY='free' ;;
        'logs --tag') REPLY='free' ;;
        'logs -P' | 'logs --profile') REPLY='profiles' ;;
        'logs list --run') REPLY='runs' ;;
        'logs list -n' | 'logs list --count') REPLY='free' ;;
        'logs list -q' | 'logs list --query') REPLY='free' ;;
        'logs list -m' | 'logs list --model') REPLY='models' ;;
        'logs list --cost-center') REPLY='free' ;;
        'logs list --tag') REPLY='free' ;;
        'logs list -P' | 'logs list --profile') REPLY='profiles' ;;
        'logs show -P' | 'logs show --profile') REPLY='profiles' ;;
        'logs path -P' | 'logs path --profile') REPLY='profiles' ;;
        'logs prune --older-than') REPLY='free' ;;
        'logs prune -P' | 'logs prune --profile') REPLY='profiles' ;;
        'logs delete -P' | 'logs delete --profile') REPLY='profiles' ;;
        'logs redact -P' | 'logs redact --profile') REPLY='profiles' ;;
        'logs backup -P' | 'logs backup --profile') REPLY='profiles' ;;
        'logs export --format') REPLY='free' ;;
        'logs export --output') REPLY='files' ;;
        'logs export -q' | 'logs export --query') REPLY='free' ;;
        'logs export -m' | 'logs export --model') REPLY='models' ;;
        'logs export --cost-center') REPLY='free' ;;
        'logs export --tag') REPLY='free' ;;
        'logs export --since') REPLY='free' ;;
        'logs export --until') REPLY='free' ;;
        'logs export -P' | 'logs export --profile') REPLY='profiles' ;;
        'logs import --from') REPLY='free' ;;
        'logs import -P' | 'logs import --profile') REPLY='profiles' ;;
        'logs audit -n' | 'logs audit --count') REPLY='free' ;;
        'logs audit --since') REPLY='free' ;;
        'logs audit --action') REPLY='free' ;;
        'logs audit -P' | 'logs audit --profile') REPLY='profiles' ;;
        'replay -m' | 'replay --model') REPLY='models' ;;
        'replay --judge') REPLY='models' ;;
        'replay --criteria') REPLY='files' ;;
        'replay --expect') REPLY='words:exact: contains: regex: number: schema:' ;;
        'replay --extract') REPLY='words:number choice exact json: regex:' ;;
        'replay --since') REPLY='free' ;;
        'replay --tag') REPLY='free' ;;
        'replay --limit') REPLY='free' ;;
        'replay --seed') REPLY='free' ;;
        'replay --format') REPLY='free' ;;
        'replay --output') REPLY='files' ;;
        'replay --deadline') REPLY='free' ;;
        'replay --cost-center') REPLY='free' ;;
        'replay --max-cost') REPLY='free' ;;
        'replay --key') REPLY='sources' ;;
        'replay -P' | 'replay --profile') REPLY='profiles' ;;
        'stats --by') REPLY='free' ;;
        'stats --since') REPLY='free' ;;
        'stats --until') REPLY='free' ;;
        'stats --timezone') REPLY='free' ;;
        'stats -m' | 'stats --model') REPLY='models' ;;
        'stats --provider') REPLY='providers' ;;
        'stats --tag') REPLY='free' ;;
        'stats --cost-center') REPLY='free' ;;
        'stats --environment') REPLY='free' ;;
        'stats --after') REPLY='free' ;;
        'stats --format') REPLY='free' ;;
        'stats --output') REPLY='files' ;;
        'stats -P' | 'stats --profile') REPLY='profiles' ;;
        'stats show --by') REPLY='free' ;;
        'stats show --since') REPLY='free' ;;
        'stats show --until') REPLY='free' ;;
        'stats show --timezone') REPLY='free' ;;
        'stats show -m' | 'stats show --model') REPLY='models' ;;
        'stats show --provider') REPLY='providers' ;;
        'stats show --tag') REPLY='free' ;;
        'stats show --cost-center') REPLY='free' ;;
        'stats show --environment') REPLY='free' ;;
        'stats show --after') REPLY='free' ;;
        'stats show --format') REPLY='free' ;;
        'stats show --output') REPLY='files' ;;
        'stats show -P' | 'stats show --profile') REPLY='profiles' ;;
        'cache -P' | 'cache --profile') REPLY='profiles' ;;
        'cache stats -P' | 'cache stats --profile') REPLY='profiles' ;;
        'cache clear --older-than') REPLY='free' ;;
        'cache clear -m' | 'cache clear --model') REPLY='models' ;;
        'cache clear -P' | 'cache clear --profile') REPLY='profiles' ;;
        'health --probe') REPLY='words:list prompt' ;;
        'health --every') REPLY='free' ;;
        'health -P' | 'health --profile') REPLY='profiles' ;;
        'health show --probe') REPLY='words:list prompt' ;;
        'health show --every') REPLY='free' ;;
        'health show -P' | 'health show --profile') REPLY='profiles' ;;
        'health reset -P' | 'health reset --profile') REPLY='profiles' ;;
        'health open -P' | 'health open --profile') REPLY='profiles' ;;
        'tui -P' | 'tui --profile') REPLY='profiles' ;;
        'cost --by') REPLY='free' ;;
        'cost --since') REPLY='free' ;;
        'cost --until') REPLY='free' ;;
        'cost --timezone') REPLY='free' ;;
        'cost -m' | 'cost --model') REPLY='models' ;;
        'cost --provider') REPLY='providers' ;;
        'cost --cost-center') REPLY='free' ;;
        'cost --tag') REPLY='free' ;;
        'cost --format') REPLY='free' ;;
        'cost -P' | 'cost --profile') REPLY='profiles' ;;
        'cost show --by') REPLY='free' ;;
        'cost show --since') REPLY='free' ;;
        'cost show --until') REPLY='free' ;;
        'cost show --timezone') REPLY='free' ;;
        'cost show -m' | 'cost show --model') REPLY='models' ;;
        'cost show --provider') REPLY='providers' ;;
        'cost show --cost-center') REPLY='free' ;;
        'cost show --tag') REPLY='free' ;;
        'cost show --format') REPLY='free' ;;
        'cost show -P' | 'cost show --profile') REPLY='profiles' ;;
        'cost daily --by') REPLY='free' ;;
        'cost daily --since') REPLY='free' ;;
        'cost daily --until') REPLY='free' ;;
        'cost daily --timezone') REPLY='free' ;;
        'cost daily -m' | 'cost daily --model') REPLY='models' ;;
        'cost daily --provider') REPLY='providers' ;;
        'cost daily --cost-center') REPLY='free' ;;
        'cost daily --tag') REPLY='free' ;;
        'cost daily --format') REPLY='free' ;;
        'cost daily -P' | 'cost daily --profile') REPLY='profiles' ;;
        'cost weekly --by') REPLY='free' ;;
        'cost weekly --since') REPLY='free' ;;
        'cost weekly --until') REPLY='free' ;;
        'cost weekly --timezone') REPLY='free' ;;
        'cost weekly -m' | 'cost weekly --model') REPLY='models' ;;
        'cost weekly --provider') REPLY='providers' ;;
        'cost weekly --cost-center') REPLY='free' ;;
        'cost weekly --tag') REPLY='free' ;;
        'cost weekly --format') REPLY='free' ;;
        'cost weekly -P' | 'cost weekly --profile') REPLY='profiles' ;;
        'cost monthly --by') REPLY='free' ;;
        'cost monthly --since') REPLY='free' ;;
        'cost monthly --until') REPLY='free' ;;
        'cost monthly --timezone') REPLY='free' ;;
        'cost monthly -m' | 'cost monthly --model') REPLY='models' ;;
        'cost monthly --provider') REPLY='providers' ;;
        'cost monthly --cost-center') REPLY='free' ;;
        'cost monthly --tag') REPLY='free' ;;
        'cost monthly --format') REPLY='free' ;;
        'cost monthly -P' | 'cost monthly --profile') REPLY='profiles' ;;
        'alerts -P' | 'alerts --profile') REPLY='profiles' ;;
        'alerts list -P' | 'alerts list --profile') REPLY='profiles' ;;
        'alerts check -P' | 'alerts check --profile') REPLY='profiles' ;;
        'alerts test -P' | 'alerts test --profile') REPLY='profiles' ;;
        'budgets -P' | 'budgets --profile') REPLY='profiles' ;;
        'budgets show -P' | 'budgets show --profile') REPLY='profiles' ;;
        'budgets set --per') REPLY='free' ;;
        'budgets set --mode') REPLY='free' ;;
        'budgets set --timezone') REPLY='free' ;;
        'budgets set -P' | 'budgets set --profile') REPLY='profiles' ;;
        'budgets remove --per') REPLY='free' ;;
        'budgets remove -P' | 'budgets remove --profile') REPLY='profiles' ;;
        'budgets reconcile --cost') REPLY='free' ;;
        'budgets reconcile -P' | 'budgets reconcile --profile') REPLY='profiles' ;;
        'models -q' | 'models --query') REPLY='free' ;;
        'models --refresh-prices') REPLY='free' ;;
        'models -P' | 'models --profile') REPLY='profiles' ;;
        'models list -q' | 'models list --query') REPLY='free' ;;
        'models list --refresh-prices') REPLY='free' ;;
        'models list -P' | 'models list --profile') REPLY='profiles' ;;
        'aliases -P' | 'aliases --profile') REPLY='profiles' ;;
        'aliases list -P' | 'aliases list --profile') REPLY='profiles' ;;
        'aliases set -P' | 'aliases set --profile') REPLY='profiles' ;;
        'aliases remove -P' | 'aliases remove --profile') REPLY='profiles' ;;
        'templates -P' | 'templates --profile') REPLY='profiles' ;;
        'templates list -P' | 'templates list --profile') REPLY='profiles' ;;
        'templates show -P' | 'templates show --profile') REPLY='profiles' ;;
        'templates path -P' | 'templates path --profile') REPLY='profiles' ;;
        'templates remove -P' | 'templates remove --profile') REPLY='profiles' ;;
        'keys -P' | 'keys --profile') REPLY='profiles' ;;
        'keys list -P' | 'keys list --profile') REPLY='profiles' ;;
        'keys set -P' | 'keys set --profile') REPLY='profiles' ;;
        'keys remove -P' | 'keys remove --profile') REPLY='profiles' ;;
        'keys test -P' | 'keys test --profile') REPLY='profiles' ;;
        'profiles -P' | 'profiles --profile') REPLY='profiles' ;;
        'profiles list -P' | 'profiles list --profile') REPLY='profiles' ;;
        'profiles show -P' | 'profiles show --profile') REPLY='profiles' ;;
        'profiles check -P' | 'profiles check --profile') REPLY='profiles' ;;
        'profiles use -P' | 'profiles use --profile') REPLY='profiles' ;;
        'profiles add --name') REPLY='free' ;;
        'profiles add -m' | 'profiles add --model') REPLY='models' ;;
        'profiles add -P' | 'profiles add --profile') REPLY='profiles' ;;
        'profiles schema -P' | 'profiles schema --profile') REPLY='profiles' ;;
        'profiles trust -P' | 'profiles trust --profile') REPLY='profiles' ;;
        'init --server') REPLY='free' ;;
        'init -P' | 'init --profile') REPLY='profiles' ;;
        'doctor -P' | 'doctor --profile') REPLY='profiles' ;;
        'doctor check -P' | 'doctor check --profile') REPLY='profiles' ;;
        'doctor errors -P' | 'doctor errors --profile') REPLY='profiles' ;;
        'completions -P' | 'completions --profile') REPLY='profiles' ;;
    esac
}
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
