"""Many prompts and what every model made of each: the values that reports are drawn from.

Costs are nano-dollars, None for unknown. Durations are seconds.
"""

from msgspec import Struct, field

BATCH_VERSION = 1

TAG, ROW_TAG, FILE_TAG = "batch", "row", "prompts"
"""The tags of a batch's runs in the log: which batch, which row of the file, which file."""


class PromptRow(Struct, frozen=True, omit_defaults=True):
    """One prompt of a file. `line` is where it stands there, counted from 1, `number` its place.

    `expected` is what its answers are held to, None for nothing; `name` is what it goes by in
    reports, empty for its number.
    """

    number: int
    line: int
    prompt: str
    system: str = ""
    expected: str | None = None
    name: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it goes by."""
        return self.name or str(self.number)


class Cell(Struct, frozen=True):
    """What one model said to one prompt. `met` is None where nothing was expected.

    `text` is None where words were kept out of the log. `unmet` says what was found instead of
    what was expected, `error` why there is no whole answer. `score` (0..1) is what judges gave it
    on so many `ballots`. `wait_s` of `duration_s` it waited to be asked.
    """

    name: str
    model: str
    sample: int
    call_id: str
    status: str
    text: str | None
    met: bool | None = None
    unmet: str = ""
    error: str = ""
    error_class: str = ""
    duration_s: float | None = None
    ttft_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_nano: int | None = None
    cached: bool = False
    score: float | None = None
    ballots: int = 0
    wait_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the answer is whole."""
        return self.status == "ok"


class RowResult(Struct, frozen=True):
    """A prompt with the answers it got. `run_id` is the run in the log that asked last.

    `winner` is the model that the judges put first, empty without judges and in a tie. `agreement`
    (0..1) is None where it was not read.
    """

    row: PromptRow
    run_id: str
    cells: tuple[Cell, ...]
    winner: str = ""
    agreement: float | None = None


class ModelFigures(Struct, frozen=True):
    """One model over all prompts.

    `asked` are its calls, of which `errors` gave no whole answer. `accuracy` is the share of whole
    answers that were as expected, with its 95% interval; samples of one prompt count as one.
    `wins` are the prompts at which it alone did best, `compared` those at which it could. Times
    are of whole answers, without the wait to be asked. `known_nano` is what is known of the cost,
    `unpriced` how many calls have no price.
    """

    name: str
    model: str
    asked: int
    errors: int
    passed: int
    checked: int
    accuracy: float | None
    low: float | None
    high: float | None
    wins: int
    compared: int
    cost_nano: int | None
    known_nano: int
    unpriced: int
    p50_s: float | None
    p95_s: float | None
    input_tokens: int
    output_tokens: int
    cached: int


class Failed(Struct, frozen=True):
    """A condition that came true of a model, or that could not be told; in words."""

    condition: str
    model: str
    found: str


class BatchDocument(Struct, frozen=True):
    """A batch without its rows, which a report reads one by one.

    `prompts` is the number of rows in the file, `done` of those with a result. `prompts_sha` tells
    whether two batches asked the same. `better[i][j]` is at how many prompts model i did better
    than model j. `unmeasured` says why accuracy has no interval. `stopped` says why the rest was
    not asked, empty when all was. Money covers all runs, and
    `helpers_nano` is that of judges. `conditions` are those of `--fail-if`.
    """

    version: int
    type: str
    batch: str
    file: str
    prompts_sha: str
    prompts: int
    done: int
    started_at: str
    duration_s: float
    simulated: bool
    judges: list[str]
    models: list[ModelFigures]
    better: list[list[int]]
    cost_nano: int | None
    known_nano: int
    unpriced: int
    helpers_nano: int
    profile: str = ""
    unmeasured: str = ""
    stopped: str = ""
    conditions: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


class Latencies(Struct, frozen=True):
    """The seconds of a model's whole answers, in ascending order, for plots."""

    name: str
    seconds: tuple[float, ...]
