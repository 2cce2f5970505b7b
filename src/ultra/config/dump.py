"""Plain values as YAML that reads back as the same values, and money without a float in between."""

from decimal import Decimal
from typing import Any

import yaml

from ultra.core.cost import NANO


class _Dumper(yaml.SafeDumper):
    """Writes decimals as plain numbers, and never an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = f"{value:f}"
    return dumper.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


_Dumper.add_representer(Decimal, _decimal)


def to_yaml(value: Any) -> str:
    """The value as a YAML document, keys in their own order."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )


def dollars(nano: int) -> Decimal:
    """Nano-dollars as an exact number of dollars."""
    return (Decimal(nano) / NANO).normalize()
