"""Which runs are meant: the options that commands under `ultra logs` share."""

from typing import Annotated

from ultra.cli import options
from ultra.cli.filters import option_of

Query = Annotated[
    str | None,
    options.option("--query", "-q", metavar="WORDS", of="logs", help="search prompts and answers"),
]
Model = Annotated[
    str | None, option_of("logs", "--model", "runs that asked this model, alias or provider")
]
CostCenter = Annotated[str | None, option_of("logs", "--cost-center", "runs charged to it")]
Tag = Annotated[list[str] | None, option_of("logs", "--tag")]
