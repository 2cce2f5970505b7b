"""`ultra chat`: a conversation at a prompt."""

from typing import Annotated

from ultra.cli import options
from ultra.cli.apps import verb_app

app = verb_app()

EXAMPLES = """\b
Examples:
  ultra chat
  ultra chat -m smart -s "answer in one sentence"
  ultra chat --continue

\b
At the prompt:
  /model NAME    go on with another model
  /retry         ask the last question again
  /multi         type several lines, end with a line of /end
  /help, /quit   or Ctrl-D
"""


@app.command(epilog=EXAMPLES)
def chat(
    model: options.Models = None,
    system: options.System = None,
    proceed: Annotated[
        bool, options.option("--continue", "-c", help="continue this terminal's conversation")
    ] = False,
    cid: Annotated[
        str | None, options.option("--cid", metavar="RUN", help="continue from that run")
    ] = None,
    option: options.Options = None,
    max_tokens: options.MaxTokens = None,
    no_log: options.NoLog = False,
    cost_center: options.CostCenter = None,
    tag: options.Tags = None,
    redact: options.Redact = False,
    allow_secrets: options.AllowSecrets = False,
    key: options.Key = None,
    profile: options.Profile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> int:
    """Talk to a model, a route or an ensemble, turn by turn."""
    from ultra.cli.chat_run import Chat
    from ultra.cli.context import Session
    from ultra.cli.terms import Terms, secrets_rule
    from ultra.runtime.prompting import sampling_of

    terms = Terms(
        keep_text=not no_log,
        cost_center=cost_center or "",
        tags=tag or [],
        secrets=secrets_rule(redact=redact, allow=allow_secrets),
    )
    terms.check()
    session = Session(profile, quiet=quiet, verbose=verbose, key=key)
    past = session.runtime.conversation(cid) if cid is not None or proceed else None
    talk = Chat(
        session,
        tuple(model or (past.names if past else ())),
        sampling_of(option or [], max_tokens),
        system=system or "",
        terms=terms,
        past=past,
    )
    return talk.run()
