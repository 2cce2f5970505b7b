"""`ultra profiles`: which there are, which serves, what it comes to, and whom to trust."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown
from ultra.core.errors import ConfigError, UsageError

app = noun(
    "Profiles say which providers and models there are, and which serve when none is named.",
    "ultra profiles                     what can be chosen, and which serves here",
    "ultra profiles show                the profile that serves, everything resolved",
    "ultra profiles check work.yaml     every mistake of a file, with its place",
    "ultra profiles use work            from now on, where no project says otherwise",
    "ultra profiles add groq            put a vendor's row into your profile",
    "ultra profiles trust               let the project's file do what it asks for",
    "ultra profiles schema > schema.json",
)

Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME|PATH]", help="the profile; the one that serves if left out"),
]


@app.command("list", cls=Under, epilog=shown("ultra profiles list", "ultra profiles list --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List the profiles that can be chosen here; `*` marks the one that serves."""
    from ultra.output.tables import table
    from ultra.runtime.profiles import profile_entries

    here = session(ctx)
    found = profile_entries(here.runtime)
    if as_json:
        print_json(here, {"profiles": found})
        return
    rows = [
        ["*" if one.active else "", one.name, one.origin, _trust_word(one.trust), one.path]
        for one in found
    ]
    here.streams.write(table(["", "name", "origin", "trust", "file"], rows, streams=here.streams))


@app.command(cls=Under, epilog=shown("ultra profiles show", "ultra profiles show production"))
def show(ctx: typer.Context, profile_name: Name = None) -> None:
    """Print a profile as YAML with everything resolved; keys are shown as where they are."""
    from ultra.runtime.profiles import profile_named, profile_text

    here = session(ctx)
    here.streams.write(profile_text(profile_named(here.runtime, profile_name)))


@app.command(cls=Under, epilog=shown("ultra profiles check", "ultra profiles check ./ultra.yaml"))
def check(ctx: typer.Context, profile_name: Name = None) -> None:
    """Look for every mistake in a profile; with any, each is told with its place, and exit 3."""
    from ultra.runtime.profiles import chosen_file, problems_of, trust_of

    here = session(ctx)
    chosen = chosen_file(here.runtime, profile_name or here.profile)
    if chosen.path is None:
        raise ConfigError(
            "there is no profile file to check", hint="`ultra init` writes one, or name a file"
        )
    problems = problems_of(here.runtime, chosen)
    if problems:
        count = "a mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise ConfigError(f"profile `{chosen.name}` has {count}", problems=problems)
    here.streams.write(f"{chosen.path} holds\n")
    if chosen.project and trust_of(here.runtime, chosen.path) == "untrusted":
        here.warn(
            f"it is not trusted yet; `ultra profiles trust --show {chosen.path}` tells what it asks"
        )


@app.command(cls=Under, epilog=shown("ultra profiles use work", "ultra profiles use --none"))
def use(
    ctx: typer.Context,
    profile_name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="one that `ultra profiles` lists")
    ] = None,
    none: Annotated[
        bool, options.option("--none", of="profiles", help="go back to your ultra.yaml")
    ] = False,
) -> None:
    """Choose the profile that serves where neither a flag nor a project names one."""
    from ultra.runtime.profiles import use_profile

    here = session(ctx)
    if (profile_name is None) != none:
        raise UsageError("name a profile, or `--none`", hint="`ultra profiles list` shows them")
    path = use_profile(here.runtime, profile_name)
    here.note(f"`{path}` serves from now on" if path else "no profile of yours serves now")


@app.command(
    cls=Under,
    epilog=shown(
        "ultra profiles add groq",
        "ultra profiles add groq --model llama-3.3-70b-versatile",
        "ultra profiles add openai --name work",
    ),
)
def add(
    ctx: typer.Context,
    vendor: Annotated[
        str, typer.Argument(metavar="VENDOR", help="one that `ultra models --vendors` lists")
    ],
    name: Annotated[
        str | None,
        options.option("--name", metavar="NAME", of="profiles", help="call it otherwise"),
    ] = None,
    model: Annotated[
        str | None,
        options.option(
            "--model",
            "-m",
            metavar="ID",
            of="profiles",
            help="a short name for this model of it as well",
        ),
    ] = None,
) -> None:
    """Write a vendor's row into your profile; all else in the file stays as it is."""
    from ultra.runtime.additions import add_vendor

    here = session(ctx)
    done = add_vendor(here.runtime, here.profile, vendor, name=name, model=model)
    for entry, place in done.result.there.items():
        here.note(f"`{entry}` stands there already, at {place}")
    if not done.result.added:
        return
    names = " and ".join(f"`{entry}`" for entry in done.result.added)
    here.note(f"{names} went into `{done.path}`; ask `-m {done.alias or f'{done.provider}:MODEL'}`")
    if done.key and not here.runtime.environ.get(done.key):
        here.note(f"its key: set `{done.key}`, or `ultra keys set {done.provider}`")


@app.command(cls=Under, epilog=shown("ultra profiles schema > ~/.config/ultra/schema.json"))
def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of profiles, so that editors complete and check them."""
    import msgspec

    from ultra.runtime.profiles import profile_schema

    text = msgspec.json.format(msgspec.json.encode(profile_schema()), indent=2).decode()
    session(ctx).streams.write(f"{text}\n")


@app.command(
    cls=Under,
    epilog=shown("ultra profiles trust", "ultra profiles trust ../repo", "ultra profiles trust -y"),
)
def trust(
    ctx: typer.Context,
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="a project's ultra.yaml or its folder")
    ] = None,
    yes: Annotated[bool, options.option("--yes", "-y", of="profiles", help="do not ask")] = False,
    show_only: Annotated[
        bool, options.option("--show", of="profiles", help="only tell what it asks for")
    ] = False,
    revoke: Annotated[
        bool, options.option("--revoke", of="profiles", help="take trust back")
    ] = False,
) -> None:
    """Trust a project's file: told what it asks for, and until such a field of it changes."""
    from ultra.runtime.profiles import asked_for, distrust_file, project_file, trust_file

    here = session(ctx)
    file = project_file(here.runtime, path)
    if revoke:
        gone = distrust_file(here.runtime, file)
        here.note(f"`{file}` is no longer trusted" if gone else f"`{file}` was not trusted")
        return
    _tell_asked(here, file, [f"{one.where}: `{one.path}` {one.why}" for one in asked_for(file)])
    if show_only or not _agreed(here, file, yes=yes):
        here.note("nothing was changed")
        return
    trust_file(here.runtime, file)
    here.note(f"`{file}` is trusted")


def _agreed(here: Here, file: Path, *, yes: bool) -> bool:
    """Whether the user wants it; elsewhere than at a terminal the command itself says so."""
    from ultra.output.prompts import confirm

    return yes or not here.streams.interactive or confirm(here.streams, f"trust {file}?")


def _tell_asked(here: Here, file: Path, asked: Sequence[str]) -> None:
    from ultra.output.safe import visible

    lines = asked or [f"{file} asks for nothing that needs trust"]
    here.streams.write("".join(f"{visible(line)}\n" for line in lines))


def _trust_word(trust: str) -> str:
    return "" if trust == "needless" else trust
