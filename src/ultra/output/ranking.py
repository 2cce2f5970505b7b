"""`ultra stats --rank` on a screen: models by what was found of their answers."""

from collections.abc import Mapping, Sequence

from ultra.core.contests import Ranked, Ranking
from ultra.output.figures import count, seconds, share, usd
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, prose, table

_COLUMNS = (
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


def render_rankings(parts: Mapping[str, Sequence[Ranking]], tag: str, *, streams: Streams) -> str:
    """For each part a table for each group of models that met one another."""
    return "\n".join(
        _head(tag, value) + "\n".join(_ranking(one, streams) for one in rankings)
        for value, rankings in parts.items()
    )


def _head(tag: str, value: str) -> str:
    if not tag:
        return ""
    return f"{cell(tag)}={cell(value)}\n" if value else f"without {cell(tag)}\n"


def _ranking(ranking: Ranking, streams: Streams) -> str:
    text = table(_COLUMNS, [_ranked(one) for one in ranking.models], streams=streams)
    plural = "prompt" if ranking.prompts == 1 else "prompts"
    told = [f"{count(ranking.prompts)} {plural} on which they met"]
    if ranking.order_effect is not None:
        told.append(f"being shown first counts for {ranking.order_effect:+.2f}")
    told += [ranking.unmeasured] if ranking.unmeasured else []
    made_up = [cell(one.model) for one in ranking.models if one.simulated]
    told += [f"simulated: {', '.join(made_up)}"] if made_up else []
    return text + prose(["", *told], streams=streams)


def _ranked(one: Ranked) -> tuple[str, ...]:
    return (
        "" if one.rank is None else str(one.rank),
        one.model,
        "-" if one.strength is None else f"{one.strength:+.2f}",
        "-" if one.low is None or one.high is None else f"{one.low:+.2f} to {one.high:+.2f}",
        f"{count(one.picked)} of {count(one.offered)}" if one.offered else "-",
        f"{share(one.preferred)} of {count(one.judged)}" if one.judged else "-",
        f"{count(one.met)} of {count(one.checked)}" if one.checked else "-",
        usd(one.accepted_nano) if one.accepted else "-",
        seconds(one.p95_s),
    )
