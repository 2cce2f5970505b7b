# fish completion for ultra. Written by `ultra completions fish`; changes here are lost.

set -g __ultra_commands 'ab list' \
    'ab run' \
    'ab show' \
    'logs list' \
    'logs show' \
    'logs path' \
    'logs prune' \
    'logs delete' \
    'logs redact' \
    'logs backup' \
    'logs export' \
    'logs import' \
    'logs audit' \
    'stats show' \
    'cache stats' \
    'cache clear' \
    'health show' \
    'health reset' \
    'health open' \
    'cost show' \
    'cost daily' \
    'cost weekly' \
    'cost monthly' \
    'alerts list' \
    'alerts check' \
    'alerts test' \
    'budgets show' \
    'budgets set' \
    'budgets remove' \
    'budgets reconcile' \
    'models list' \
    'aliases list' \
    'aliases set' \
    'aliases remove' \
    'templates list' \
    'templates show' \
    'templates path' \
    'templates remove' \
    'keys list' \
    'keys set' \
    'keys remove' \
    'keys test' \
    'profiles list' \
    'profiles show' \
    'profiles check' \
    'profiles use' \
    'profiles add' \
    'profiles schema' \
    'profiles trust' \
    'doctor check' \
    'doctor errors'
set -g __ultra_values 'ask -m' \
    'ask --model' \
    'ask -s' \
    'ask --system' \
    'ask --strategy' \
    'ask --synthesizer' \
    'ask --judge' \
    'ask --criteria' \
    'ask --reference' \
    'ask --extract' \
    'ask --min-share' \
    'ask --weights' \
    'ask --expect' \
    'ask --self' \
    'ask --layers' \
    'ask --cid' \
    'ask -t' \
    'ask --template' \
    'ask -p' \
    'ask --param' \
    'ask --save' \
    'ask -o' \
    'ask --option' \
    'ask -a' \
    'ask --attachment' \
    'ask -f' \
    'ask --file' \
    'ask --schema' \
    'ask --tools' \
    'ask --max-tokens' \
    'ask --format' \
    'ask --output' \
    'ask --deadline' \
    'ask --quorum' \
    'ask --grace' \
    'ask --cost-center' \
    'ask --tag' \
    'ask --max-cost' \
    'ask --key' \
    'ask -P' \
    'ask --profile' \
    'compare -m' \
    'compare --model' \
    'compare -s' \
    'compare --system' \
    'compare -o' \
    'compare --option' \
    'compare -a' \
    'compare --attachment' \
    'compare -f' \
    'compare --file' \
    'compare --schema' \
    'compare --tools' \
    'compare --max-tokens' \
    'compare --format' \
    'compare --output' \
    'compare --deadline' \
    'compare --quorum' \
    'compare --grace' \
    'compare --judge' \
    'compare --criteria' \
    'compare --reference' \
    'compare --extract' \
    'compare --expect' \
    'compare --agree' \
    'compare --runs' \
    'compare --prompts' \
    'compare --baseline' \
    'compare --fail-if' \
    'compare --cost-center' \
    'compare --tag' \
    'compare --max-cost' \
    'compare --key' \
    'compare -P' \
    'compare --profile' \
    'ab -P' \
    'ab --profile' \
    'ab list -P' \
    'ab list --profile' \
    'ab run -m' \
    'ab run --model' \
    'ab run --prompts' \
    'ab run --metric' \
    'ab run --expect' \
    'ab run --judge' \
    'ab run --criteria' \
    'ab run --reference' \
    'ab run -s' \
    'ab run --system' \
    'ab run --system-a' \
    'ab run --system-b' \
    'ab run -o' \
    'ab run --option' \
    'ab run --option-a' \
    'ab run --option-b' \
    'ab run --max-tokens' \
    'ab run --size' \
    'ab run --repeats' \
    'ab run --mde' \
    'ab run --alpha' \
    'ab run --seed' \
    'ab run --deadline' \
    'ab run --max-cost' \
    'ab run --cost-center' \
    'ab run --tag' \
    'ab run --format' \
    'ab run --output' \
    'ab run -P' \
    'ab run --profile' \
    'ab show --format' \
    'ab show --output' \
    'ab show -P' \
    'ab show --profile' \
    'pick -P' \
    'pick --profile' \
    'chat -m' \
    'chat --model' \
    'chat -s' \
    'chat --system' \
    'chat --cid' \
    'chat -o' \
    'chat --option' \
    'chat --max-tokens' \
    'chat --cost-center' \
    'chat --tag' \
    'chat --key' \
    'chat -P' \
    'chat --profile' \
    'demo -P' \
    'demo --profile' \
    'logs --run' \
    'logs -n' \
    'logs --count' \
    'logs -q' \
    'logs --query' \
    'logs -m' \
    'logs --model' \
    'logs --cost-center' \
    'logs --tag' \
    'logs -P' \
    'logs --profile' \
    'logs list --run' \
    'logs list -n' \
    'logs list --count' \
    'logs list -q' \
    'logs list --query' \
    'logs list -m' \
    'logs list --model' \
    'logs list --cost-center' \
    'logs list --tag' \
    'logs list -P' \
    'logs list --profile' \
    'logs show -P' \
    'logs show --profile' \
    'logs path -P' \
    'logs path --profile' \
    'logs prune --older-than' \
    'logs prune -P' \
    'logs prune --profile' \
    'logs delete -P' \
    'logs delete --profile' \
    'logs redact -P' \
    'logs redact --profile' \
    'logs backup -P' \
    'logs backup --profile' \
    'logs export --format' \
    'logs export --output' \
    'logs export -q' \
    'logs export --query' \
    'logs export -m' \
    'logs export --model' \
    'logs export --cost-center' \
    'logs export --tag' \
    'logs export --since' \
    'logs export --until' \
    'logs export -P' \
    'logs export --profile' \
    'logs import --from' \
    'logs import -P' \
    'logs import --profile' \
    'logs audit -n' \
    'logs audit --count' \
    'logs audit --since' \
    'logs audit --action' \
    'logs audit -P' \
    'logs audit --profile' \
    'replay -m' \
    'replay --model' \
    'replay --judge' \
    'replay --criteria' \
    'replay --expect' \
    'replay --extract' \
    'replay --since' \
    'replay --tag' \
    'replay --limit' \
    'replay --seed' \
    'replay --format' \
    'replay --output' \
    'replay --deadline' \
    'replay --cost-center' \
    'replay --max-cost' \
    'replay --key' \
    'replay -P' \
    'replay --profile' \
    'stats --by' \
    'stats --since' \
    'stats --until' \
    'stats --timezone' \
    'stats -m' \
    'stats --model' \
    'stats --provider' \
    'stats --tag' \
    'stats --cost-center' \
    'stats --environment' \
    'stats --after' \
    'stats --format' \
    'stats --output' \
    'stats -P' \
    'stats --profile' \
    'stats show --by' \
    'stats show --since' \
    'stats show --until' \
    'stats show --timezone' \
    'stats show -m' \
    'stats show --model' \
    'stats show --provider' \
    'stats show --tag' \
    'stats show --cost-center' \
    'stats show --environment' \
    'stats show --after' \
    'stats show --format' \
    'stats show --output' \
    'stats show -P' \
    'stats show --profile' \
    'cache -P' \
    'cache --profile' \
    'cache stats -P' \
    'cache stats --profile' \
    'cache clear --older-than' \
    'cache clear -m' \
    'cache clear --model' \
    'cache clear -P' \
    'cache clear --profile' \
    'health --probe' \
    'health --every' \
    'health -P' \
    'health --profile' \
    'health show --probe' \
    'health show --every' \
    'health show -P' \
    'health show --profile' \
    'health reset -P' \
    'health reset --profile' \
    'health open -P' \
    'health open --profile' \
    'tui -P' \
    'tui --profile' \
    'cost --by' \
    'cost --since' \
    'cost --until' \
    'cost --timezone' \
    'cost -m' \
    'cost --model' \
    'cost --provider' \
    'cost --cost-center' \
    'cost --tag' \
    'cost --format' \
    'cost -P' \
    'cost --profile' \
    'cost show --by' \
    'cost show --since' \
    'cost show --until' \
    'cost show --timezone' \
    'cost show -m' \
    'cost show --model' \
    'cost show --provider' \
    'cost show --cost-center' \
    'cost show --tag' \
    'cost show --format' \
    'cost show -P' \
    'cost show --profile' \
    'cost daily --by' \
    'cost daily --since' \
    'cost daily --until' \
    'cost daily --timezone' \
    'cost daily -m' \
    'cost daily --model' \
    'cost daily --provider' \
    'cost daily --cost-center' \
    'cost daily --tag' \
    'cost daily --format' \
    'cost daily -P' \
    'cost daily --profile' \
    'cost weekly --by' \
    'cost weekly --since' \
    'cost weekly --until' \
    'cost weekly --timezone' \
    'cost weekly -m' \
    'cost weekly --model' \
    'cost weekly --provider' \
    'cost weekly --cost-center' \
    'cost weekly --tag' \
    'cost weekly --format' \
    'cost weekly -P' \
    'cost weekly --profile' \
    'cost monthly --by' \
    'cost monthly --since' \
    'cost monthly --until' \
    'cost monthly --timezone' \
    'cost monthly -m' \
    'cost monthly --model' \
    'cost monthly --provider' \
    'cost monthly --cost-center' \
    'cost monthly --tag' \
    'cost monthly --format' \
    'cost monthly -P' \
    'cost monthly --profile' \
    'alerts -P' \
    'alerts --profile' \
    'alerts list -P' \
    'alerts list --profile' \
    'alerts check -P' \
    'alerts check --profile' \
    'alerts test -P' \
    'alerts test --profile' \
    'budgets -P' \
    'budgets --profile' \
    'budgets show -P' \
    'budgets show --profile' \
    'budgets set --per' \
    'budgets set --mode' \
    'budgets set --timezone' \
    'budgets set -P' \
    'budgets set --profile' \
    'budgets remove --per' \
    'budgets remove -P' \
    'budgets remove --profile' \
    'budgets reconcile --cost' \
    'budgets reconcile -P' \
    'budgets reconcile --profile' \
    'models -q' \
    'models --query' \
    'models --refresh-prices' \
    'models -P' \
    'models --profile' \
    'models list -q' \
    'models list --query' \
    'models list --refresh-prices' \
    'models list -P' \
    'models list --profile' \
    'aliases -P' \
    'aliases --profile' \
    'aliases list -P' \
    'aliases list --profile' \
    'aliases set -P' \
    'aliases set --profile' \
    'aliases remove -P' \
    'aliases remove --profile' \
    'templates -P' \
    'templates --profile' \
    'templates list -P' \
    'templates list --profile' \
    'templates show -P' \
    'templates show --profile' \
    'templates path -P' \
    'templates path --profile' \
    'templates remove -P' \
    'templates remove --profile' \
    'keys -P' \
    'keys --profile' \
    'keys list -P' \
    'keys list --profile' \
    'keys set -P' \
    'keys set --profile' \
    'keys remove -P' \
    'keys remove --profile' \
    'keys test -P' \
    'keys test --profile' \
    'profiles -P' \
    'profiles --profile' \
    'profiles list -P' \
    'profiles list --profile' \
    'profiles show -P' \
    'profiles show --profile' \
    'profiles check -P' \
    'profiles check --profile' \
    'profiles use -P' \
    'profiles use --profile' \
    'profiles add --name' \
    'profiles add -m' \
    'profiles add --model' \
    'profiles add -P' \
    'profiles add --profile' \
    'profiles schema -P' \
    'profiles schema --profile' \
    'profiles trust -P' \
    'profiles trust --profile' \
    'init --server' \
    'init -P' \
    'init --profile' \
    'doctor -P' \
    'doctor --profile' \
    'doctor check -P' \
    'doctor check --profile' \
    'doctor errors -P' \
    'doctor errors --profile' \
    'completions -P' \
    'completions --profile'

function __ultra_verb # WORD: the verb it stands for, else `ask`
    switch $argv[1]
        case ask
            echo ask
        case compare
            echo compare
        case ab
            echo ab
        case pick
            echo pick
        case chat
            echo chat
        case demo
            echo demo
        case logs log
            echo logs
        case replay
            echo replay
        case stats
            echo stats
        case cache
            echo cache
        case health
            echo health
        case tui
            echo tui
        case cost costs
            echo cost
        case alerts alert
            echo alerts
        case budgets budget
            echo budgets
        case models model
            echo models
        case aliases alias
            echo aliases
        case templates template
            echo templates
        case keys key
            echo keys
        case profiles profile
            echo profiles
        case init
            echo init
        case doctor
            echo doctor
        case completions completion
            echo completions
        case '*'
            echo ask
    end
end

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
complete -c ultra -n "__ultra_is ''" -a ask -d 'one answer, from one model or made out of several (the default)'
complete -c ultra -n "__ultra_is ''" -a compare -d 'every answer side by side, with what they cost and took'
complete -c ultra -n "__ultra_is ''" -a ab -d 'experiments: A or B, over the same prompts, with a verdict'
complete -c ultra -n "__ultra_is ''" -a pick -d 'which answer of a comparison is the one, to go on from'
complete -c ultra -n "__ultra_is ''" -a chat -d 'a conversation at a prompt'
complete -c ultra -n "__ultra_is ''" -a demo -d 'the main job over simulated models; nothing is sent or spent'
complete -c ultra -n "__ultra_is ''" -a logs -d 'what was asked and answered, what it cost and why it failed'
complete -c ultra -n "__ultra_is ''" -a replay -d 'logged prompts sent to another model: is it as good, for how much?'
complete -c ultra -n "__ultra_is ''" -a stats -d 'what models were asked for, what it cost, which answer best'
complete -c ultra -n "__ultra_is ''" -a cache -d 'earlier answers that serve again: what they saved, clearing'
complete -c ultra -n "__ultra_is ''" -a health -d 'which endpoints can be used, and how they fared lately'
complete -c ultra -n "__ultra_is ''" -a tui -d 'screens to leave open: providers, calls, cost, history, ask'
complete -c ultra -n "__ultra_is ''" -a cost -d 'what was spent, how fast, where that leads; a prompt line'
complete -c ultra -n "__ultra_is ''" -a alerts -d 'what the profile\'s alerts see; who is told, once'
complete -c ultra -n "__ultra_is ''" -a budgets -d 'what may be spent, what is spent, what is left'
complete -c ultra -n "__ultra_is ''" -a models -d 'the models on offer, with protocol, price and window'
complete -c ultra -n "__ultra_is ''" -a aliases -d 'short names for models'
complete -c ultra -n "__ultra_is ''" -a templates -d 'prompts to use again'
complete -c ultra -n "__ultra_is ''" -a keys -d 'where each provider\'s key comes from; store, remove, test'
complete -c ultra -n "__ultra_is ''" -a profiles -d 'profiles: list, show, check, use, schema, trust'
complete -c ultra -n "__ultra_is ''" -a init -d 'look for keys and local servers and write a profile'
complete -c ultra -n "__ultra_is ''" -a doctor -d 'look at all that ultra stands on; say what to do next'
complete -c ultra -n "__ultra_is ''" -a completions -d 'completion scripts for bash, zsh and fish'
complete -c ultra -n "__ultra_is ''" -l version -d 'print the version'
complete -c ultra -n "__ultra_is '' ask" -s m -l model -x -a '(__ultra_offer models)' -d 'model, alias, route, ensemble or @group; repeat for several, twice for two samples'
complete -c ultra -n "__ultra_is '' ask" -s s -l system -x -d 'system prompt'
complete -c ultra -n "__ultra_is '' ask" -l strategy -x -a '(__ultra_offer strategies)' -d 'how several models give one answer; `ultra models --strategies` lists them'
complete -c ultra -n "__ultra_is '' ask" -l synthesizer -x -a '(__ultra_offer models)' -d 'model that compares and writes'
complete -c ultra -n "__ultra_is '' ask" -l judge -x -a '(__ultra_offer models)' -d 'model that judges; repeat'
complete -c ultra -n "__ultra_is '' ask" -l criteria -r -F -d 'what judges go by'
complete -c ultra -n "__ultra_is '' ask" -l reference -r -F -d 'a right answer, shown to judges'
complete -c ultra -n "__ultra_is '' ask" -l duels -d 'show judges two answers at a time'
complete -c ultra -n "__ultra_is '' ask" -l allow-self-judge -d 'let judges judge answers of their own model'
complete -c ultra -n "__ultra_is '' ask" -l extract -x -a 'number choice exact json: regex:' -d 'what of an answer is compared: number, choice, exact, json:PATH, regex:PATTERN'
complete -c ultra -n "__ultra_is '' ask" -l min-share -x -d 'share of votes below which there is no consensus (0.5)'
complete -c ultra -n "__ultra_is '' ask" -l weights -x -a 'ratings' -d 'votes weigh by how often a model met expectations in your log'
complete -c ultra -n "__ultra_is '' ask" -l expect -x -a 'exact: contains: regex: number: schema:' -d 'exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE, for `cascade`'
complete -c ultra -n "__ultra_is '' ask" -l self -x -d 'N samples of one model, the best rated of several'
complete -c ultra -n "__ultra_is '' ask" -l layers -x -d 'layers of `moa`, the writer included'
complete -c ultra -n "__ultra_is '' ask" -l one-call -d 'compare and write in one call'
complete -c ultra -n "__ultra_is '' ask" -l cite -d 'say which answer each claim comes from'
complete -c ultra -n "__ultra_is '' ask" -l sources-only -d 'the writer adds nothing of its own'
complete -c ultra -n "__ultra_is '' ask" -s c -l continue -d 'continue this terminal\'s conversation'
complete -c ultra -n "__ultra_is '' ask" -l cid -x -a '(__ultra_offer runs)' -d 'continue from that run'
complete -c ultra -n "__ultra_is '' ask" -l all -d 'with -c: go on from every answer of a comparison'
complete -c ultra -n "__ultra_is '' ask" -s t -l template -x -a '(__ultra_offer templates)' -d 'saved prompt'
complete -c ultra -n "__ultra_is '' ask" -s p -l param -x -d 'fill in a template; repeat'
complete -c ultra -n "__ultra_is '' ask" -l save -x -d 'save this as a template, ask nobody'
complete -c ultra -n "__ultra_is '' ask" -s o -l option -x -d 'temperature, top_p, seed, stop, reasoning_effort, or one of the provider\'s own'
complete -c ultra -n "__ultra_is '' ask" -s a -l attachment -r -F -d 'picture, PDF or sound; repeat'
complete -c ultra -n "__ultra_is '' ask" -s f -l file -r -F -d 'text to put before the prompt; repeat'
complete -c ultra -n "__ultra_is '' ask" -l schema -r -F -d 'answer as JSON: a schema, a .json file, or `name, age int`'
complete -c ultra -n "__ultra_is '' ask" -l repair -d 'ask once more if `--schema` is not met'
complete -c ultra -n "__ultra_is '' ask" -l tools -r -F -d 'JSON file of functions the model may ask for; ultra calls none'
complete -c ultra -n "__ultra_is '' ask" -l max-tokens -x -d 'cap the answer'
complete -c ultra -n "__ultra_is '' ask" -s x -l code -d 'first code block only'
complete -c ultra -n "__ultra_is '' ask" -l xl -d 'last code block only'
complete -c ultra -n "__ultra_is '' ask" -s n -l no-log -d 'keep the words out of the log'
complete -c ultra -n "__ultra_is '' ask" -s u -l usage -d 'tell tokens and cost on stderr'
complete -c ultra -n "__ultra_is '' ask" -l no-stdin -d 'leave stdin alone (for loops)'
complete -c ultra -n "__ultra_is '' ask" -l no-stream -d 'all of the answer or nothing'
complete -c ultra -n "__ultra_is '' ask" -l sanitize -d 'strip control sequences in pipes'
complete -c ultra -n "__ultra_is '' ask" -l format -x -a 'text markdown json ndjson' -d 'text, markdown, json or ndjson'
complete -c ultra -n "__ultra_is '' ask" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is '' ask" -l events -d 'one JSON line per event as it happens'
complete -c ultra -n "__ultra_is '' ask" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is '' ask" -l deadline -x -d 'end the run by then'
complete -c ultra -n "__ultra_is '' ask" -l quorum -x -d 'go on once K members answered'
complete -c ultra -n "__ultra_is '' ask" -l grace -x -d 'wait so much longer for the rest'
complete -c ultra -n "__ultra_is '' ask" -l strict -d 'exit 4 if a member was lost'
complete -c ultra -n "__ultra_is '' ask" -l cost-center -x -d 'charge the run to it'
complete -c ultra -n "__ultra_is '' ask" -l tag -x -d 'mark the run in the log; repeat'
complete -c ultra -n "__ultra_is '' ask" -l max-cost -x -d 'spend no more on this run'
complete -c ultra -n "__ultra_is '' ask" -l hedge -d 'ask the next model too when the first one is slow'
complete -c ultra -n "__ultra_is '' ask" -l cache -l no-cache -d 'let an earlier answer serve, or never'
complete -c ultra -n "__ultra_is '' ask" -l refresh -d 'ask anew and let the answer serve from now on'
complete -c ultra -n "__ultra_is '' ask" -l redact -d 'replace keys and tokens found in the prompt'
complete -c ultra -n "__ultra_is '' ask" -l allow-secrets -d 'send keys found in the prompt'
complete -c ultra -n "__ultra_is '' ask" -s y -l yes -d 'spend without asking first'
complete -c ultra -n "__ultra_is '' ask" -l dry-run -d 'which calls, to whom, at what cost; send nothing'
complete -c ultra -n "__ultra_is '' ask" -l explain -d 'who would be asked, in which order and why; send nothing'
complete -c ultra -n "__ultra_is '' ask" -l key -x -a '(__ultra_offer sources)' -d 'take the key from there (`-` reads it from stdin); never the key itself'
complete -c ultra -n "__ultra_is '' ask" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is '' ask" -s q -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is '' ask" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is '' ask" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is '' ask" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'compare'" -s m -l model -x -a '(__ultra_offer models)' -d 'model, alias, route, ensemble or @group; repeat for several, twice for two samples'
complete -c ultra -n "__ultra_is 'compare'" -s s -l system -x -d 'system prompt'
complete -c ultra -n "__ultra_is 'compare'" -s o -l option -x -d 'temperature, top_p, seed, stop, reasoning_effort, or one of the provider\'s own'
complete -c ultra -n "__ultra_is 'compare'" -s a -l attachment -r -F -d 'picture, PDF or sound; repeat'
complete -c ultra -n "__ultra_is 'compare'" -s f -l file -r -F -d 'text to put before the prompt; repeat'
complete -c ultra -n "__ultra_is 'compare'" -l schema -r -F -d 'answer as JSON: a schema, a .json file, or `name, age int`'
complete -c ultra -n "__ultra_is 'compare'" -l tools -r -F -d 'JSON file of functions the model may ask for; ultra calls none'
complete -c ultra -n "__ultra_is 'compare'" -l max-tokens -x -d 'cap the answer'
complete -c ultra -n "__ultra_is 'compare'" -s n -l no-log -d 'keep the words out of the log'
complete -c ultra -n "__ultra_is 'compare'" -s u -l usage -d 'tell tokens and cost on stderr'
complete -c ultra -n "__ultra_is 'compare'" -l no-stdin -d 'leave stdin alone (for loops)'
complete -c ultra -n "__ultra_is 'compare'" -l no-stream -d 'all of the answer or nothing'
complete -c ultra -n "__ultra_is 'compare'" -l format -x -a 'text markdown json ndjson html csv junit' -d 'text, markdown, json, ndjson, csv, html or junit'
complete -c ultra -n "__ultra_is 'compare'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'compare'" -l events -d 'one JSON line per event as it happens'
complete -c ultra -n "__ultra_is 'compare'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'compare'" -l deadline -x -d 'end the run by then'
complete -c ultra -n "__ultra_is 'compare'" -l quorum -x -d 'go on once K members answered'
complete -c ultra -n "__ultra_is 'compare'" -l grace -x -d 'wait so much longer for the rest'
complete -c ultra -n "__ultra_is 'compare'" -l allow-partial -d 'exit 0 if a member was lost'
complete -c ultra -n "__ultra_is 'compare'" -l judge -x -a '(__ultra_offer models)' -d 'model that judges; repeat'
complete -c ultra -n "__ultra_is 'compare'" -l criteria -r -F -d 'what judges go by'
complete -c ultra -n "__ultra_is 'compare'" -l reference -r -F -d 'a right answer, shown to judges'
complete -c ultra -n "__ultra_is 'compare'" -l duels -d 'show judges two answers at a time'
complete -c ultra -n "__ultra_is 'compare'" -l allow-self-judge -d 'let judges judge answers of their own model'
complete -c ultra -n "__ultra_is 'compare'" -l extract -x -a 'number choice exact json: regex:' -d 'what of an answer is compared: number, choice, exact, json:PATH, regex:PATTERN'
complete -c ultra -n "__ultra_is 'compare'" -l expect -x -a 'exact: contains: regex: number: schema:' -d 'exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE; exit 6 if an answer is not so; repeat for all of several'
complete -c ultra -n "__ultra_is 'compare'" -l agree -x -d 'exit 6 if fewer answers (0..1) come to the same, by `--extract` or a judge'
complete -c ultra -n "__ultra_is 'compare'" -l runs -x -d 'N samples of every model'
complete -c ultra -n "__ultra_is 'compare'" -l diff -d 'only where the words differ'
complete -c ultra -n "__ultra_is 'compare'" -l dissent -d 'only what most do not say'
complete -c ultra -n "__ultra_is 'compare'" -l blind -d 'hide the names until you pick'
complete -c ultra -n "__ultra_is 'compare'" -l prompts -r -F -d 'ask every prompt of a file: lines, .jsonl or .csv with `prompt` and `expected`'
complete -c ultra -n "__ultra_is 'compare'" -l resume -d 'go on with a batch that was cut'
complete -c ultra -n "__ultra_is 'compare'" -l baseline -r -F -d 'JSON of an earlier batch, for `--fail-if`'
complete -c ultra -n "__ultra_is 'compare'" -l fail-if -x -d 'exit 6 if `accuracy<0.9`, `cost>1.2*baseline` or the like; repeat'
complete -c ultra -n "__ultra_is 'compare'" -l cost-center -x -d 'charge the run to it'
complete -c ultra -n "__ultra_is 'compare'" -l tag -x -d 'mark the run in the log; repeat'
complete -c ultra -n "__ultra_is 'compare'" -l max-cost -x -d 'spend no more on this run'
complete -c ultra -n "__ultra_is 'compare'" -l cache -l no-cache -d 'let an earlier answer serve, or never'
complete -c ultra -n "__ultra_is 'compare'" -l refresh -d 'ask anew and let the answer serve from now on'
complete -c ultra -n "__ultra_is 'compare'" -l redact -d 'replace keys and tokens found in the prompt'
complete -c ultra -n "__ultra_is 'compare'" -l allow-secrets -d 'send keys found in the prompt'
complete -c ultra -n "__ultra_is 'compare'" -s y -l yes -d 'spend without asking first'
complete -c ultra -n "__ultra_is 'compare'" -l dry-run -d 'which calls, to whom, at what cost; send nothing'
complete -c ultra -n "__ultra_is 'compare'" -l key -x -a '(__ultra_offer sources)' -d 'take the key from there (`-` reads it from stdin); never the key itself'
complete -c ultra -n "__ultra_is 'compare'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'compare'" -s q -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'compare'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'compare'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'compare'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'ab'" -a list
complete -c ultra -n "__ultra_is 'ab'" -a run
complete -c ultra -n "__ultra_is 'ab'" -a show
complete -c ultra -n "__ultra_is 'ab'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'ab'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'ab'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'ab'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'ab'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'ab'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'ab list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'ab list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'ab list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'ab list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'ab list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'ab list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'ab run'" -s m -l model -x -a '(__ultra_offer models)' -d 'A, then B: model, alias or ensemble; one alone is both'
complete -c ultra -n "__ultra_is 'ab run'" -l prompts -r -F -d 'what both are asked: lines, .jsonl or .csv with `prompt` and `expected`'
complete -c ultra -n "__ultra_is 'ab run'" -l metric -x -a 'pass preference latency cost' -d 'pass, preference, latency or cost; else what `--expect` or `--judge` says'
complete -c ultra -n "__ultra_is 'ab run'" -l expect -x -a 'exact: contains: regex: number: schema:' -d 'exact, contains, regex, number or schema; without WHAT the column `expected`'
complete -c ultra -n "__ultra_is 'ab run'" -l judge -x -a '(__ultra_offer models)' -d 'model that judges; repeat'
complete -c ultra -n "__ultra_is 'ab run'" -l criteria -r -F -d 'what judges go by'
complete -c ultra -n "__ultra_is 'ab run'" -l reference -r -F -d 'a right answer, shown to judges'
complete -c ultra -n "__ultra_is 'ab run'" -l allow-self-judge -d 'let judges judge answers of their own model'
complete -c ultra -n "__ultra_is 'ab run'" -s s -l system -x -d 'system prompt'
complete -c ultra -n "__ultra_is 'ab run'" -l system-a -x -d 'system prompt of A alone'
complete -c ultra -n "__ultra_is 'ab run'" -l system-b -x -d 'system prompt of B alone'
complete -c ultra -n "__ultra_is 'ab run'" -s o -l option -x -d 'temperature, top_p, seed, stop, reasoning_effort, or one of the provider\'s own'
complete -c ultra -n "__ultra_is 'ab run'" -l option-a -x -d '`-o` of A alone'
complete -c ultra -n "__ultra_is 'ab run'" -l option-b -x -d '`-o` of B alone'
complete -c ultra -n "__ultra_is 'ab run'" -l max-tokens -x -d 'cap the answer'
complete -c ultra -n "__ultra_is 'ab run'" -l size -x -d 'ask N of the prompts, drawn at random; else all'
complete -c ultra -n "__ultra_is 'ab run'" -l repeats -x -d 'ask each prompt R times'
complete -c ultra -n "__ultra_is 'ab run'" -l mde -x -d 'the smallest difference that matters: a share (0.1), dollars for cost'
complete -c ultra -n "__ultra_is 'ab run'" -l alpha -x -d 'how often equal arms may be told apart'
complete -c ultra -n "__ultra_is 'ab run'" -l sequential -d 'look after every prompt, and end as soon as the evidence is enough'
complete -c ultra -n "__ultra_is 'ab run'" -l mid-p -d 'McNemar\'s mid-p, not the exact p'
complete -c ultra -n "__ultra_is 'ab run'" -l seed -x -d 'for order and draws; else by name'
complete -c ultra -n "__ultra_is 'ab run'" -l deadline -x -d 'end the run by then'
complete -c ultra -n "__ultra_is 'ab run'" -l max-cost -x -d 'spend no more on this run'
complete -c ultra -n "__ultra_is 'ab run'" -l cost-center -x -d 'charge the run to it'
complete -c ultra -n "__ultra_is 'ab run'" -l tag -x -d 'mark the run in the log; repeat'
complete -c ultra -n "__ultra_is 'ab run'" -l redact -d 'replace keys and tokens found in the prompt'
complete -c ultra -n "__ultra_is 'ab run'" -l allow-secrets -d 'send keys found in the prompt'
complete -c ultra -n "__ultra_is 'ab run'" -l format -x -a 'text markdown json' -d 'text, markdown or json'
complete -c ultra -n "__ultra_is 'ab run'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'ab run'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'ab run'" -s y -l yes -d 'spend without asking first'
complete -c ultra -n "__ultra_is 'ab run'" -l dry-run -d 'which calls, to whom, at what cost; send nothing'
complete -c ultra -n "__ultra_is 'ab run'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'ab run'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'ab run'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'ab run'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'ab run'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'ab show'" -l format -x -a 'text markdown json' -d 'text, markdown or json'
complete -c ultra -n "__ultra_is 'ab show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'ab show'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'ab show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'ab show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'ab show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'ab show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'ab show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'pick'" -a '(__ultra_offer runs)'
complete -c ultra -n "__ultra_is 'pick'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'pick'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'pick'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'pick'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'pick'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'chat'" -s m -l model -x -a '(__ultra_offer models)' -d 'model, alias, route, ensemble or @group; repeat for several, twice for two samples'
complete -c ultra -n "__ultra_is 'chat'" -s s -l system -x -d 'system prompt'
complete -c ultra -n "__ultra_is 'chat'" -s c -l continue -d 'continue this terminal\'s conversation'
complete -c ultra -n "__ultra_is 'chat'" -l cid -x -a '(__ultra_offer runs)' -d 'continue from that run'
complete -c ultra -n "__ultra_is 'chat'" -s o -l option -x -d 'temperature, top_p, seed, stop, reasoning_effort, or one of the provider\'s own'
complete -c ultra -n "__ultra_is 'chat'" -l max-tokens -x -d 'cap the answer'
complete -c ultra -n "__ultra_is 'chat'" -s n -l no-log -d 'keep the words out of the log'
complete -c ultra -n "__ultra_is 'chat'" -l cost-center -x -d 'charge the run to it'
complete -c ultra -n "__ultra_is 'chat'" -l tag -x -d 'mark the run in the log; repeat'
complete -c ultra -n "__ultra_is 'chat'" -l redact -d 'replace keys and tokens found in the prompt'
complete -c ultra -n "__ultra_is 'chat'" -l allow-secrets -d 'send keys found in the prompt'
complete -c ultra -n "__ultra_is 'chat'" -l key -x -a '(__ultra_offer sources)' -d 'take the key from there (`-` reads it from stdin); never the key itself'
complete -c ultra -n "__ultra_is 'chat'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'chat'" -s q -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'chat'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'chat'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'chat'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'demo'" -s n -l no-log -d 'keep no words of it'
complete -c ultra -n "__ultra_is 'demo'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'demo'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'demo'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'demo'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'demo'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs'" -a list
complete -c ultra -n "__ultra_is 'logs'" -a show
complete -c ultra -n "__ultra_is 'logs'" -a path
complete -c ultra -n "__ultra_is 'logs'" -a prune
complete -c ultra -n "__ultra_is 'logs'" -a delete
complete -c ultra -n "__ultra_is 'logs'" -a redact
complete -c ultra -n "__ultra_is 'logs'" -a backup
complete -c ultra -n "__ultra_is 'logs'" -a export
complete -c ultra -n "__ultra_is 'logs'" -a import
complete -c ultra -n "__ultra_is 'logs'" -a audit
complete -c ultra -n "__ultra_is 'logs'" -a '(__ultra_offer runs)'
complete -c ultra -n "__ultra_is 'logs'" -l run -x -a '(__ultra_offer runs)' -d 'the same as a flag'
complete -c ultra -n "__ultra_is 'logs'" -s n -l count -x -d 'how many runs, 0 for all'
complete -c ultra -n "__ultra_is 'logs'" -s q -l query -x -d 'search prompts and answers'
complete -c ultra -n "__ultra_is 'logs'" -s m -l model -x -a '(__ultra_offer models)' -d 'runs that asked this model, alias or provider'
complete -c ultra -n "__ultra_is 'logs'" -l cost-center -x -d 'runs charged to it'
complete -c ultra -n "__ultra_is 'logs'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'logs'" -s r -l response -d 'the answer only'
complete -c ultra -n "__ultra_is 'logs'" -s x -l code -d 'its first code block only'
complete -c ultra -n "__ultra_is 'logs'" -l xl -d 'its last code block only'
complete -c ultra -n "__ultra_is 'logs'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'logs'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs list'" -a '(__ultra_offer runs)'
complete -c ultra -n "__ultra_is 'logs list'" -l run -x -a '(__ultra_offer runs)' -d 'the same as a flag'
complete -c ultra -n "__ultra_is 'logs list'" -s n -l count -x -d 'how many runs, 0 for all'
complete -c ultra -n "__ultra_is 'logs list'" -s q -l query -x -d 'search prompts and answers'
complete -c ultra -n "__ultra_is 'logs list'" -s m -l model -x -a '(__ultra_offer models)' -d 'runs that asked this model, alias or provider'
complete -c ultra -n "__ultra_is 'logs list'" -l cost-center -x -d 'runs charged to it'
complete -c ultra -n "__ultra_is 'logs list'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'logs list'" -s r -l response -d 'the answer only'
complete -c ultra -n "__ultra_is 'logs list'" -s x -l code -d 'its first code block only'
complete -c ultra -n "__ultra_is 'logs list'" -l xl -d 'its last code block only'
complete -c ultra -n "__ultra_is 'logs list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'logs list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs show'" -a '(__ultra_offer runs)'
complete -c ultra -n "__ultra_is 'logs show'" -s r -l response -d 'the answer only'
complete -c ultra -n "__ultra_is 'logs show'" -s x -l code -d 'its first code block only'
complete -c ultra -n "__ultra_is 'logs show'" -l xl -d 'its last code block only'
complete -c ultra -n "__ultra_is 'logs show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'logs show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs path'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs path'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs path'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs path'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs path'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs prune'" -l older-than -x -d 'runs begun longer ago than `90d`, or before a date'
complete -c ultra -n "__ultra_is 'logs prune'" -l figures -d 'remove what the calls came to as well: reports of spending change'
complete -c ultra -n "__ultra_is 'logs prune'" -s y -l yes -d 'do it without asking first'
complete -c ultra -n "__ultra_is 'logs prune'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs prune'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs prune'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs prune'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs prune'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs delete'" -l figures -d 'remove what the calls came to as well: reports of spending change'
complete -c ultra -n "__ultra_is 'logs delete'" -s y -l yes -d 'do it without asking first'
complete -c ultra -n "__ultra_is 'logs delete'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs delete'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs delete'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs delete'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs delete'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs redact'" -l regex -d 'the pattern is a regular expression'
complete -c ultra -n "__ultra_is 'logs redact'" -s y -l yes -d 'do it without asking first'
complete -c ultra -n "__ultra_is 'logs redact'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs redact'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs redact'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs redact'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs redact'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs backup'" -F
complete -c ultra -n "__ultra_is 'logs backup'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs backup'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs backup'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs backup'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs backup'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs export'" -l format -x -d 'a run a line, as in `logs --json`, or a call a line for a spreadsheet'
complete -c ultra -n "__ultra_is 'logs export'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'logs export'" -s q -l query -x -d 'search prompts and answers'
complete -c ultra -n "__ultra_is 'logs export'" -s m -l model -x -a '(__ultra_offer models)' -d 'runs that asked this model, alias or provider'
complete -c ultra -n "__ultra_is 'logs export'" -l cost-center -x -d 'runs charged to it'
complete -c ultra -n "__ultra_is 'logs export'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'logs export'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'logs export'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'logs export'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs export'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs export'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs export'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs export'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs import'" -F
complete -c ultra -n "__ultra_is 'logs import'" -l from -x -d 'whose it is, where that is not plain'
complete -c ultra -n "__ultra_is 'logs import'" -l dry-run -d 'count, and import nothing'
complete -c ultra -n "__ultra_is 'logs import'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'logs import'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs import'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs import'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs import'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs import'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'logs audit'" -s n -l count -x -d 'how many entries, 0 for all'
complete -c ultra -n "__ultra_is 'logs audit'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'logs audit'" -l action -x -d 'only what was done so: `key.set`, or `key` for all of keys; repeat'
complete -c ultra -n "__ultra_is 'logs audit'" -l verify -d 'add up all digests; exit 1 where they do not hold'
complete -c ultra -n "__ultra_is 'logs audit'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'logs audit'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'logs audit'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'logs audit'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'logs audit'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'logs audit'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'replay'" -a '(__ultra_offer runs)'
complete -c ultra -n "__ultra_is 'replay'" -s m -l model -x -a '(__ultra_offer models)' -d 'whom the prompts are sent to: one model, alias or ensemble'
complete -c ultra -n "__ultra_is 'replay'" -l judge -x -a '(__ultra_offer models)' -d 'model that judges; repeat'
complete -c ultra -n "__ultra_is 'replay'" -l criteria -r -F -d 'what judges go by'
complete -c ultra -n "__ultra_is 'replay'" -l allow-self-judge -d 'let judges judge answers of their own model'
complete -c ultra -n "__ultra_is 'replay'" -l expect -x -a 'exact: contains: regex: number: schema:' -d 'instead of a judge: what both answers are held to; repeat for all of several'
complete -c ultra -n "__ultra_is 'replay'" -l extract -x -a 'number choice exact json: regex:' -d 'instead of a judge: both must come to the same number, choice, json:PATH, ...'
complete -c ultra -n "__ultra_is 'replay'" -l since -x -d 'prompts of the last `12h`, `30d`, `8w`'
complete -c ultra -n "__ultra_is 'replay'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'replay'" -l limit -x -d 'the newest N of them'
complete -c ultra -n "__ultra_is 'replay'" -l seed -x -d 'with --limit: N drawn by it instead of the newest'
complete -c ultra -n "__ultra_is 'replay'" -l format -x -d 'text, markdown or json'
complete -c ultra -n "__ultra_is 'replay'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'replay'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'replay'" -l deadline -x -d 'end the run by then'
complete -c ultra -n "__ultra_is 'replay'" -l cost-center -x -d 'charge the run to it'
complete -c ultra -n "__ultra_is 'replay'" -l max-cost -x -d 'spend no more on this run'
complete -c ultra -n "__ultra_is 'replay'" -l cache -l no-cache -d 'let an earlier answer serve, or never'
complete -c ultra -n "__ultra_is 'replay'" -l redact -d 'replace keys and tokens found in the prompt'
complete -c ultra -n "__ultra_is 'replay'" -l allow-secrets -d 'send keys found in the prompt'
complete -c ultra -n "__ultra_is 'replay'" -s y -l yes -d 'spend without asking first'
complete -c ultra -n "__ultra_is 'replay'" -l dry-run -d 'which calls, to whom, at what cost; send nothing'
complete -c ultra -n "__ultra_is 'replay'" -l key -x -a '(__ultra_offer sources)' -d 'take the key from there (`-` reads it from stdin); never the key itself'
complete -c ultra -n "__ultra_is 'replay'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'replay'" -s q -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'replay'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'replay'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'replay'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'stats'" -a show
complete -c ultra -n "__ultra_is 'stats'" -l by -x -d 'model, provider, name, route, strategy, cost-center, environment, profile, role, verb, tag:NAME, hour, day, week, month or all; repeat, or with commas'
complete -c ultra -n "__ultra_is 'stats'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'stats'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'stats'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'stats'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'stats'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'stats'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'stats'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'stats'" -l environment -x -d 'made there: development, testing or production; repeat'
complete -c ultra -n "__ultra_is 'stats'" -l rank -d 'models by picks, judges and expectations'
complete -c ultra -n "__ultra_is 'stats'" -l plot -d 'plots instead of a table'
complete -c ultra -n "__ultra_is 'stats'" -l json-logs -d 'a line of JSON for each ended call'
complete -c ultra -n "__ultra_is 'stats'" -l follow -d 'with --json-logs: go on as calls end'
complete -c ultra -n "__ultra_is 'stats'" -l after -x -d 'with --json-logs: those that ended after it, the last that was read'
complete -c ultra -n "__ultra_is 'stats'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'stats'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'stats'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'stats'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'stats'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'stats'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'stats'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'stats'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'stats show'" -l by -x -d 'model, provider, name, route, strategy, cost-center, environment, profile, role, verb, tag:NAME, hour, day, week, month or all; repeat, or with commas'
complete -c ultra -n "__ultra_is 'stats show'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'stats show'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'stats show'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'stats show'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'stats show'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'stats show'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'stats show'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'stats show'" -l environment -x -d 'made there: development, testing or production; repeat'
complete -c ultra -n "__ultra_is 'stats show'" -l rank -d 'models by picks, judges and expectations'
complete -c ultra -n "__ultra_is 'stats show'" -l plot -d 'plots instead of a table'
complete -c ultra -n "__ultra_is 'stats show'" -l json-logs -d 'a line of JSON for each ended call'
complete -c ultra -n "__ultra_is 'stats show'" -l follow -d 'with --json-logs: go on as calls end'
complete -c ultra -n "__ultra_is 'stats show'" -l after -x -d 'with --json-logs: those that ended after it, the last that was read'
complete -c ultra -n "__ultra_is 'stats show'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'stats show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'stats show'" -l output -r -F -d 'write there instead of stdout'
complete -c ultra -n "__ultra_is 'stats show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'stats show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'stats show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'stats show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'stats show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cache'" -a stats
complete -c ultra -n "__ultra_is 'cache'" -a clear
complete -c ultra -n "__ultra_is 'cache'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cache'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cache'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cache'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cache'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cache'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cache stats'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cache stats'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cache stats'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cache stats'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cache stats'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cache stats'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cache clear'" -l older-than -x -d 'only what was kept longer ago: `12h`, `7d`'
complete -c ultra -n "__ultra_is 'cache clear'" -s m -l model -x -a '(__ultra_offer models)' -d 'only answers of this model, alias or provider'
complete -c ultra -n "__ultra_is 'cache clear'" -s y -l yes -d 'clear without asking first'
complete -c ultra -n "__ultra_is 'cache clear'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cache clear'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cache clear'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cache clear'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cache clear'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'health'" -a show
complete -c ultra -n "__ultra_is 'health'" -a reset
complete -c ultra -n "__ultra_is 'health'" -a open
complete -c ultra -n "__ultra_is 'health'" -l probe -x -a 'list prompt' -d 'where nothing is known: ask for the list of models (free), or send each a prompt'
complete -c ultra -n "__ultra_is 'health'" -l no-probe -d 'ask nobody; say `unknown` instead'
complete -c ultra -n "__ultra_is 'health'" -s w -l watch -d 'redraw until q or Ctrl-C'
complete -c ultra -n "__ultra_is 'health'" -l every -x -d 'with --watch: how often'
complete -c ultra -n "__ultra_is 'health'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'health'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'health'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'health'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'health'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'health'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'health show'" -l probe -x -a 'list prompt' -d 'where nothing is known: ask for the list of models (free), or send each a prompt'
complete -c ultra -n "__ultra_is 'health show'" -l no-probe -d 'ask nobody; say `unknown` instead'
complete -c ultra -n "__ultra_is 'health show'" -s w -l watch -d 'redraw until q or Ctrl-C'
complete -c ultra -n "__ultra_is 'health show'" -l every -x -d 'with --watch: how often'
complete -c ultra -n "__ultra_is 'health show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'health show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'health show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'health show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'health show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'health show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'health reset'" -a '(__ultra_offer models)'
complete -c ultra -n "__ultra_is 'health reset'" -s a -l all -d 'every breaker and gate'
complete -c ultra -n "__ultra_is 'health reset'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'health reset'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'health reset'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'health reset'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'health reset'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'health open'" -a '(__ultra_offer models)'
complete -c ultra -n "__ultra_is 'health open'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'health open'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'health open'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'health open'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'health open'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'tui'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'tui'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'tui'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'tui'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'tui'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cost'" -a show
complete -c ultra -n "__ultra_is 'cost'" -a daily
complete -c ultra -n "__ultra_is 'cost'" -a weekly
complete -c ultra -n "__ultra_is 'cost'" -a monthly
complete -c ultra -n "__ultra_is 'cost'" -l line -d 'one line for a shell prompt'
complete -c ultra -n "__ultra_is 'cost'" -l colour -d 'colours in that line'
complete -c ultra -n "__ultra_is 'cost'" -l by -x -d 'apart by model, provider, cost-center, environment, tag:NAME and more'
complete -c ultra -n "__ultra_is 'cost'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'cost'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'cost'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'cost'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'cost'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'cost'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'cost'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'cost'" -l plot -d 'bars below the table'
complete -c ultra -n "__ultra_is 'cost'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'cost'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cost'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cost'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cost'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cost'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cost'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cost show'" -l line -d 'one line for a shell prompt'
complete -c ultra -n "__ultra_is 'cost show'" -l colour -d 'colours in that line'
complete -c ultra -n "__ultra_is 'cost show'" -l by -x -d 'apart by model, provider, cost-center, environment, tag:NAME and more'
complete -c ultra -n "__ultra_is 'cost show'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'cost show'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'cost show'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'cost show'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'cost show'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'cost show'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'cost show'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'cost show'" -l plot -d 'bars below the table'
complete -c ultra -n "__ultra_is 'cost show'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'cost show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cost show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cost show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cost show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cost show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cost show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cost daily'" -l by -x -d 'apart by model, provider, cost-center, environment, tag:NAME and more'
complete -c ultra -n "__ultra_is 'cost daily'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'cost daily'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'cost daily'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'cost daily'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'cost daily'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'cost daily'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'cost daily'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'cost daily'" -l plot -d 'bars below the table'
complete -c ultra -n "__ultra_is 'cost daily'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'cost daily'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cost daily'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cost daily'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cost daily'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cost daily'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cost daily'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cost weekly'" -l by -x -d 'apart by model, provider, cost-center, environment, tag:NAME and more'
complete -c ultra -n "__ultra_is 'cost weekly'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'cost weekly'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'cost weekly'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'cost weekly'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'cost weekly'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'cost weekly'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'cost weekly'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'cost weekly'" -l plot -d 'bars below the table'
complete -c ultra -n "__ultra_is 'cost weekly'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'cost weekly'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cost weekly'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cost weekly'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cost weekly'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cost weekly'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cost weekly'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'cost monthly'" -l by -x -d 'apart by model, provider, cost-center, environment, tag:NAME and more'
complete -c ultra -n "__ultra_is 'cost monthly'" -l since -x -d 'from then on: `30d`, `yesterday`, a date or a time'
complete -c ultra -n "__ultra_is 'cost monthly'" -l until -x -d 'until then, written as `--since` is; a day is in it whole'
complete -c ultra -n "__ultra_is 'cost monthly'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'cost monthly'" -s m -l model -x -a '(__ultra_offer models)' -d 'calls of a model, alias or provider; repeat for any of several'
complete -c ultra -n "__ultra_is 'cost monthly'" -l provider -x -a '(__ultra_offer providers)' -d 'its calls; repeat'
complete -c ultra -n "__ultra_is 'cost monthly'" -l cost-center -x -d 'charged to it; repeat'
complete -c ultra -n "__ultra_is 'cost monthly'" -l tag -x -d 'runs marked with it; repeat for all of several'
complete -c ultra -n "__ultra_is 'cost monthly'" -l plot -d 'bars below the table'
complete -c ultra -n "__ultra_is 'cost monthly'" -l format -x -d 'how it is written'
complete -c ultra -n "__ultra_is 'cost monthly'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'cost monthly'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'cost monthly'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'cost monthly'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'cost monthly'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'cost monthly'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'alerts'" -a list
complete -c ultra -n "__ultra_is 'alerts'" -a check
complete -c ultra -n "__ultra_is 'alerts'" -a test
complete -c ultra -n "__ultra_is 'alerts'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'alerts'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'alerts'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'alerts'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'alerts'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'alerts'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'alerts list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'alerts list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'alerts list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'alerts list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'alerts list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'alerts list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'alerts check'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'alerts check'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'alerts check'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'alerts check'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'alerts check'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'alerts check'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'alerts test'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'alerts test'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'alerts test'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'alerts test'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'alerts test'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'budgets'" -a show
complete -c ultra -n "__ultra_is 'budgets'" -a set
complete -c ultra -n "__ultra_is 'budgets'" -a remove
complete -c ultra -n "__ultra_is 'budgets'" -a reconcile
complete -c ultra -n "__ultra_is 'budgets'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'budgets'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'budgets'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'budgets'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'budgets'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'budgets'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'budgets show'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'budgets show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'budgets show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'budgets show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'budgets show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'budgets show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'budgets set'" -l per -x -d 'day, week, month or run'
complete -c ultra -n "__ultra_is 'budgets set'" -l mode -x -d 'soft warns at 80% and 100%, hard refuses'
complete -c ultra -n "__ultra_is 'budgets set'" -l timezone -x -d 'where days begin, such as `UTC`; this machine\'s own unless given'
complete -c ultra -n "__ultra_is 'budgets set'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'budgets set'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'budgets set'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'budgets set'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'budgets set'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'budgets remove'" -l per -x -d 'day, week, month or run'
complete -c ultra -n "__ultra_is 'budgets remove'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'budgets remove'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'budgets remove'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'budgets remove'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'budgets remove'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l all -d 'all that are uncertain'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l cost -x -d 'what each of them is known to have cost'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l release -d 'they have cost nothing'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l apply -d 'do it, do not only show it'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'budgets reconcile'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'models'" -a list
complete -c ultra -n "__ultra_is 'models'" -s a -l all -d 'what the catalog knows as well'
complete -c ultra -n "__ultra_is 'models'" -s q -l query -x -d 'names that hold the word, the catalog\'s too; repeat to narrow'
complete -c ultra -n "__ultra_is 'models'" -l live -d 'the providers\' own lists, kept for an hour'
complete -c ultra -n "__ultra_is 'models'" -l refresh -d 'with --live: ask anew, kept or not'
complete -c ultra -n "__ultra_is 'models'" -l refresh-prices -x -d 'use the prices of a file from now on (https only)'
complete -c ultra -n "__ultra_is 'models'" -l restore-prices -d 'go back to the prices before'
complete -c ultra -n "__ultra_is 'models'" -s y -l yes -d 'with --refresh-prices: also prices that moved more than tenfold'
complete -c ultra -n "__ultra_is 'models'" -l strategies -d 'list strategies instead'
complete -c ultra -n "__ultra_is 'models'" -l vendors -d 'list vendors instead'
complete -c ultra -n "__ultra_is 'models'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'models'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'models'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'models'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'models'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'models'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'models list'" -s a -l all -d 'what the catalog knows as well'
complete -c ultra -n "__ultra_is 'models list'" -s q -l query -x -d 'names that hold the word, the catalog\'s too; repeat to narrow'
complete -c ultra -n "__ultra_is 'models list'" -l live -d 'the providers\' own lists, kept for an hour'
complete -c ultra -n "__ultra_is 'models list'" -l refresh -d 'with --live: ask anew, kept or not'
complete -c ultra -n "__ultra_is 'models list'" -l refresh-prices -x -d 'use the prices of a file from now on (https only)'
complete -c ultra -n "__ultra_is 'models list'" -l restore-prices -d 'go back to the prices before'
complete -c ultra -n "__ultra_is 'models list'" -s y -l yes -d 'with --refresh-prices: also prices that moved more than tenfold'
complete -c ultra -n "__ultra_is 'models list'" -l strategies -d 'list strategies instead'
complete -c ultra -n "__ultra_is 'models list'" -l vendors -d 'list vendors instead'
complete -c ultra -n "__ultra_is 'models list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'models list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'models list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'models list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'models list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'models list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'aliases'" -a list
complete -c ultra -n "__ultra_is 'aliases'" -a set
complete -c ultra -n "__ultra_is 'aliases'" -a remove
complete -c ultra -n "__ultra_is 'aliases'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'aliases'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'aliases'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'aliases'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'aliases'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'aliases'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'aliases list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'aliases list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'aliases list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'aliases list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'aliases list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'aliases list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'aliases set'" -a '(__ultra_offer aliases)'
complete -c ultra -n "__ultra_is 'aliases set'" -a '(__ultra_offer models)'
complete -c ultra -n "__ultra_is 'aliases set'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'aliases set'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'aliases set'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'aliases set'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'aliases set'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'aliases remove'" -a '(__ultra_offer aliases)'
complete -c ultra -n "__ultra_is 'aliases remove'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'aliases remove'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'aliases remove'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'aliases remove'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'aliases remove'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'templates'" -a list
complete -c ultra -n "__ultra_is 'templates'" -a show
complete -c ultra -n "__ultra_is 'templates'" -a path
complete -c ultra -n "__ultra_is 'templates'" -a remove
complete -c ultra -n "__ultra_is 'templates'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'templates'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'templates'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'templates'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'templates'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'templates'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'templates list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'templates list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'templates list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'templates list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'templates list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'templates list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'templates show'" -a '(__ultra_offer templates)'
complete -c ultra -n "__ultra_is 'templates show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'templates show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'templates show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'templates show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'templates show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'templates path'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'templates path'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'templates path'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'templates path'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'templates path'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'templates remove'" -a '(__ultra_offer templates)'
complete -c ultra -n "__ultra_is 'templates remove'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'templates remove'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'templates remove'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'templates remove'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'templates remove'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'keys'" -a list
complete -c ultra -n "__ultra_is 'keys'" -a set
complete -c ultra -n "__ultra_is 'keys'" -a remove
complete -c ultra -n "__ultra_is 'keys'" -a test
complete -c ultra -n "__ultra_is 'keys'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'keys'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'keys'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'keys'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'keys'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'keys'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'keys list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'keys list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'keys list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'keys list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'keys list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'keys list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'keys set'" -a '(__ultra_offer providers)'
complete -c ultra -n "__ultra_is 'keys set'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'keys set'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'keys set'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'keys set'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'keys set'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'keys remove'" -a '(__ultra_offer providers)'
complete -c ultra -n "__ultra_is 'keys remove'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'keys remove'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'keys remove'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'keys remove'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'keys remove'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'keys test'" -a '(__ultra_offer providers)'
complete -c ultra -n "__ultra_is 'keys test'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'keys test'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'keys test'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'keys test'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'keys test'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'keys test'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles'" -a list
complete -c ultra -n "__ultra_is 'profiles'" -a show
complete -c ultra -n "__ultra_is 'profiles'" -a check
complete -c ultra -n "__ultra_is 'profiles'" -a use
complete -c ultra -n "__ultra_is 'profiles'" -a add
complete -c ultra -n "__ultra_is 'profiles'" -a schema
complete -c ultra -n "__ultra_is 'profiles'" -a trust
complete -c ultra -n "__ultra_is 'profiles'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'profiles'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles list'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'profiles list'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles list'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles list'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles list'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles list'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles show'" -a '(__ultra_offer profiles)'
complete -c ultra -n "__ultra_is 'profiles show'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles show'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles show'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles show'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles show'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles check'" -a '(__ultra_offer profiles)'
complete -c ultra -n "__ultra_is 'profiles check'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles check'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles check'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles check'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles check'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles use'" -a '(__ultra_offer profiles)'
complete -c ultra -n "__ultra_is 'profiles use'" -l none -d 'go back to your ultra.yaml'
complete -c ultra -n "__ultra_is 'profiles use'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles use'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles use'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles use'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles use'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles add'" -l name -x -d 'call it otherwise'
complete -c ultra -n "__ultra_is 'profiles add'" -s m -l model -x -a '(__ultra_offer models)' -d 'a short name for this model of it as well'
complete -c ultra -n "__ultra_is 'profiles add'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles add'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles add'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles add'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles add'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles schema'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles schema'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles schema'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles schema'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles schema'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'profiles trust'" -F
complete -c ultra -n "__ultra_is 'profiles trust'" -s y -l yes -d 'do not ask'
complete -c ultra -n "__ultra_is 'profiles trust'" -l show -d 'only tell what it asks for'
complete -c ultra -n "__ultra_is 'profiles trust'" -l revoke -d 'take trust back'
complete -c ultra -n "__ultra_is 'profiles trust'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'profiles trust'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'profiles trust'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'profiles trust'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'profiles trust'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'init'" -s y -l yes -d 'write without asking'
complete -c ultra -n "__ultra_is 'init'" -l force -d 'replace a profile of yours'
complete -c ultra -n "__ultra_is 'init'" -l print -d 'print the profile, write nothing'
complete -c ultra -n "__ultra_is 'init'" -l server -x -d 'also look here for a server; on this machine only; repeat'
complete -c ultra -n "__ultra_is 'init'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'init'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'init'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'init'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'init'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'doctor'" -a check
complete -c ultra -n "__ultra_is 'doctor'" -a errors
complete -c ultra -n "__ultra_is 'doctor'" -l no-probe -d 'ask no provider anything'
complete -c ultra -n "__ultra_is 'doctor'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'doctor'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'doctor'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'doctor'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'doctor'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'doctor'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'doctor check'" -l no-probe -d 'ask no provider anything'
complete -c ultra -n "__ultra_is 'doctor check'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'doctor check'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'doctor check'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'doctor check'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'doctor check'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'doctor check'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'doctor errors'" -l json -d 'one JSON document'
complete -c ultra -n "__ultra_is 'doctor errors'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'doctor errors'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'doctor errors'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'doctor errors'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'doctor errors'" -s h -l help -d 'show how it is used'
complete -c ultra -n "__ultra_is 'completions'" -a 'bash zsh fish'
complete -c ultra -n "__ultra_is 'completions'" -s P -l profile -x -a '(__ultra_offer profiles)' -d 'profile to use'
complete -c ultra -n "__ultra_is 'completions'" -l quiet -d 'only warnings and errors on stderr'
complete -c ultra -n "__ultra_is 'completions'" -l verbose -d 'tell more on stderr'
complete -c ultra -n "__ultra_is 'completions'" -l debug -d 'show tracebacks and details'
complete -c ultra -n "__ultra_is 'completions'" -s h -l help -d 'show how it is used'
