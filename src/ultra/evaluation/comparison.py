"""Everything that is found when answers are laid side by side, as one verdict."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.expect import Expectation
from ultra.core.extract import Extractor
from ultra.core.model import Method
from ultra.core.verdict import Ballot, Check, Reading, Recusal, Remark, Verdict
from ultra.evaluation.agreement import agreement
from ultra.evaluation.ballots import concordance, standings, swap_consistency
from ultra.evaluation.conflicts import conflicts
from ultra.evaluation.contenders import agreement_of, field_of, winner_of
from ultra.evaluation.expectations import unmet
from ultra.evaluation.extraction import extracted, groups_of

BY_JUDGES = "judges"
"""What `agreed_on` says of an agreement that judges read."""


class Found(Struct, frozen=True):
    """What judges said of some answers, and what they were not shown."""

    ballots: tuple[Ballot, ...] = ()
    remarks: tuple[Remark, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    readings: tuple[Reading, ...] = ()


def compared(
    answers: Sequence[Answer],
    method: Method,
    found: Found = Found(),  # noqa: B008 - a frozen value
    labels: Sequence[str] = (),
    *,
    intervals: bool = True,
) -> Verdict:
    """The verdict on the usable answers, in the order given; the others are left out.

    Likeness is shown and decides nothing: agreement is what an extractor reads, else what judges
    say, else unknown. Without `intervals` statistics are left alone, which take seconds to load.
    Raises `UsageError` for a pattern that is none.
    """
    usable = [answer for answer in answers if answer.ok]
    checks = checked(usable, method.expect)
    field = field_of(usable, found.ballots, checks, intervals=intervals)
    several = any(len(one.call_ids) > 1 for one in field.contenders)
    verdict = replace(
        agreement(usable),
        conflicts=conflicts([one.text for one in usable], [one.call_id for one in usable]),
        checks=checks,
        contenders=field.contenders if several or checks or found.ballots else (),
        unmeasured=field.unmeasured,
        winner=winner_of(field, found.ballots),
        ballots=found.ballots,
        standings=tuple(standings(found.ballots)),
        swap_consistency=swap_consistency(found.ballots),
        concordance=concordance(found.ballots),
        remarks=found.remarks,
        recusals=found.recusals,
        readings=found.readings,
        labels=tuple(labels),
    )
    if method.extract is not None:
        return _on_what_they_come_to(verdict, usable, method.extract)
    return _on_readings(verdict, usable)


def checked(answers: Sequence[Answer], expectations: Sequence[Expectation]) -> tuple[Check, ...]:
    """Every expectation of every answer."""
    found = ((one, wanted, unmet(one.text, wanted)) for one in answers for wanted in expectations)
    return tuple(
        Check(one.call_id, str(wanted), why is None, why or "") for one, wanted, why in found
    )


def _on_what_they_come_to(
    verdict: Verdict, answers: Sequence[Answer], extractor: Extractor
) -> Verdict:
    keys = [extracted(answer.text, extractor) for answer in answers]
    groups = groups_of(keys)
    calls = [[answers[place].call_id for place in group] for group in groups]
    return replace(
        verdict,
        extracted=tuple(keys),
        clusters=tuple(tuple(group) for group in groups),
        agreement=agreement_of(calls, answers) if len(answers) > 1 else None,
        agreed_on=str(extractor),
    )


def _on_readings(verdict: Verdict, answers: Sequence[Answer]) -> Verdict:
    """The mean of what the judges read; one that read nothing is left out."""
    if not verdict.readings:
        return verdict
    shares = [agreement_of(reading.groups, answers) for reading in verdict.readings]
    return replace(verdict, agreement=sum(shares) / len(shares), agreed_on=BY_JUDGES)
