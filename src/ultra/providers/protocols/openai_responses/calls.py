"""Tool calls of the Responses API: those that the caller is to make, and those of the server."""

from ultra.core.stream import StreamBody, ToolCallDelta
from ultra.providers.protocols.openai_responses.shapes import Event, Item

CALLS = frozenset({"function_call", "custom_tool_call"})
"""Items that ask for a tool. Searches and the like are the server's own and not told."""

_DELTAS = frozenset(
    {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"}
)
_DONE = frozenset({"response.function_call_arguments.done", "response.custom_tool_call_input.done"})


class Calls:
    """Numbers the calls of one answer and tells of each what was not told yet.

    A custom tool that the request did not name is the server's own: xAI reports its searches so.
    `any` is true once a call was told.
    """

    def __init__(self) -> None:
        self.any = False
        self._custom: frozenset[str] | None = None
        self._places: dict[int | None, int] = {}
        self._named: set[int | None] = set()
        self._spelled: set[int | None] = set()
        self._foreign: set[int | None] = set()

    def heed(self, tools: object) -> None:
        """Take note of the request's tools, as the response repeats them."""
        if isinstance(tools, list):
            custom = [t for t in tools if isinstance(t, dict) and t.get("type") == "custom"]
            self._custom = frozenset(str(tool.get("name")) for tool in custom)

    def wanted(self, item: Item) -> bool:
        """Whether the caller is to make this call."""
        own = self._custom is not None and item.name not in self._custom
        return not (item.type == "custom_tool_call" and own)

    def item(self, index: int | None, item: Item, *, whole: bool) -> list[StreamBody]:
        """A call that begins, or one that is complete."""
        if not self.wanted(item):
            self._foreign.add(index)
            return []
        told = item.arguments if item.type == "function_call" else item.input
        arguments = (told or "") if whole and index not in self._spelled else ""
        if index in self._named:
            return [self._delta(index, arguments)] if arguments else []
        self._named.add(index)
        return [self._delta(index, arguments, item.call_id or item.id or "", item.name or "")]

    def event(self, event: Event) -> list[StreamBody]:
        """A piece of the arguments, or all of them when no piece came."""
        index = event.output_index
        if index in self._foreign:
            return []
        if event.type in _DELTAS:
            said = event.delta
        elif event.type in _DONE and index not in self._spelled:
            said = event.arguments or event.input
        else:
            return []
        if not said or not isinstance(said, str):
            return []
        return [self._delta(index, said)]

    def _delta(
        self, index: int | None, arguments: str, identity: str = "", name: str = ""
    ) -> StreamBody:
        self.any = True
        if arguments:
            self._spelled.add(index)
        place = self._places.setdefault(index, len(self._places))
        return ToolCallDelta(place, identity, name, arguments)
