"""Which runs are meant: the options that commands under `ultra logs` share."""

from typing import Annotated

import typer

Query = Annotated[
    str | None,
    typer.Option(
        "--query",
        "-q",
        metavar="WORDS",
        envvar="ULTRA_LOGS_QUERY",
        help="search prompts and answers",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        envvar="ULTRA_LOGS_MODEL",
        help="runs that asked this model, alias or provider",
    ),
]
CostCenter = Annotated[
    str | None,
    typer.Option(
        "--cost-center",
        metavar="NAME",
        envvar="ULTRA_LOGS_COST_CENTER",
        help="runs charged to it",
    ),
]
Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="NAME=VALUE",
        envvar="ULTRA_LOGS_TAG",
        help="runs marked with it; repeat for all of several",
    ),
]
