"""`ultra init`: looks for keys and local servers, shows what it found, writes a first profile."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.cli.exit_codes import OK
from ultra.cli.nouns import Here, Under, session, shown

if TYPE_CHECKING:
    from ultra.runtime.discovery import Discovery

app = verb_app()


@app.command(
    cls=Under,
    epilog=shown(
        "ultra init",
        "ultra init --print                        show the profile, write nothing",
        "ultra init --server localhost:9000        look there for a server too",
        "ultra init --yes --force                  replace the profile without asking",
    ),
)
def init(
    ctx: typer.Context,
    yes: Annotated[
        bool, options.option("--yes", "-y", of="init", help="write without asking")
    ] = False,
    force: Annotated[
        bool, options.option("--force", of="init", help="replace a profile of yours")
    ] = False,
    print_only: Annotated[
        bool, options.option("--print", of="init", help="print the profile, write nothing")
    ] = False,
    server: Annotated[
        list[str] | None,
        options.option(
            "--server",
            metavar="URL",
            of="init",
            help="also look here for a server; on this machine only; repeat",
        ),
    ] = None,
) -> int:
    """Look for keys and local servers, show what is there, and write a commented profile.

    Keys are looked for in the environment and the keyring, servers where Ollama, LM Studio,
    llama.cpp and vLLM usually are; a server is known by its answers. Nothing leaves this machine.
    """
    from ultra.runtime.discovery import discover, place_of_profile

    here = session(ctx)
    path = None if print_only else place_of_profile(here.runtime, force=force)
    return _set_up(here, discover(here.runtime, server or ()), path, yes=yes)


def _set_up(here: Here, found: "Discovery", path: Path | None, *, yes: bool) -> int:
    """Write the profile of what was found; print it when there is no path."""
    from ultra.output.prompts import confirm
    from ultra.runtime.discovery import nothing_found, scaffolded, write_profile

    if found.empty:
        raise nothing_found(here.runtime, found)
    _tell(here, found)
    text = scaffolded(here.runtime, found)
    if path is None:
        here.streams.write(text)
        return OK
    if not yes and here.streams.interactive and not confirm(here.streams, f"write {path}?"):
        here.note("nothing was written")
        return OK
    write_profile(here.runtime, path, text)
    here.streams.write(f"wrote {path}\n")
    here.note('now `ultra "why is the sky blue"` asks, and `ultra models` lists what there is')
    return OK


def _tell(here: Here, found: "Discovery") -> None:
    from ultra.core.text import one_line

    for key in found.keys:
        here.note(f"{key.title}: key from `{key.source}` (fingerprint {key.fingerprint})")
    for server in found.servers:
        name = server.vendor or "an OpenAI-compatible server"
        models = one_line(", ".join(server.models), 200) or "no models yet"
        here.note(f"{name} at {one_line(server.base_url, 200)}: {models}")
    if found.trouble:
        here.note(f"the keyring was not asked: {found.trouble}")
