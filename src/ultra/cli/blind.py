"""The end of `compare --blind`: whoever sits at the terminal picks, then the names are shown."""

from msgspec.structs import replace

from ultra.cli.context import Session
from ultra.core.records import RunDocument
from ultra.output.blind import labelled
from ultra.output.compare import render_comparison
from ultra.output.prompts import choose


def let_pick(session: Session, document: RunDocument, *, to_file: bool) -> None:
    """Ask which answer is best and show who gave them; where nobody can be asked, say how to."""
    labels = [label for label, _ in labelled(document)]
    if len(labels) < 2:
        return
    run = document.run_id[:8]
    if to_file or not session.streams.interactive:
        session.messages.hint(f"`ultra pick LABEL {run}` picks one and tells whose it is")
        return
    told = ", ".join(labels[:-1]) + f" or {labels[-1]}"
    chosen = choose(session.streams, f"which is best: {told}? (Enter for none)", labels)
    if chosen is not None:
        from ultra.runtime.picking import pick

        picked = pick(session.runtime, chosen, document.run_id)
        document = replace(document, picked=picked.call.call_id)
    session.streams.write(render_comparison(document, streams=session.streams))
