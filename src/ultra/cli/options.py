"""How an option is made, and those that several verbs share, each written once."""

from pathlib import Path
from typing import Annotated, Any

import typer


def option(*names: str, of: str = "", **settings: Any) -> Any:
    """An option, its long name first, that a variable can set too, such as `ULTRA_MAX_TOKENS`.

    `of` is the command, such as `logs audit`, that has the variable to itself: what is set for
    `ultra cost` is then not meant for others. `settings` are more that Typer takes.
    """
    long = names[0].removeprefix("--").partition("/")[0]
    variable = " ".join(("ultra", *of.split(), long)).upper().replace("-", "_").replace(" ", "_")
    return typer.Option(*names, envvar=variable, **settings)


Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROMPT]...", help="the prompt; piped text goes before it"),
]
Profile = Annotated[
    str | None, option("--profile", "-P", metavar="NAME|PATH", help="profile to use")
]
Debug = Annotated[bool, option("--debug", help="show tracebacks and details")]
Quiet = Annotated[bool, option("--quiet", "-q", help="only warnings and errors on stderr")]
Verbose = Annotated[bool, option("--verbose", help="tell more on stderr")]
Json = Annotated[bool, option("--json", help="one JSON document")]
Models = Annotated[
    list[str] | None,
    option(
        "--model",
        "-m",
        metavar="NAME",
        help="model, alias, route, ensemble or @group; repeat for several, twice for two samples",
    ),
]
Events = Annotated[bool, option("--events", help="one JSON line per event as it happens")]
Output = Annotated[
    Path | None, option("--output", metavar="FILE", help="write there instead of stdout")
]
Key = Annotated[
    str | None,
    option(
        "--key",
        metavar="env:NAME|keyring:NAME|-",
        help="take the key from there (`-` reads it from stdin); never the key itself",
    ),
]
System = Annotated[str | None, option("--system", "-s", help="system prompt")]
Template = Annotated[str | None, option("--template", "-t", metavar="NAME", help="saved prompt")]
Params = Annotated[
    list[str] | None,
    option("--param", "-p", metavar="NAME VALUE", help="fill in a template; repeat"),
]
Options = Annotated[
    list[str] | None,
    option(
        "--option",
        "-o",
        metavar="NAME VALUE",
        help="temperature, top_p, seed, stop, reasoning_effort, or one of the provider's own",
    ),
]
Attachments = Annotated[
    list[str] | None,
    option("--attachment", "-a", metavar="FILE|URL|-", help="picture, PDF or sound; repeat"),
]
Files = Annotated[
    list[str] | None,
    option("--file", "-f", metavar="FILE|URL|-", help="text to put before the prompt; repeat"),
]
Schema = Annotated[
    str | None,
    option(
        "--schema",
        metavar="JSON|FILE|FIELDS",
        help="answer as JSON: a schema, a .json file, or `name, age int`",
    ),
]
Tools = Annotated[
    Path | None,
    option(
        "--tools",
        metavar="FILE",
        help="JSON file of functions the model may ask for; ultra calls none",
    ),
]
MaxTokens = Annotated[int | None, option("--max-tokens", metavar="N", help="cap the answer")]
NoLog = Annotated[bool, option("--no-log", "-n", help="keep the words out of the log")]
Usage = Annotated[bool, option("--usage", "-u", help="tell tokens and cost on stderr")]
NoStdin = Annotated[bool, option("--no-stdin", help="leave stdin alone (for loops)")]
NoStream = Annotated[bool, option("--no-stream", help="all of the answer or nothing")]
Deadline = Annotated[
    float | None, option("--deadline", metavar="SECONDS", help="end the run by then")
]
Quorum = Annotated[
    int | None, option("--quorum", metavar="K", help="go on once K members answered")
]
Grace = Annotated[
    float | None, option("--grace", metavar="SECONDS", help="wait so much longer for the rest")
]
Strategy = Annotated[
    str | None,
    option(
        "--strategy",
        metavar="NAME",
        help="how several models give one answer; `ultra models --strategies` lists them",
    ),
]
Synthesizer = Annotated[
    str | None, option("--synthesizer", metavar="NAME", help="model that compares and writes")
]
Judges = Annotated[
    list[str] | None, option("--judge", metavar="NAME", help="model that judges; repeat")
]
Criteria = Annotated[
    str | None, option("--criteria", metavar="TEXT|FILE", help="what judges go by")
]
Reference = Annotated[
    str | None, option("--reference", metavar="TEXT|FILE", help="a right answer, shown to judges")
]
Duels = Annotated[bool, option("--duels", help="show judges two answers at a time")]
SelfJudging = Annotated[
    bool, option("--allow-self-judge", help="let judges judge answers of their own model")
]
Extract = Annotated[
    str | None,
    option(
        "--extract",
        metavar="KIND",
        help="what of an answer is compared: number, choice, exact, json:PATH, regex:PATTERN",
    ),
]
Weights = Annotated[
    str | None,
    option(
        "--weights",
        metavar="ratings",
        help="votes weigh by how often a model met expectations in your log",
    ),
]
MinShare = Annotated[
    float | None,
    option(
        "--min-share",
        metavar="SHARE",
        help="share of votes below which there is no consensus (0.5)",
    ),
]
Expect = Annotated[
    list[str] | None,
    option(
        "--expect",
        metavar="KIND:WHAT",
        help="exact:TEXT, contains:TEXT, regex:PATTERN, number:VALUE or schema:FILE, for `cascade`",
    ),
]
Samples = Annotated[
    int | None,
    option("--self", metavar="N", help="N samples of one model, the best rated of several"),
]
Layers = Annotated[
    int | None, option("--layers", metavar="L", help="layers of `moa`, the writer included")
]
OneCall = Annotated[bool, option("--one-call", help="compare and write in one call")]
Cite = Annotated[bool, option("--cite", help="say which answer each claim comes from")]
SourcesOnly = Annotated[bool, option("--sources-only", help="the writer adds nothing of its own")]
CostCenter = Annotated[
    str | None, option("--cost-center", metavar="NAME", help="charge the run to it")
]
Tags = Annotated[
    list[str] | None, option("--tag", metavar="NAME=VALUE", help="mark the run in the log; repeat")
]
MaxCost = Annotated[
    str | None, option("--max-cost", metavar="USD", help="spend no more on this run")
]
Hedge = Annotated[bool, option("--hedge", help="ask the next model too when the first one is slow")]
Cache = Annotated[
    bool | None, option("--cache/--no-cache", help="let an earlier answer serve, or never")
]
Refresh = Annotated[bool, option("--refresh", help="ask anew and let the answer serve from now on")]
Redact = Annotated[bool, option("--redact", help="replace keys and tokens found in the prompt")]
AllowSecrets = Annotated[bool, option("--allow-secrets", help="send keys found in the prompt")]
Explain = Annotated[
    bool, option("--explain", help="who would be asked, in which order and why; send nothing")
]
Yes = Annotated[bool, option("--yes", "-y", help="spend without asking first")]
DryRun = Annotated[
    bool, option("--dry-run", help="which calls, to whom, at what cost; send nothing")
]
