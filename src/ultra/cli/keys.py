"""`ultra keys`: where each key would come from; stored, removed and tried, never shown."""

from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown

if TYPE_CHECKING:
    from ultra.runtime.keys import Tried

app = noun(
    "Where each provider's key comes from. Keys are stored in the keyring and never shown.",
    "ultra keys                            where each key would come from",
    "ultra keys set openai                 asks for it, without showing it",
    "pass show openai | ultra keys set openai",
    "ultra keys test openai                asks OpenAI whether it takes the key",
    "ultra keys remove openai",
)

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="name of the provider")]


@app.command("list", cls=Under, epilog=shown("ultra keys list", "ultra keys list --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List every provider with the source of its key and a fingerprint, never the key."""
    from ultra.output.tables import table
    from ultra.runtime.keys import key_listing

    here = session(ctx)
    found = key_listing(here.runtime)
    if as_json:
        print_json(here, {"keys": found.keys, "trouble": found.trouble})
        return
    rows = [
        [one.provider, one.source or "-", one.fingerprint or "-", one.detail] for one in found.keys
    ]
    columns = ["provider", "source", "fingerprint", "remarks"]
    here.streams.write(table(columns, rows, streams=here.streams))
    if found.trouble:
        here.note(f"the keyring was not asked: {found.trouble}")


@app.command(
    "set", cls=Under, epilog=shown("ultra keys set openai", "ultra keys set openai < key.txt")
)
def set_(
    ctx: typer.Context,
    provider: Provider,
    rest: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Store a key in the keyring: asked for at a terminal, else the first line of stdin."""
    from ultra.output.prompts import secret
    from ultra.runtime.keys import entry_of, key_in_argv, store_key

    here = session(ctx)
    if rest:
        raise key_in_argv()
    entry = entry_of(here.runtime, provider)
    store_key(here.runtime, entry, secret(here.streams, f"key of {provider}"))
    here.note(f"the key of `{provider}` is in the keyring; `ultra keys test {provider}` tries it")


@app.command(cls=Under, epilog=shown("ultra keys remove openai"))
def remove(ctx: typer.Context, provider: Provider) -> None:
    """Take a key out of the keyring."""
    from ultra.core.errors import UsageError
    from ultra.runtime.keys import entry_of, remove_key

    here = session(ctx)
    if not remove_key(here.runtime, entry_of(here.runtime, provider)):
        raise UsageError(
            f"the keyring holds no key of `{provider}`",
            hint="`ultra keys list` shows where its key comes from",
        )
    here.note(f"the key of `{provider}` is gone from the keyring")


@app.command(
    "test", cls=Under, epilog=shown("ultra keys test openai", "ultra keys test lab -P work")
)
def try_(ctx: typer.Context, provider: Provider, as_json: options.Json = False) -> None:
    """Ask a provider for its models with the key; a key that is refused is exit 3."""
    from ultra.runtime.keys import try_key

    here = session(ctx)
    _tell_tried(here, try_key(here.runtime, provider), as_json=as_json)


def _tell_tried(here: Here, tried: "Tried", *, as_json: bool) -> None:
    if as_json:
        print_json(here, {"tried": tried})
        return
    mark = f" ({tried.fingerprint})" if tried.fingerprint else ""
    source = "without a key" if tried.source in ("", "none") else f"with `{tried.source}`{mark}"
    here.streams.write(f"{tried.provider} lists {tried.models} models {source}\n")
    if tried.source not in ("", "none") and not tried.proven:
        here.warn(
            f"`{tried.provider}` lists its models to anybody, so this says nothing of the key"
        )
