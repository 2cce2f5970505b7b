"""`ultra stats` on a screen: calls by model, and models by what was found of their answers."""

from collections.abc import Mapping, Sequence

from ultra.core.contests import Ranked, Ranking, Usage
from ultra.output.figures import count, lower_bound, seconds, share, usd
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, prose, table

_USAGE = (
    Column("model", shrink=True),
    Column("calls", right=True),
    Column("answered", right=True),
    Column("cached", right=True, spare=3),
    Column("first token", right=True, spare=2),
    Column("p50", right=True),
    Column("p95", right=True),
    Column("in", right=True, spare=1),
    Column("out", right=True, spare=1),
    Column("cost", right=True),
)
_RANKING = (
    Column("#", right=True),
    Column("model", shrink=True),
    Column("strength", right=True),
    Column("95%", right=True),
    Column("picked", right=True, spare=1),
    Column("preferred", right=True, spare=1),
    Column("as expected", right=True, spare=1),
    Column("cost an accepted answer", right=True, spare=2),
    Column("p95", right=True, spare=2),
)


def render_usage(parts: Mapping[str, Sequence[Usage]], by: str, *, streams: Streams) -> str:
    """A table of calls for each part."""
    rows = (
        (value, table(_USAGE, list(map(_used, own)), streams=streams))
        for value, own in parts.items()
    )
    return "\n".join(_head(by, value) + text for value, text in rows)


def render_rankings(parts: Mapping[str, Sequence[Ranking]], by: str, *, streams: Streams) -> str:
    """For each part a table for each group of models that met one another."""
    return "\n".join(
        _head(by, value) + "\n".join(_ranking(one, streams) for one in rankings)
        for value, rankings in parts.items()
    )


def _head(by: str, value: str) -> str:
    if not by:
        return ""
    return f"{cell(by)}={cell(value)}\n" if value else f"without {cell(by)}\n"


def _used(one: Usage) -> tuple[str, ...]:
    return (
        _name(one.model, simulated=one.simulated),
        count(one.calls),
        share(one.answered / one.calls),
        count(one.cached),
        seconds(one.ttft_p50_s),
        seconds(one.p50_s),
        seconds(one.p95_s),
        count(one.input_tokens),
        count(one.output_tokens),
        lower_bound(None if one.unpriced else one.known_nano, one.known_nano),
    )


def _ranking(ranking: Ranking, streams: Streams) -> str:
    text = table(_RANKING, [_ranked(one) for one in ranking.models], streams=streams)
    plural = "prompt" if ranking.prompts == 1 else "prompts"
    told = [f"{count(ranking.prompts)} {plural} on which they met"]
    if ranking.order_effect is not None:
        told.append(f"being shown first counts for {ranking.order_effect:+.2f}")
    told += [ranking.unmeasured] if ranking.unmeasured else []
    return text + prose(["", *told], streams=streams)


def _ranked(one: Ranked) -> tuple[str, ...]:
    return (
        "" if one.rank is None else str(one.rank),
        _name(one.model, simulated=one.simulated),
        "-" if one.strength is None else f"{one.strength:+.2f}",
        "-" if one.low is None or one.high is None else f"{one.low:+.2f} to {one.high:+.2f}",
        f"{count(one.picked)} of {count(one.offered)}" if one.offered else "-",
        f"{share(one.preferred)} of {count(one.judged)}" if one.judged else "-",
        f"{count(one.met)} of {count(one.checked)}" if one.checked else "-",
        _accepted(one),
        seconds(one.p95_s),
    )


def _accepted(one: Ranked) -> str:
    return usd(one.accepted_nano) if one.accepted else "-"


def _name(model: str, *, simulated: bool) -> str:
    return f"{model} (simulated)" if simulated else model
