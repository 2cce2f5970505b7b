"""Tools from a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import target
from ultra.core.errors import UsageError
from ultra.core.request import Prompt, said
from ultra.runtime.prompting import check_fits
from ultra.runtime.tools import tools_of

WEATHER = {"name": "weather", "description": "now", "parameters": {"type": "object"}}


def written(tmp_path: Path, value: Any) -> str:
    path = tmp_path / "tools.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "value",
    [
        [WEATHER],
        WEATHER,
        {"tools": [WEATHER]},
        [{"type": "function", **WEATHER}],
        [{"type": "function", "function": WEATHER}],
    ],
    ids=["list", "one", "wrapped", "responses", "chat"],
)
def test_every_usual_form_is_understood(tmp_path: Path, value: Any) -> None:
    """Alone or in a list, bare or as either API of OpenAI has it."""
    assert tools_of(written(tmp_path, value)) == (WEATHER,)


def test_a_tool_needs_no_more_than_a_name(tmp_path: Path) -> None:
    """Order is kept; strictness goes along."""
    tools = [{"name": "a", "strict": True}, {"name": "b"}]

    assert tools_of(written(tmp_path, tools)) == tuple(tools)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[oops", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ([], "holds no tools"),
        ("5", "holds no tools"),
        ([5], "tool 1 of .* is not an object"),
        ([WEATHER, {"description": "x"}], "tool 2 of .* has no `name`"),
        ([{"type": "function", "function": 5}], "has no `name`"),
        ([{"name": ""}], "has no `name`"),
        ([{"type": "web_search"}], "of the type `web_search`"),
        ([{**WEATHER, "paramters": {}}], "unknown field `paramters`"),
        ([{**WEATHER, "zzz": {}}], "unknown field `zzz`"),
        ([{"name": "f", "parameters": 5}], "is not a JSON Schema"),
        ([WEATHER, WEATHER], "names `weather` twice"),
    ],
)
def test_what_is_no_tool_is_told_with_its_place(tmp_path: Path, value: Any, words: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match=words):
        tools_of(written(tmp_path, value))


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(UsageError, match="tools file"):
        tools_of(str(tmp_path / "none.json"))


def test_a_model_that_is_known_to_take_no_tools_is_refused() -> None:
    """One that nothing is known of may take them."""
    prompt = Prompt((said("user", "x"),), tools=(WEATHER,))

    check_fits(prompt, [target(), target(capabilities=("tools",))])
    with pytest.raises(UsageError, match="cannot take tools"):
        check_fits(prompt, [target(), target(capabilities=("vision",))])
