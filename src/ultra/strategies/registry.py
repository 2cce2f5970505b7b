"""Brings in a strategy by its name; rows of ours stand in `core.strategies`."""

from importlib import import_module
from typing import cast

from ultra.core.ports import Strategy
from ultra.core.strategies import STRATEGIES, StrategyRow, strategy_row
from ultra.strategies.checked import checked

__all__ = ["STRATEGIES", "StrategyRow", "load_strategy", "strategy_row"]


def load_strategy(name: str) -> Strategy:
    """The strategy itself, imported when it is first wanted, with answers held to their schema."""
    row = strategy_row(name)
    if not row.module:
        return checked(_plugged(name))
    module = import_module(f"ultra.strategies.{row.module}")
    return checked(cast("Strategy", vars(module)[row.function]))


def _plugged(name: str) -> Strategy:
    from ultra.core.plugins import plugin  # noqa: PLC0415 - entry points cost 30 ms

    found = plugin(name)
    if found is None:
        raise AssertionError(f"`{name}` has a row and is nowhere")
    return found.run
