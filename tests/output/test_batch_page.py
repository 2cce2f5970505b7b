"""The page of a batch: plots say the right thing in the right place, and tables sort."""

import re

from ultra.core.batch import (
    BatchDocument,
    Cell,
    Latencies,
    ModelFigures,
    PromptRow,
    RowResult,
)
from ultra.output.batch import BatchReport
from ultra.output.batch_page import batch_page
from ultra.output.plots import Point, distributions, matrix, scatter
from ultra.output.tables import Column
from ultra.output.web_page import grid


def point(name: str, place: int, dollars: float) -> Point:
    return Point(name, place, dollars, 0.5, None, None)


def dots(svg: str) -> dict[str, tuple[float, str]]:
    """Where each model's dot stands from left to right, and its colour."""
    found = re.findall(r'<title>(\w+):.*?cx="([\d.]+)".*?fill="(#\w+)"', svg)
    return {name: (float(x), colour) for name, x, colour in found}


def test_costs_far_apart_stand_on_a_logarithmic_axis_that_says_so() -> None:
    """Ten times dearer is as far to the right each time, and no tick is cut to nothing."""
    svg = scatter([point("a", 0, 1e-5), point("b", 1, 1e-3), point("c", 2, 1e-1)], "dollars", "y")
    found = dots(svg)

    assert found["b"][0] - found["a"][0] == found["c"][0] - found["b"][0] > 0
    assert "dollars, logarithmic" in svg
    assert ">0.00001<" in svg


def test_costs_alike_or_of_nothing_stand_on_a_plain_axis() -> None:
    """A model that costs nothing has no logarithm."""
    for least in (0.0, 0.5):
        svg = scatter([point("a", 0, least), point("b", 1, 2.0)], "dollars", "y")
        assert "logarithmic" not in svg
        assert dots(svg)["a"][0] < dots(svg)["b"][0]


def test_a_model_has_one_colour_in_all_plots() -> None:
    """Whoever has no price, or gave no answer, takes no colour from those who follow."""
    cost = dots(scatter([point("a", 0, 1.0), point("c", 2, 1.1)], "dollars", "y"))
    times = distributions([Latencies("a", (1.0,)), Latencies("b", ()), Latencies("c", (2.0,))])

    strokes = dict(re.findall(r'<title>(\w):.*?stroke="(#\w+)"', times))
    assert strokes == {name: colour for name, (_, colour) in cost.items()}
    assert ">b<" not in times


def test_long_names_above_the_matrix_do_not_run_into_each_other() -> None:
    """They stand aslant and keep enough to be told apart; short ones stand straight."""
    long = matrix(["vendor:model-one", "vendor:model-two"], [[0, 1], [2, 0]])
    short = matrix(["one", "two"], [[0, 1], [2, 0]])

    assert long.count("rotate(-45") == 2
    assert long.count(">vendor:model-one<") == 2
    assert "rotate" not in short


def test_figures_sort_by_what_they_come_to() -> None:
    """Money, shares and numbers are spelled for people; a script is told the number."""
    column = Column("any", right=True)
    for spelled, number in (
        ("$0.0000792", "0.0000792"),
        ("at least $1,234.56", "1234.56"),
        ("72% (52/72)", "72"),
        ("0.10 s", "0.10"),
        ("unknown", ""),
    ):
        assert f'data-sort="{number}"' in grid([column], [[spelled]], sortable=True)
    assert "data-sort" not in grid([column], [["1"]])


def test_a_lost_answer_shows_how_it_was_lost() -> None:
    """Without opening the cell: an answer without words is no empty line."""
    lost = Cell("a", "sim:a", 0, "c", "error", "", error="HTTP 503", error_class="overloaded")
    figures = ModelFigures(
        "a", "sim:a", 1, 1, 0, 0, None, None, None, 0, 0, 0, 0, 0, None, None, 0, 0, 0
    )
    document = BatchDocument(
        1, "batch", "id", "f", "sha", 1, 1, "", 0.0, True, [], [figures], [[0]], 0, 0, 0, 0
    )
    rows = [RowResult(PromptRow(1, 1, "p"), "r", (lost,))]

    page = "".join(batch_page(BatchReport(document, rows, [])))

    assert '<summary dir="auto">overloaded</summary>' in page
    assert "HTTP 503" in page
