"""Tool calls that a model asks for, shown as the JSON that a program goes on with."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ultra.core.answer import ToolCall
from ultra.output.events import encode_json


def calls_json(calls: Sequence[ToolCall] | Sequence[dict[str, Any]]) -> str:
    """The calls as a JSON list, ending in a line feed.

    Each has `id`, `name` and `arguments`, JSON text as the model wrote it: what `--json` holds too.
    """
    return msgspec.json.format(encode_json(list(calls)), indent=2).decode() + "\n"
