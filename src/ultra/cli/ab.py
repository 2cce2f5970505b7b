"""`ultra ab`: two arms, the same prompts, one verdict that was not made up afterwards."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Under, noun, print_json, session, shown
from ultra.core.errors import UsageError

app = noun(
    "Experiments: two models, or one asked two ways, over the same prompts.",
    "ultra ab                                   every experiment and its verdict",
    "ultra ab run fast-or-smart -m fast -m smart --prompts questions.csv",
    "ultra ab run brief -m smart --system-b 'Be brief.' --prompts q.txt --judge openai:gpt-5",
    "ultra ab run fast-or-smart                 go on with it; nothing is paid for twice",
    "ultra ab show fast-or-smart --json",
)

FORMATS = ("text", "markdown", "json")

Name = Annotated[str, typer.Argument(metavar="NAME", help="the experiment's name")]
Form = Annotated[str, options.option("--format", help="text, markdown or json")]


@app.command("list", cls=Under, epilog=shown("ultra ab list", "ultra ab list --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List every experiment, the newest first."""
    from ultra.output.experiments import render_list
    from ultra.runtime.experiments import reports

    here = session(ctx)
    found = reports(here.runtime)
    if as_json:
        print_json(here, {"experiments": found})
    elif found:
        here.streams.write(render_list(found, streams=here.streams))
    else:
        here.note("there is no experiment; `ultra ab run --help` shows how to begin one")


@app.command(
    "run",
    cls=Under,
    epilog=shown(
        "ultra ab run price -m fast -m smart --prompts q.csv --expect number --dry-run",
        "ultra ab run price -m fast -m smart --prompts q.csv --expect number --mde 0.05",
        "ultra ab run early -m fast -m smart --prompts q.csv --sequential",
        "ultra ab run calm -m fast --option-a temperature 0 --prompts q.csv",
        "ultra ab run quick -m fast -m smart --prompts q.txt --metric latency --mde 0.2",
    ),
)
def run(
    ctx: typer.Context,
    name: Name,
    model: Annotated[
        list[str] | None,
        options.option(
            "--model",
            "-m",
            metavar="NAME",
            help="A, then B: model, alias or ensemble; one alone is both",
        ),
    ] = None,
    prompts: Annotated[
        str | None,
        options.option(
            "--prompts",
            metavar="FILE",
            help="what both are asked: lines, .jsonl or .csv with `prompt` and `expected`",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        options.option(
            "--metric",
            metavar="NAME",
            of="ab",
            help="pass, preference, latency or cost; else what `--expect` or `--judge` says",
        ),
    ] = None,
    expect: Annotated[
        list[str] | None,
        options.option(
            "--expect",
            metavar="KIND[:WHAT]",
            help="exact, contains, regex, number or schema; without WHAT the column `expected`",
        ),
    ] = None,
    judge: options.Judges = None,
    criteria: options.Criteria = None,
    reference: options.Reference = None,
    self_judging: options.SelfJudging = False,
    system: options.System = None,
    system_a: Annotated[
        str | None, options.option("--system-a", help="system prompt of A alone")
    ] = None,
    system_b: Annotated[
        str | None, options.option("--system-b", help="system prompt of B alone")
    ] = None,
    option: options.Options = None,
    option_a: Annotated[
        list[str] | None, options.option("--option-a", metavar="NAME VALUE", help="`-o` of A alone")
    ] = None,
    option_b: Annotated[
        list[str] | None, options.option("--option-b", metavar="NAME VALUE", help="`-o` of B alone")
    ] = None,
    max_tokens: options.MaxTokens = None,
    size: Annotated[
        int | None,
        options.option(
            "--size", metavar="N", of="ab", help="ask N of the prompts, drawn at random; else all"
        ),
    ] = None,
    repeats: Annotated[
        int, options.option("--repeats", metavar="R", of="ab", help="ask each prompt R times")
    ] = 1,
    mde: Annotated[
        float | None,
        options.option(
            "--mde",
            metavar="DIFFERENCE",
            of="ab",
            help="the smallest difference that matters: a share (0.1), dollars for cost",
        ),
    ] = None,
    alpha: Annotated[
        float,
        options.option(
            "--alpha", metavar="CHANCE", of="ab", help="how often equal arms may be told apart"
        ),
    ] = 0.05,
    sequential: Annotated[
        bool,
        options.option(
            "--sequential",
            of="ab",
            help="look after every prompt, and end as soon as the evidence is enough",
        ),
    ] = False,
    mid_p: Annotated[
        bool, options.option("--mid-p", of="ab", help="McNemar's mid-p, not the exact p")
    ] = False,
    seed: Annotated[
        int | None,
        options.option("--seed", metavar="N", of="ab", help="for order and draws; else by name"),
    ] = None,
    deadline: options.Deadline = None,
    max_cost: options.MaxCost = None,
    cost_center: options.CostCenter = None,
    tag: options.Tags = None,
    redact: options.Redact = False,
    allow_secrets: options.AllowSecrets = False,
    form: Form = "text",
    as_json: options.Json = False,
    output: options.Output = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> int:
    """Register an experiment and carry it out; by its name alone, go on with it.

    What is registered (arms, prompts, metric, size, stopping rule, alpha, smallest difference) is
    settled before the first call and never changed. What it can find and may cost is said first.
    """
    from ultra.cli.ab_run import Given, run_ab
    from ultra.cli.terms import Terms, secrets_rule

    here = session(ctx)
    terms = Terms(
        form=_form(form, as_json=as_json),
        output=output,
        deadline_s=deadline,
        confirmed=yes,
        dry_run=dry_run,
        cost_center=cost_center or "",
        tags=tag or [],
        max_cost=max_cost,
        secrets=secrets_rule(redact=redact, allow=allow_secrets),
        cache="off",
    )
    given = Given(
        models=tuple(model or ()),
        prompts=prompts or "",
        metric=metric,
        expect=tuple(expect or ()),
        judges=tuple(judge or ()),
        criteria=criteria or "",
        reference=reference or "",
        self_judging=self_judging,
        systems=(system_a or system or "", system_b or system or ""),
        options=((*(option or ()), *(option_a or ())), (*(option or ()), *(option_b or ()))),
        max_tokens=max_tokens,
        size=size,
        repeats=repeats,
        mde=mde,
        alpha=alpha,
        sequential=sequential,
        mid_p=mid_p,
        seed=seed,
    )
    return run_ab(here, name, given, terms)


@app.command(cls=Under, epilog=shown("ultra ab show price", "ultra ab show price --json"))
def show(
    ctx: typer.Context,
    name: Name,
    form: Form = "text",
    as_json: options.Json = False,
    output: options.Output = None,
) -> None:
    """Show an experiment: its verdict, and every figure behind it."""
    from ultra.cli.ab_run import hand_over_report
    from ultra.cli.terms import Terms
    from ultra.runtime.experiments import find, report_of

    here = session(ctx)
    terms = Terms(form=_form(form, as_json=as_json), output=output)
    terms.check()
    hand_over_report(here, report_of(here.runtime, find(here.runtime, name)), terms)


def _form(form: str, *, as_json: bool) -> str:
    form = "json" if as_json else form
    if form not in FORMATS:
        raise UsageError(f"`--format {form}` is not known", hint=", ".join(FORMATS))
    return form
