"""What `--fail-if` can say, and what it finds."""

import pytest

from ultra.core.batch import ModelFigures
from ultra.core.conditions import FIGURES, parse_condition
from ultra.core.errors import UsageError


def model(**figures: object) -> ModelFigures:
    usual: dict[str, object] = {
        "name": "m", "model": "lab:m", "asked": 10, "errors": 1, "passed": 9, "checked": 9,
        "accuracy": 0.9, "low": 0.7, "high": 0.98, "wins": 3, "compared": 9,
        "cost_nano": 2_000_000_000, "known_nano": 2_000_000_000, "unpriced": 0, "p50_s": 1.0,
        "p95_s": 4.0, "input_tokens": 100, "output_tokens": 50, "cached": 0,
    }  # fmt: skip
    return ModelFigures(**(usual | figures))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("accuracy<0.9", False),
        ("accuracy<=0.9", True),
        ("accuracy < 95%", True),
        ("low<.7", False),
        ("cost>1.99", True),
        ("cost>=2e0", True),
        ("p95>4", False),
        ("errors>0.05", True),
        ("wins<50%", True),
        ("tokens>149", True),
    ],
)
def test_a_figure_against_a_number(text: str, fails: bool) -> None:
    assert (parse_condition(text).failed(model(), None) is not None) == fails


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("accuracy<baseline", True),
        ("accuracy<baseline-0.06", False),
        ("accuracy<baseline-4%", True),
        ("cost>baseline", True),
        ("cost>1.2*baseline", True),
        ("cost > baseline * 2", False),
        ("p50>baseline+0.5", False),
    ],
)
def test_a_figure_against_what_it_was(text: str, fails: bool) -> None:
    before = model(accuracy=0.95, cost_nano=1_000_000_000)

    assert (parse_condition(text).failed(model(), before) is not None) == fails


@pytest.mark.parametrize(
    ("now", "before"), [(model(cost_nano=None), model()), (model(), model(cost_nano=None))]
)
def test_what_is_not_known_is_no_ground_to_pass(now: ModelFigures, before: ModelFigures) -> None:
    found = parse_condition("cost>9*baseline").failed(now, before)

    assert found is not None
    assert "not known" in found.found


@pytest.mark.parametrize(
    "text",
    [
        "", "accuracy", "accuracy<", "accuracy<x", "accuracy==1", "accuracy<baseline/2",
        "accuracy<0.9 or 1", "accuracy<baseline-0.02-0.01", "name<1", "accuracy<1;cost>1",
        "0.9>accuracy", "accuracy<-1", "accuracy<nan", "cost>(1)", "__class__<1",
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text)


def test_every_figure_can_be_spoken_of() -> None:
    for name in FIGURES:
        assert parse_condition(f"{name}<1").figure == name
