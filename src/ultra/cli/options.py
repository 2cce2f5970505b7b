"""Options that several verbs share, each written once.

Every option can be set by a variable: `ULTRA_` and its long name, such as `ULTRA_MAX_TOKENS`.
"""

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    str | None,
    typer.Option(
        "--profile", "-P", metavar="NAME|PATH", envvar="ULTRA_PROFILE", help="profile to use"
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", envvar="ULTRA_DEBUG", help="show tracebacks and details")
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", envvar="ULTRA_QUIET", help="only warnings and errors on stderr"),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", envvar="ULTRA_VERBOSE", help="tell more on stderr")
]
Json = Annotated[bool, typer.Option("--json", envvar="ULTRA_JSON", help="one JSON document")]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        envvar="ULTRA_MODEL",
        help="model, alias, route, ensemble or @group; repeat for several, twice for two samples",
    ),
]
Events = Annotated[
    bool,
    typer.Option("--events", envvar="ULTRA_EVENTS", help="one JSON line per event as it happens"),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="FILE", envvar="ULTRA_OUTPUT", help="write there instead of stdout"
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="env:NAME|keyring:NAME|-",
        envvar="ULTRA_KEY",
        help="take the key from there (`-` reads it from stdin); never the key itself",
    ),
]
System = Annotated[
    str | None,
    typer.Option("--system", "-s", envvar="ULTRA_SYSTEM", help="system prompt"),
]
Template = Annotated[
    str | None,
    typer.Option("--template", "-t", metavar="NAME", envvar="ULTRA_TEMPLATE", help="saved prompt"),
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME VALUE",
        envvar="ULTRA_PARAM",
        help="fill in a template; repeat",
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        "-o",
        metavar="NAME VALUE",
        envvar="ULTRA_OPTION",
        help="temperature, top_p, seed, stop, reasoning_effort, or one of the provider's own",
    ),
]
Attachments = Annotated[
    list[str] | None,
    typer.Option(
        "--attachment",
        "-a",
        metavar="FILE|URL|-",
        envvar="ULTRA_ATTACHMENT",
        help="picture, PDF or sound; repeat",
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE|URL|-",
        envvar="ULTRA_FILE",
        help="text to put before the prompt; repeat",
    ),
]
Schema = Annotated[
    str | None,
    typer.Option(
        "--schema",
        metavar="JSON|FILE|FIELDS",
        envvar="ULTRA_SCHEMA",
        help="answer as JSON: a schema, a .json file, or `name, age int`",
    ),
]
Tools = Annotated[
    Path | None,
    typer.Option(
        "--tools",
        metavar="FILE",
        envvar="ULTRA_TOOLS",
        help="JSON file of functions the model may ask for; ultra calls none",
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option("--max-tokens", metavar="N", envvar="ULTRA_MAX_TOKENS", help="cap the answer"),
]
NoLog = Annotated[
    bool,
    typer.Option("--no-log", "-n", envvar="ULTRA_NO_LOG", help="keep the words out of the log"),
]
Usage = Annotated[
    bool,
    typer.Option("--usage", "-u", envvar="ULTRA_USAGE", help="tell tokens and cost on stderr"),
]
NoStdin = Annotated[
    bool,
    typer.Option("--no-stdin", envvar="ULTRA_NO_STDIN", help="leave stdin alone (for loops)"),
]
NoStream = Annotated[
    bool,
    typer.Option("--no-stream", envvar="ULTRA_NO_STREAM", help="all of the answer or nothing"),
]
Deadline = Annotated[
    float | None,
    typer.Option(
        "--deadline", metavar="SECONDS", envvar="ULTRA_DEADLINE", help="end the run by then"
    ),
]
Quorum = Annotated[
    int | None,
    typer.Option(
        "--quorum", metavar="K", envvar="ULTRA_QUORUM", help="go on once K members answered"
    ),
]
Grace = Annotated[
    float | None,
    typer.Option(
        "--grace", metavar="SECONDS", envvar="ULTRA_GRACE", help="wait so much longer for the rest"
    ),
]
Strategy = Annotated[
    str | None,
    typer.Option(
        "--strategy",
        metavar="NAME",
        envvar="ULTRA_STRATEGY",
        help="how several models give one answer; `ultra models --strategies` lists them",
    ),
]
Synthesizer = Annotated[
    str | None,
    typer.Option(
        "--synthesizer",
        metavar="NAME",
        envvar="ULTRA_SYNTHESIZER",
        help="model that compares and writes",
    ),
]
Judges = Annotated[
    list[str] | None,
    typer.Option("--judge", metavar="NAME", envvar="ULTRA_JUDGE", help="model that judges; repeat"),
]
Criteria = Annotated[
    str | None,
    typer.Option(
        "--criteria", metavar="TEXT|FILE", envvar="ULTRA_CRITERIA", help="what judges go by"
    ),
]
Reference = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="TEXT|FILE",
        envvar="ULTRA_REFERENCE",
        help="a right answer, shown to judges",
    ),
]
Duels = Annotated[
    bool,
    typer.Option("--duels", envvar="ULTRA_DUELS", help="show judges two answers at a time"),
]
SelfJudging = Annotated[
    bool,
    typer.Option(
        "--allow-self-judge",
        envvar="ULTRA_ALLOW_SELF_JUDGE",
        help="let judges judge answers of their own model",
    ),
]
Extract = Annotated[
    str | None,
    typer.Option(
        "--extract",
        metavar="KIND",
        envvar="ULTRA_EXTRACT",
        help="what of an answer is compared: number, choice, exact, json:PATH, regex:PATTERN",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        metavar="ratings",
        envvar="ULTRA_WEIGHTS",
        help="votes weigh by how often a model met expectations in your log",
    ),
]
MinShare = Annotated[
    float | None,
    typer.Option(
        "--min-share",
        metavar="SHARE",
        envvar="ULTRA_MIN_SHARE",
        help="share of votes below which there is no consensus (0.5)",
    ),
]
Expect = Annotated[
    list[str] | None,
    typer.Option(
        "--expect",
        metavar="KIND:WHAT",
        envvar="ULTRA_EXPECT",
        help="exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE, for `cascade`",
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(
        "--self",
        metavar="N",
        envvar="ULTRA_SELF",
        help="N samples of one model, the best rated of several",
    ),
]
Layers = Annotated[
    int | None,
    typer.Option(
        "--layers", metavar="L", envvar="ULTRA_LAYERS", help="layers of `moa`, the writer included"
    ),
]
OneCall = Annotated[
    bool,
    typer.Option("--one-call", envvar="ULTRA_ONE_CALL", help="compare and write in one call"),
]
Cite = Annotated[
    bool,
    typer.Option("--cite", envvar="ULTRA_CITE", help="say which answer each claim comes from"),
]
SourcesOnly = Annotated[
    bool,
    typer.Option(
        "--sources-only", envvar="ULTRA_SOURCES_ONLY", help="the writer adds nothing of its own"
    ),
]
CostCenter = Annotated[
    str | None,
    typer.Option(
        "--cost-center", metavar="NAME", envvar="ULTRA_COST_CENTER", help="charge the run to it"
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="NAME=VALUE", envvar="ULTRA_TAG", help="mark the run in the log; repeat"
    ),
]
MaxCost = Annotated[
    str | None,
    typer.Option(
        "--max-cost", metavar="USD", envvar="ULTRA_MAX_COST", help="spend no more on this run"
    ),
]
Hedge = Annotated[
    bool,
    typer.Option(
        "--hedge", envvar="ULTRA_HEDGE", help="ask the next model too when the first one is slow"
    ),
]
Cache = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache", envvar="ULTRA_CACHE", help="let an earlier answer serve, or never"
    ),
]
Refresh = Annotated[
    bool,
    typer.Option(
        "--refresh", envvar="ULTRA_REFRESH", help="ask anew and let the answer serve from now on"
    ),
]
Redact = Annotated[
    bool,
    typer.Option(
        "--redact", envvar="ULTRA_REDACT", help="replace keys and tokens found in the prompt"
    ),
]
AllowSecrets = Annotated[
    bool,
    typer.Option(
        "--allow-secrets", envvar="ULTRA_ALLOW_SECRETS", help="send keys found in the prompt"
    ),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain",
        envvar="ULTRA_EXPLAIN",
        help="who would be asked, in which order and why; send nothing",
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", envvar="ULTRA_YES", help="spend without asking first")
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", envvar="ULTRA_DRY_RUN", help="which calls, to whom, at what cost; send nothing"
    ),
]
