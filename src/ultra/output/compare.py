"""Answers laid side by side: the table of figures, and what they share before where they part."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.normalise import normalise
from ultra.core.records import CallDocument, RunDocument
from ultra.output.figures import count, rate, savings_of, seconds, share, usd
from ultra.output.findings import Finding, findings
from ultra.output.progress import call_name
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, table
from ultra.output.width import wrap

MEMBERS = frozenset({"answer", "member"})

COLUMNS = (
    Column("model", shrink=True),
    Column("ttft", right=True, spare=1),
    Column("duration", right=True),
    Column("tokens in", right=True),
    Column("tokens out", right=True),
    Column("tokens/s", right=True, spare=2),
    Column("cost", right=True),
    Column("finish reason"),
    Column("similarity", right=True, spare=3),
)


class Said(Struct, frozen=True):
    """Sentences, and the words that tell exactly who says them: `a and b say`, not made safe."""

    head: str
    sentences: tuple[str, ...]


class Differences(Struct, frozen=True):
    """What was said: by all, then by several, then by one alone.

    `agreed` is how many were compared when all say the same, None as soon as they part.
    """

    said: tuple[Said, ...]
    agreed: int | None


def ordered_calls(document: RunDocument) -> list[CallDocument]:
    """Members in the order asked for, then the strategy's own calls in the order made."""
    return sorted(
        document.calls, key=lambda call: (call.index is None, call.index or 0, call.sample)
    )


def members(document: RunDocument) -> list[CallDocument]:
    """The calls that were asked the user's question, in the order asked for."""
    return [call for call in ordered_calls(document) if call.role in MEMBERS and not call.parent]


def title(call: CallDocument) -> str:
    """What a call goes by, with the model behind the name where that says more."""
    name, ref = call_name(call.name, call.sample), cell(f"{call.provider}:{call.model}", 120)
    return name if call.name == f"{call.provider}:{call.model}" else f"{name} ({ref})"


def similarity(document: RunDocument, call: CallDocument) -> float | None:
    """How like the others an answer is on average, 0..1; None when it was not compared."""
    verdict = document.verdict
    if verdict is None or call.call_id not in verdict.call_ids:
        return None
    place = verdict.call_ids.index(call.call_id)
    if place >= len(verdict.similarity):
        return None
    others = [value for i, value in enumerate(verdict.similarity[place]) if i != place]
    return sum(others) / len(others) if others else None


def table_rows(document: RunDocument) -> list[list[str]]:
    """The figures of every call, in the order of `COLUMNS`."""
    return [_row(document, call) for call in ordered_calls(document)]


def differences(document: RunDocument) -> Differences | None:
    """The sentences by who says them; None when fewer than two were compared.

    Sentences are the same when they are equal after normalisation. Of several speakers the first
    in the order asked for gives words, order and repeats; the larger group comes first.
    """
    verdict = document.verdict
    if verdict is None or len(verdict.call_ids) < 2:
        return None
    names = {call.call_id: call_name(call.name, call.sample) for call in document.calls}
    who = [names.get(call, call) for call in verdict.call_ids]
    said = [Said("All say", verdict.shared)] if verdict.shared else []
    said += [
        Said(_speakers([who[place] for place in group]), tuple(sentences))
        for group, sentences in _by_speakers(verdict.differing)
    ]
    return Differences(tuple(said), None if any(verdict.differing) else len(who))


def _by_speakers(
    differing: Sequence[Sequence[str]],
) -> list[tuple[tuple[int, ...], list[str]]]:
    """Sentences under the places of exactly those who say them, most speakers first."""
    keyed = [[(normalise(line) or line, line) for line in lines] for lines in differing]
    speakers: dict[str, list[int]] = {}
    for place, lines in enumerate(keyed):
        for key in dict.fromkeys(key for key, _ in lines):
            speakers.setdefault(key, []).append(place)
    groups: dict[tuple[int, ...], list[str]] = {}
    for place, lines in enumerate(keyed):
        for key, line in lines:
            if speakers[key][0] == place:
                groups.setdefault(tuple(speakers[key]), []).append(line)
    return sorted(groups.items(), key=lambda group: (-len(group[0]), group[0]))


def _speakers(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last} say" if others else f"Only {last} says"


def differences_text(document: RunDocument, *, width: int | None = None) -> str:
    """The differences in words, sanitised; empty when fewer than two were compared.

    Lines are broken at spaces to take at most `width` columns, and not at all for None.
    """
    found = differences(document)
    if found is None:
        return ""
    lines = [line for said in found.said for line in _list(said, width)]
    if found.agreed:
        lines.append(f"All {found.agreed} say the same.\n")
    return "\n".join(lines)


def render_comparison(document: RunDocument, *, streams: Streams) -> str:
    """What stands below the answers on a terminal: where they part, then the figures."""
    words = differences_text(document, width=streams.width - 1)
    figures = table(COLUMNS, table_rows(document), streams=streams)
    parts = (words, render_findings(document, streams=streams), figures, _notes(document))
    return "\n".join(part for part in parts if part)


def render_findings(document: RunDocument, *, streams: Streams) -> str:
    """What was found, in tables that fit the terminal where there is one."""
    return "\n".join(_finding(finding, streams) for finding in findings(document))


def _finding(finding: Finding, streams: Streams) -> str:
    width = streams.width - 1 if streams.out_screen is not None else None
    lines = [f"{finding.title}:"]
    for note in finding.notes:
        lines += _hung("  ", cell(note, 2_000), width)
    text = "".join(f"{line}\n" for line in lines)
    return text + (table(finding.columns, finding.rows, streams=streams) if finding.columns else "")


def _notes(document: RunDocument) -> str:
    notes = ["simulated: no model was asked"] if document.simulated else []
    saved = savings_of(document)
    return "".join(f"{note}\n" for note in (*notes, saved) if note)


def _list(said: Said, width: int | None) -> list[str]:
    lines = _hung("", f"{said.head}:", width)
    for sentence in said.sentences:
        lines += _hung("  - ", cell(sentence, 2_000), width)
    return [*lines, ""]


def _hung(mark: str, text: str, width: int | None) -> list[str]:
    """The text behind its mark, further lines below the first one's words."""
    first, *rest = [text] if width is None else wrap(text, width - len(mark))
    return [mark + first, *(" " * len(mark) + line for line in rest)]


def _row(document: RunDocument, call: CallDocument) -> list[str]:
    above = next((one for one in document.calls if one.call_id == call.parent), None)
    name = call_name(call.name, call.sample)
    ended = "cached" if call.cached else call.finish_reason or call.status
    if call.error is not None:
        ended = call.error.error_class.value
    return [
        (f"{cell(above.name, 60)}: " if above else "")
        + (name if call.role in MEMBERS else f"{call.role} {name}"),
        seconds(call.ttft_s),
        seconds(call.duration_s),
        count(call.input_tokens),
        count(call.output_tokens),
        rate(call.output_tokens_per_s),
        usd(call.cost_nano),
        cell(ended),
        share(similarity(document, call)),
    ]
