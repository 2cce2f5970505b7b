"""A comparison whose names are hidden: answers under labels, until somebody has picked."""

from ultra.core.records import CallDocument, RunDocument
from ultra.output.safe import visible


def blind_text(document: RunDocument) -> str:
    """The answers under their labels, in the order of the labels, and nothing that tells more."""
    return "\n".join(
        f"=== {label} ===\n\n{visible(call.text or '').rstrip()}\n"
        for label, call in labelled(document)
    )


def labelled(document: RunDocument) -> list[tuple[str, CallDocument]]:
    """The answers that were compared by the labels they are shown under."""
    verdict = document.verdict
    if verdict is None or not verdict.labels:
        return []
    calls = {call.call_id: call for call in document.calls}
    pairs = zip(verdict.labels, verdict.call_ids, strict=True)
    in_order = sorted(pairs, key=lambda pair: (len(pair[0]), pair[0]))
    return [(label, calls[call_id]) for label, call_id in in_order]
