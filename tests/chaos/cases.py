"""The fault matrix: what may go wrong, and what must come of it.

Numbers 1 to 69 are those of the contract that this table holds; letters tell variants apart. `L`
cases follow reports about other gateways, named by `after`. A case is acted (one run of `ultra`
against the fault), scripted (several runs or processes: `tests.chaos.scripts`), held by a test that
stands elsewhere, or left out with a reason.
"""

from msgspec import Struct
from msgspec.structs import replace

from tests.chaos.faults import ANSWER, GRIN, PROTOCOLS, SPENT
from tests.chaos.stage import Setting

IMPATIENT = ("--deadline", "10")
"""Too short for any breaker or gate of these cases, long enough for an answer."""

SPARE = ("-m", "spare", "--strategy", "fallback")
"""Another model that answers well stands by."""


class Expect(Struct, frozen=True):
    """What must come of a run.

    `error_class` is that of the first failure, None for none; `calls` counts requests that reached
    the provider, `spare` those to the model that stands by. `says` must stand on stderr, `never`
    must not; `answer` None is not a word of one. `rows` are kind, status and class of every attempt
    that is on record. `charged` is what all of them are charged with, in nano-dollars; None where
    the case is about something else.
    """

    error_class: str | None
    calls: int
    exit: int
    rows: tuple[str, ...]
    spare: int = 0
    answer: str | None = None
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ("Traceback",)
    charged: int | None = None


class Case(Struct, frozen=True):
    """One line of the matrix; exactly one of `expect`, `script`, `tests` and `omitted` is given.

    A script is told what the setting is, and says by `expect` what its last run must come to.
    """

    id: str
    fault: str
    setting: Setting = Setting()
    argv: tuple[str, ...] = ()
    expect: Expect | None = None
    script: str = ""
    tests: tuple[str, ...] = ()
    omitted: str = ""
    after: str = ""


def answered(*before: str, kind: str = "retry") -> tuple[str, ...]:
    """Rows that end with an answer."""
    return (*before, f"{kind} ok")


def twice(error_class: str) -> tuple[str, str]:
    """Rows of a try and one more."""
    return f"primary error {error_class}", f"retry error {error_class}"


def gives_way(
    error_class: str, tries: int = 2, says: tuple[str, ...] = (), *, reached: int | None = None
) -> Expect:
    """The model is tried so often, and the one that stands by answers.

    `reached` counts the tries that reached the provider, None for all.
    """
    rows = twice(error_class)[:tries]
    return Expect(
        error_class,
        tries if reached is None else reached,
        0,
        (*rows, "fallback ok"),
        spare=1,
        answer=ANSWER,
        says=("`lab:", *says),
    )


def fails(
    error_class: str, calls: int, exit_code: int, *says: str, rows: tuple[str, ...] | None = None
) -> Expect:
    """The model fails for good, and nobody stands by or may."""
    rows = twice(error_class)[:calls] if rows is None else rows
    return Expect(error_class, calls, exit_code, rows, says=says)


def breaks(error_class: str, *says: str) -> Expect:
    """The answer breaks off: what came is kept and charged, nobody else is asked."""
    return Expect(
        error_class,
        1,
        1,
        (f"primary partial {error_class}",),
        answer="The answer is",
        says=says,
        charged=INPUT + OUTPUT_SEEN,
    )


def model(name: str, **more: object) -> Setting:
    """A provider whose model does this."""
    return Setting(model=name, **more)  # type: ignore[arg-type]


ONCE = 10 * 1000 + 6 * 2000
"""What the answer costs by the provider's count of tokens, in nano-dollars."""

INPUT = 12 * 1000
"""The bound of what the prompt costs: it was sent, and nobody says what was charged for it."""

OUTPUT_SEEN = 5 * 2000
"""The bound of what `The answer is` costs."""

HASTY = {"first_token_s": 0.6, "idle_s": 0.6}
TRIPPED = (*twice("server"), "primary error server")
"""The rows of two runs that open a breaker."""

DEADLINE = Expect(
    "deadline",
    1,
    124,
    ("primary error deadline",),
    says=("the deadline passed",),
    charged=INPUT,
)
"""What was sent is charged, as nobody says whether the provider does."""

CLEAN = Expect(None, 1, 0, ("primary ok",), answer=ANSWER, charged=ONCE)
HEALED = "500+good"
BUDGETS = "tests/store/test_budgets.py"
SPENDING = "tests/process/test_budgets.py"
STDOUT = "tests/output/test_stdout.py"

NETWORK = (
    Case(
        "1",
        "port refuses",
        Setting(wire="refused"),
        expect=fails(
            "network", 0, 75, "connection refused", "is the server running?", rows=twice("network")
        ),
    ),
    Case(
        "1b",
        "port refuses, another model stands by",
        Setting(wire="refused"),
        SPARE,
        gives_way("network", 2, ("connection refused",), reached=0),
    ),
    Case(
        "2",
        "name has no address",
        Setting(host="nobody.invalid"),
        expect=fails("network", 0, 75, "its name has no address", rows=twice("network")),
    ),
    Case(
        "2b",
        "name has no address, another model stands by",
        Setting(host="nobody.invalid"),
        SPARE,
        gives_way("network", 2, ("its name has no address",), reached=0),
    ),
    Case(
        "3",
        "certificate does not hold",
        Setting(tls="unknown"),
        expect=fails(
            "network",
            0,
            75,
            "certificate does not hold",
            "SSL_CERT_FILE",
            rows=("primary error network",),
        ),
    ),
    Case(
        "3b",
        "certificate has expired",
        Setting(tls="expired"),
        expect=fails("network", 0, 75, "has expired", rows=("primary error network",)),
    ),
    Case(
        "4",
        "connection is swallowed",
        model("good", wire="black hole", connect_s=0.5),
        SPARE,
        gives_way("timeout", 1, ("no connection to",), reached=0),
    ),
    Case(
        "5",
        "reset before the headers",
        model("reset+good"),
        expect=Expect("network", 2, 0, answered("primary error network"), answer=ANSWER),
    ),
    Case(
        "5b",
        "the network resets every answer",
        Setting(wire="reset"),
        SPARE,
        expect=gives_way("network", says=("broke before the answer was whole",)),
    ),
    Case(
        "6",
        "reset in the middle of a JSON body",
        model("json-reset+good"),
        ("--no-stream",),
        Expect("network", 2, 0, answered("primary error network"), answer=ANSWER),
    ),
    Case(
        "6b",
        "the network resets in the middle of every body",
        Setting(wire="reset in body"),
        ("--text", "--no-stream"),
        fails("network", 2, 75, "broke before the answer was whole"),
    ),
    Case(
        "7",
        "kept connection is closed while idle",
        model("500-close+good"),
        expect=Expect("server", 2, 0, answered("primary error server"), answer=ANSWER),
    ),
    Case(
        "7b",
        "kept connection is closed as a request comes",
        model("500+leave+good"),
        expect=Expect(
            "server", 3, 0, answered("primary error server"), answer=ANSWER, charged=ONCE
        ),
    ),
    Case(
        "7c",
        "every kept connection is reset as a request comes",
        model("500+reset"),
        expect=Expect("server", 3, 75, ("primary error server", "retry error network")),
    ),
    Case(
        "8",
        "a few bytes at a time, for longer than any pause may last",
        Setting(model="good", wire="slow bytes", idle_s=1.5),
        expect=CLEAN,
    ),
    Case(
        "9",
        "characters and events split between packets",
        Setting(model="grin", wire="single bytes"),
        expect=Expect(None, 1, 0, ("primary ok",), answer=GRIN, charged=ONCE),
    ),
    Case(
        "10",
        "a gateway's page with 502",
        model("html-502"),
        SPARE,
        gives_way("bad_response"),
        after="bifrost#4005",
    ),
    Case("10b", "a login page with 200", model("captive"), SPARE, gives_way("bad_response")),
    Case(
        "11",
        "gzip that ends too soon",
        model("gzip-cut"),
        ("--no-stream",),
        fails("bad_response", 2, 1, "cut short"),
    ),
    Case(
        "11b",
        "a packing that was not asked for",
        model("brotli"),
        expect=fails("bad_response", 2, 1, "packed as `br`"),
    ),
    Case(
        "12",
        "redirect to another host",
        model("redirect"),
        expect=fails("bad_response", 1, 1, "a key is not taken along"),
    ),
)

HTTP = (
    Case(
        "13",
        "500, then 200",
        model(HEALED),
        expect=Expect(
            "server", 2, 0, answered("primary error server"), answer=ANSWER, charged=ONCE
        ),
    ),
    Case("14", "500 always", model("500"), SPARE, gives_way("server", says=("`spare:good`",))),
    Case(
        "14b",
        "500 always, run after run: the breaker opens at the third",
        model("500"),
        script="breaker_opens",
        after="litellm#34836",
        expect=fails("breaker_open", 3, 75, "lab", rows=TRIPPED),
    ),
    Case(
        "15",
        "429 with Retry-After 1, two processes",
        model("429-1s+good"),
        script="pause_for_all",
        expect=Expect(
            None, 3, 0, ("primary error rate_limit", "primary ok", "retry ok"), answer=ANSWER
        ),
    ),
    Case(
        "16",
        "429 with Retry-After of an hour",
        model("429-hour"),
        expect=fails("rate_limit", 1, 75, "it asks to wait"),
    ),
    Case(
        "16b",
        "429 with Retry-After of an hour, another model stands by",
        model("429-hour"),
        SPARE,
        gives_way("rate_limit", 1),
    ),
    Case(
        "16c",
        "429 with Retry-After -1",
        model("429-minus+good"),
        expect=Expect("rate_limit", 2, 0, answered("primary error rate_limit"), answer=ANSWER),
    ),
    Case(
        "16d",
        "429 with Retry-After `abc`",
        model("429-abc+good"),
        expect=Expect("rate_limit", 2, 0, answered("primary error rate_limit"), answer=ANSWER),
    ),
    Case(
        "16e",
        "429 with a date that is past",
        model("429-past+good"),
        expect=Expect("rate_limit", 2, 0, answered("primary error rate_limit"), answer=ANSWER),
    ),
    Case(
        "16f",
        "429 with a date in decades",
        model("429-date"),
        expect=fails("rate_limit", 1, 75, "it asks to wait"),
    ),
    Case(
        "16g",
        "429 with a date two seconds ahead",
        model("429-soon+good"),
        script="not_before_the_date",
        expect=Expect("rate_limit", 2, 0, answered("primary error rate_limit"), answer=ANSWER),
    ),
    Case(
        "17",
        "429 that means money",
        model("429-money"),
        SPARE,
        gives_way("quota", 1, ("add credits",)),
    ),
    Case(
        "17b",
        "429 that means money, then another run with the key",
        model("429-money"),
        script="again",
        expect=fails("quota", 1, 1, "not sent", "credit", rows=("primary error quota",)),
    ),
    Case(
        "17c",
        "429 that means money, alone",
        model("429-money"),
        expect=fails("quota", 1, 1, "credits"),
    ),
    Case("18", "401", model("401"), SPARE, gives_way("auth", 1, ("warning:",))),
    Case(
        "18b",
        "401, then another run with the key",
        model("401"),
        script="again",
        expect=fails("auth", 1, 3, "not sent", "set `LAB_KEY`", rows=("primary error auth",)),
    ),
    Case(
        "18c", "401, alone", model("401"), expect=fails("auth", 1, 3, "set `LAB_KEY` to a new one")
    ),
    Case(
        "19",
        "400, though another model stands by",
        model("400"),
        SPARE,
        fails("invalid_request", 1, 1, "`messages` is wrong"),
        after="litellm, Portkey and TensorZero send it on",
    ),
    Case(
        "20",
        "400 as the window is too small",
        model("context"),
        expect=fails("context_length", 1, 1, "larger window"),
    ),
    Case(
        "20b",
        "400 as the window is too small, and the route knows a larger one",
        model("context", rules="routes: {r: {candidates: [faulty], on_context_length: [large]}}"),
        ("-m", "r"),
        gives_way("context_length", 1),
    ),
    Case(
        "20c",
        "a prompt that cannot fit",
        model("context", rules="routes: {r: {candidates: [tiny, spare]}}"),
        ("-m", "r", "-s", "one word " * 200),
        Expect(None, 0, 0, ("primary ok",), spare=1, answer=ANSWER),
    ),
    Case("21", "content filter with 400", model("filter"), expect=fails("content_filter", 1, 7)),
    Case(
        "21b",
        "content filter as the reason of the end",
        model("filtered"),
        expect=fails("content_filter", 1, 7),
    ),
    Case(
        "21c",
        "content filter, though another model stands by",
        model("filter"),
        SPARE,
        fails("content_filter", 1, 7),
    ),
    Case(
        "21d",
        "content filter, and the route has a list for it",
        model("filter", rules="routes: {r: {candidates: [faulty], on_content_filter: [spare]}}"),
        ("-m", "r"),
        gives_way("content_filter", 1),
    ),
    Case("22", "404", model("404"), SPARE, gives_way("model_not_found", 1)),
    Case("22b", "404, alone", model("404"), expect=fails("model_not_found", 1, 1, "models --live")),
    Case("23", "413", model("413"), expect=fails("too_large", 1, 1)),
    Case(
        "24",
        "529 twice",
        model("529"),
        script="key_is_not_blamed",
        expect=fails("overloaded", 2, 75, "--strategy fallback"),
    ),
    Case(
        "24b",
        "503 while a local model loads",
        model("loading+good"),
        expect=Expect("overloaded", 2, 0, answered("primary error overloaded"), answer=ANSWER),
    ),
    Case(
        "25",
        "500 with x-should-retry: false",
        model("500-no-retry"),
        expect=fails("server", 1, 75, "do not"),
    ),
    *(
        Case(
            f"26{part}",
            f"{status}, then 200",
            model(f"{status}+good"),
            expect=Expect(kind, 2, 0, answered(f"primary error {kind}"), answer=ANSWER),
        )
        for part, status, kind in (
            ("", 408, "timeout"),
            ("b", 409, "server"),
            ("c", 425, "server"),
        )
    ),
    Case("27", "200 with an error in it", model("json-error"), SPARE, gives_way("bad_response")),
    Case(
        "27b",
        "200 without choices",
        model("no-choices"),
        SPARE,
        gives_way("bad_response"),
        after="LiteLLM and Portkey give no answer",
    ),
    Case("27c", "200 without content", model("nothing-said"), SPARE, gives_way("bad_response")),
    Case(
        "28",
        "hangs",
        model("hang", **HASTY),
        SPARE,
        gives_way("timeout", 1, ("no first token",)),
        after="litellm takes 20 s for a timeout of 5",
    ),
    Case(
        "28b",
        "hangs beyond the deadline",
        model("hang"),
        script="ends_in_time",
        expect=DEADLINE,
    ),
)

STREAMS = (
    Case(
        "29",
        "error as the first event",
        model("error-first"),
        SPARE,
        gives_way("overloaded"),
        after="litellm#6957",
    ),
    Case(
        "30",
        "cut after three words",
        model("cut"),
        SPARE,
        breaks("network", "incomplete"),
        after="Portkey#1797, litellm#37923, litellm#40100",
    ),
    Case(
        "31",
        "stalls after three words",
        model("stall", idle_s=2.0),
        SPARE,
        breaks("timeout", "no next chunk"),
        after="Portkey hangs for ever",
    ),
    Case(
        "32",
        "a line that is not JSON",
        model("broken-line"),
        expect=Expect(
            None, 1, 0, ("primary ok",), answer=ANSWER, says=("1 line", "left out"), charged=ONCE
        ),
        after="litellm#40404",
    ),
    Case("33", "a reason for the end, and no [DONE]", model("no-done"), expect=CLEAN),
    Case(
        "34",
        "neither a reason for the end nor [DONE]",
        model("no-end"),
        expect=Expect(
            "bad_response",
            1,
            1,
            ("primary partial bad_response",),
            answer=ANSWER,
            says=("incomplete",),
            charged=INPUT + 8 * 2000,
        ),
    ),
    Case(
        "35",
        "no usage",
        model("no-usage"),
        script="counted_as",
        expect=Expect(None, 1, 0, ("primary ok",), answer=ANSWER, charged=INPUT + 8 * 2000),
    ),
    Case(
        "36",
        "usage of 0",
        model("zero"),
        script="costs_nothing",
        expect=Expect(None, 1, 0, ("primary ok",), answer=ANSWER, charged=0),
        after="litellm#37992",
    ),
    Case(
        "37",
        "usage with every chunk",
        model("counted"),
        script="counted_once",
        expect=CLEAN,
        after="litellm#6633",
    ),
    Case(
        "38",
        "message_start twice",
        model("anthropic-twice", protocol="anthropic-messages"),
        expect=CLEAN,
        after="litellm#38153, litellm#38610",
    ),
    Case("38b", "end and usage twice", model("ends-twice"), expect=CLEAN),
    Case(
        "39",
        "comments and nothing else",
        model("comments", **HASTY),
        SPARE,
        gives_way("timeout", 1, ("no first token",)),
    ),
    Case(
        "40",
        "the reader leaves after three words",
        model("stall"),
        script="reader_leaves",
        after="litellm#36008, litellm#33736, litellm#35958, litellm#37558, new-api#5235",
        expect=Expect(
            None, 1, 141, ("primary partial",), answer="The answer is", charged=INPUT + OUTPUT_SEEN
        ),
    ),
    Case(
        "40b",
        "the reader of an endless answer leaves",
        tests=("tests/process/test_ask.py::test_a_reader_that_leaves_is_silent_and_141",),
    ),
    Case(
        "41",
        "the reader is slow",
        tests=(
            f"{STDOUT}::test_an_answer_that_waits_for_its_reader_keeps_the_buffer_bounded",
            f"{STDOUT}::test_a_slow_reader_is_waited_for_and_then_goes_on",
        ),
    ),
    Case(
        "42",
        "cut in the arguments of a tool call",
        model("tool-cut"),
        script="no_half_calls",
        expect=Expect("network", 1, 75, ("primary error network",)),
    ),
)

PROCESSES = (
    Case(
        "43",
        "6 processes, a budget for 2",
        script="many_for_few",
        setting=model("dear", rules="budget: {day_usd: 0.0003, mode: hard}"),
        after="litellm#34732, litellm#40095, litellm#26672, litellm#23714, litellm#11083,"
        " new-api#6609, one-api#2440, octopus#234",
        expect=Expect("budget", 2, 5, ("primary ok", "primary ok"), charged=2 * 132_000),
    ),
    Case(
        "43b",
        "48 processes, a budget for 8",
        tests=(f"{SPENDING}::test_forty_eight_processes_do_not_get_over_a_budget_for_eight",),
    ),
    Case(
        "44",
        "kill -9 in a stream under a hard budget",
        model("stall", rules="budget: {day_usd: 1.0, mode: hard}"),
        script="killed_in_stream",
        after="litellm#27639, litellm#27735",
        expect=Expect(
            "timeout",
            2,
            1,
            ("primary partial internal", "primary partial timeout"),
            answer="The answer is",
        ),
    ),
    Case(
        "44b",
        "kill -9 between setting aside and sending, before settling, and at every other step",
        tests=(
            "tests/store/test_budgets_trouble.py::test_a_process_may_be_killed_at_every_step",
            "tests/store/test_processes.py::test_a_process_may_be_killed_at_any_step",
        ),
        after="litellm#36926, litellm#40050",
    ),
    Case(
        "45",
        "settle twice at once",
        tests=("tests/store/test_budgets.py::test_settling_twice_has_one_effect",),
    ),
    Case(
        "46",
        "the window rolls during a call",
        tests=(f"{BUDGETS}::test_a_window_that_rolls_during_a_call_charges_the_old_one",),
    ),
    Case(
        "47",
        "8 processes at a breaker that is half open",
        model("500+500+500+held"),
        script="one_probe",
        expect=Expect(None, 4, 0, (*TRIPPED, "primary ok"), answer=ANSWER),
    ),
    Case(
        "47b",
        "32 processes at a breaker that is half open",
        tests=(
            "tests/process/test_breakers.py::test_thirty_two_processes_at_half_open_send_one_probe",
        ),
    ),
    Case(
        "48",
        "the process that probes is killed",
        model("500+500+500+hang+good"),
        script="prober_killed",
        expect=Expect(
            None, 5, 0, (*TRIPPED, "primary error internal", "primary ok"), answer=ANSWER
        ),
    ),
    Case(
        "49",
        "a success that comes late, of an older generation",
        tests=("tests/core/test_breaker.py::test_results_of_an_older_generation_are_ignored",),
    ),
    Case(
        "50",
        "another process was told to wait",
        model("429-hour"),
        script="again_elsewhere",
        expect=fails("rate_limit", 1, 75, "lab", rows=("primary error rate_limit",)),
    ),
    Case(
        "51",
        "20 at once, one of them down",
        model("500"),
        script="one_of_many_down",
        expect=Expect(
            "server",
            2,
            4,
            ("primary error server", *19 * ("primary ok",), "retry error server"),
            spare=19,
            says=("`lab:500`",),
            charged=19 * ONCE,
        ),
    ),
    Case(
        "52",
        "no retry tokens are left, then answers earn them again",
        model("500+good+500+good"),
        script="no_tokens_left",
        expect=Expect(
            "server",
            4,
            0,
            ("primary error server", "primary ok", "primary error server", "retry ok"),
            answer=ANSWER,
        ),
    ),
    Case(
        "53",
        "two profiles with one key",
        model("429-hour"),
        script="two_profiles",
        expect=fails("rate_limit", 1, 75, rows=("primary error rate_limit",)),
    ),
    Case("54", "1000 streams through the gateway", omitted="there is no gateway yet"),
    Case(
        "55",
        "two identical requests at once, nothing kept yet",
        model("held"),
        script="asked_once",
        expect=Expect(None, 1, 0, ("primary ok", "cache ok"), answer=ANSWER, charged=ONCE),
    ),
    Case(
        "55b",
        "a failure is not kept",
        model("400+good"),
        ("--cache",),
        script="again",
        expect=Expect(None, 2, 0, ("primary error invalid_request", "primary ok"), answer=ANSWER),
    ),
    Case(
        "55c",
        "the same request with another key",
        model("good"),
        script="another_key",
        expect=Expect(None, 2, 0, ("primary ok", "primary ok"), answer=ANSWER),
    ),
)

HOST = (
    Case(
        "56",
        "log locked for 8 s",
        tests=(
            "tests/process/test_hosts.py::test_a_log_locked_for_long_costs_a_warning_and_no_row",
            "tests/process/test_hosts.py::test_a_log_that_stays_locked_costs_a_warning_and_the_row",
        ),
    ),
    Case(
        "57",
        "disk full",
        tests=("tests/process/test_hosts.py::test_a_full_disk_under_the_log_costs_one_warning",),
    ),
    Case(
        "57b",
        "disk full under a hard budget",
        model("good", rules="budget: {day_usd: 1.0, mode: hard}"),
        script="full_disk",
        expect=Expect("budget", 0, 5, ()),
    ),
    Case(
        "58",
        "home missing or read-only",
        tests=(
            "tests/process/test_hosts.py::test_a_home_that_cannot_be_written_costs_one_warning",
            "tests/process/test_hosts.py::test_without_a_home_at_all_the_answer_comes",
            "tests/process/test_ask.py::test_a_read_only_home_still_answers",
        ),
    ),
    Case(
        "59", "log damaged", tests=("tests/process/test_hosts.py::test_a_damaged_log_is_set_aside",)
    ),
    Case(
        "60",
        "log of an older or a newer ultra",
        tests=(
            "tests/process/test_errors.py::test_a_log_without_the_column_for_limits_is_taken_along",
            "tests/process/test_hosts.py::test_a_log_of_a_newer_ultra_is_left_alone",
        ),
    ),
    Case(
        "61",
        "two processes migrate one log",
        model("good"),
        script="migrated_at_once",
        expect=Expect(None, 2, 0, ("primary ok", "primary ok"), answer=ANSWER),
    ),
    Case(
        "61b",
        "40 first starts at once",
        tests=("tests/process/test_ask.py::test_forty_at_once_on_a_fresh_database_lose_nothing",),
        after="litellm#1714, litellm#6895, litellm#34887, litellm#18708",
    ),
    Case(
        "61c",
        "home on a network file system",
        tests=("tests/store/test_trouble.py::test_a_network_file_system_gets_a_rollback_journal",),
    ),
    Case(
        "62",
        "clock was a day ahead when the breaker opened",
        model("500+500+500+good"),
        script="clock_was_ahead",
        expect=Expect(None, 4, 0, (*TRIPPED, "primary ok"), answer=ANSWER),
    ),
    Case(
        "62b",
        "clock is put back an hour, or on a day",
        tests=(
            f"{BUDGETS}::test_a_clock_that_jumps_back_opens_no_old_window",
            "tests/core/test_breaker.py::test_a_clock_that_jumps_leaves_nothing_shut",
            "tests/core/test_gate.py::test_a_clock_that_jumps_leaves_nothing_shut",
        ),
    ),
    Case("63", "SIGTERM with 50 streams in the gateway", omitted="there is no gateway yet"),
    Case("64", "100 MB sent to the gateway", omitted="there is no gateway yet"),
    Case(
        "65",
        "the log cannot keep up",
        tests=(
            "tests/store/test_trouble.py::test_an_attempt_does_not_wait_for_ever_for_a_disk_that_hangs",
            "tests/store/test_ledger.py::test_a_thousand_calls_cost_a_few_commits",
        ),
    ),
)

MONEY = (
    Case(
        "66",
        "usages of every provider",
        after="litellm#14849, litellm#14874, litellm#6215, litellm#9812, litellm#6575, aider#5516",
        tests=(
            "tests/core/test_cost.py::test_costs_equal_those_of_genai_prices_for_every_priced_model",
            "tests/providers/test_invoices.py::test_an_invoice_is_that_of_the_hand_that_computed_it",
            "tests/providers/test_costs.py::test_every_vendors_own_field_is_read",
        ),
    ),
    Case(
        "67",
        "no price under a hard budget",
        model("good", rules="budget: {day_usd: 1.0, mode: hard}"),
        ("-m", "unpriced"),
        Expect("budget", 0, 5, (), says=("price",)),
    ),
    Case(
        "67b",
        "no price",
        model("good"),
        ("-m", "unpriced"),
        Expect(None, 1, 0, ("primary ok",), answer=ANSWER),
    ),
    Case(
        "68",
        "a free model gives way to a dear one, and nothing is left",
        model("500", price="free", rules="budget: {day_usd: 0.000001, mode: hard}"),
        SPARE,
        fails("server", 2, 75, "`lab:500`", "`spare:good` was left out: the hard budget"),
        after="litellm#41379",
    ),
    Case(
        "69",
        "the cap is ignored",
        model("endless"),
        ("--max-cost", "0.0004"),
        script="cut_at_its_reserve",
        after="sub2api#7002",
        expect=Expect(None, 1, 0, ("primary ok",), says=("was cut at the $0.0004",)),
    ),
)

OTHERS = (
    Case(
        "L1",
        "three models fail: tries do not multiply",
        model("500"),
        script="three_fail",
        expect=Expect(
            "server", 4, 75, (*twice("server"), "fallback error server", "retry error server")
        ),
        after="litellm#7130, litellm#34129, litellm#25285, nanobot#2759, code_puppy#317",
    ),
    Case(
        "L2",
        "502 inside a 200",
        model("502-inside"),
        SPARE,
        gives_way("server"),
        after="code_puppy#616, qwen-code#11291",
    ),
    Case(
        "L3",
        "Anthropic's error as the first frame",
        model("anthropic-error-first", protocol="anthropic-messages"),
        SPARE,
        gives_way("overloaded"),
        after="fak#5491",
    ),
    Case(
        "L4",
        "a stream that ends cleanly in mid-sentence",
        model("clean-cut"),
        SPARE,
        breaks("bad_response", "incomplete"),
        after="Portkey#1797",
    ),
    Case(
        "L5",
        "nothing is added to what is sent on",
        model("cut"),
        script="nothing_hidden",
        expect=breaks("network"),
        after="litellm#18229",
    ),
    Case(
        "L7",
        "an error after three words: its text is no answer and is not charged",
        model("error-late"),
        SPARE,
        breaks("overloaded", "incomplete"),
        after="new-api#5289, llm-gateway#1656",
    ),
    Case(
        "L8",
        "money was spent, and no budget is set",
        tests=(f"{BUDGETS}::test_without_a_limit_nothing_is_reserved",),
        after="litellm#22726",
    ),
    Case(
        "L9",
        "a soft budget warns at its share and not before",
        tests=(f"{BUDGETS}::test_a_soft_budget_warns_once_for_each_step_and_goes_on",),
        after="bifrost#5770",
    ),
    Case(
        "L10",
        "a profile that bears more failures",
        model("500", rules="breaker: {failures: 20}"),
        script="breaker_bears",
        after="litellm#8668, litellm#12108",
        expect=fails("server", 8, 75, "fell over", rows=4 * twice("server")),
    ),
    Case(
        "L11",
        "a model that is left alone can be seen",
        model("500"),
        script="shown_by_health",
        after="litellm#25504",
        expect=Expect(None, 3, 1, TRIPPED),
    ),
    Case(
        "L6",
        "every model is left alone",
        model("500+500+500+good"),
        script="all_open",
        expect=Expect("breaker_open", 4, 0, (*TRIPPED, "primary ok"), answer=ANSWER),
        after="litellm#3646",
    ),
)

TIMES = (
    Case(
        "T1",
        "deadline while connecting",
        Setting(wire="black hole", connect_s=20.0),
        script="ends_in_time",
        expect=replace(DEADLINE, calls=0),
    ),
    Case(
        "T2",
        "deadline while the name is looked up",
        Setting(host="slow.invalid", connect_s=20.0),
        script="ends_in_time",
        expect=replace(DEADLINE, calls=0),
    ),
    Case(
        "T3",
        "deadline while the server greets",
        Setting(wire="mute", scheme="https", connect_s=20.0),
        script="ends_in_time",
        expect=replace(DEADLINE, calls=0),
    ),
    Case(
        "T4",
        "deadline in mid-answer",
        model("stall"),
        script="ends_in_time",
        expect=replace(breaks("deadline", "incomplete"), exit=124),
    ),
    Case(
        "T5",
        "deadline in a drip that is no word",
        model("comments"),
        script="ends_in_time",
        expect=DEADLINE,
    ),
    Case(
        "T6",
        "deadline while an error drips",
        model("500-drip"),
        script="ends_in_time",
        expect=DEADLINE,
    ),
    Case(
        "T7",
        "deadline while an answer that is not streamed drips",
        model("json-drip"),
        ("--no-stream",),
        script="ends_in_time",
        expect=DEADLINE,
    ),
    Case(
        "T8",
        "deadline for one of two: the other's answer stands",
        model("hang"),
        ("-m", "faulty", "-m", "spare"),
        script="compared_in_time",
        expect=Expect(
            "deadline",
            1,
            4,
            ("primary error deadline", "primary ok"),
            spare=1,
            says=("`lab:hang` failed: deadline",),
            charged=INPUT + ONCE,
        ),
    ),
    Case(
        "T9",
        "two of three are a quorum: the third is stopped",
        model("hang"),
        ("-m", "faulty", "-m", "spare", "-m", "spare", "--quorum", "2", "--grace", "0.2"),
        script="loser_is_stopped",
        expect=Expect(
            None,
            1,
            4,
            ("primary cancelled", "primary ok", "primary ok"),
            spare=2,
            says=("lab:hang was stopped",),
            charged=INPUT + 2 * ONCE,
        ),
    ),
    Case(
        "T10",
        "a race: who speaks and does not end is stopped, and its words are charged",
        model("stall"),
        ("-m", "faulty", "-m", "spare", "--strategy", "first"),
        script="loser_is_stopped",
        expect=Expect(
            None,
            1,
            0,
            ("primary ok", "primary partial"),
            spare=1,
            answer=ANSWER,
            charged=INPUT + OUTPUT_SEEN + ONCE,
        ),
    ),
    Case(
        "T11",
        "every timer, wait, quorum and grace in virtual time",
        tests=(
            "tests/engine/test_caller.py::test_the_deadline_ends_every_call_within_a_second",
            "tests/engine/test_caller.py::test_a_quorum_ends_the_wait_after_its_grace",
            "tests/engine/test_caller.py::test_a_member_that_is_streaming_is_never_cut_by_a_quorum",
            "tests/contract/test_strategies.py::test_the_deadline_leaves_an_outcome",
        ),
    ),
)
"""Deadlines at every place where a run may wait, quorums, and who loses."""

HEDGED = (
    Case(
        "H1",
        "slow to begin for once, with `--hedge`: the next model is asked as well",
        model("hang"),
        ("--hedge", "-m", "faulty", *SPARE),
        script="slow_for_once",
        expect=Expect(
            None,
            1,
            0,
            ("primary cancelled", "hedge ok"),
            spare=1,
            answer=ANSWER,
            charged=INPUT + ONCE,
        ),
    ),
    Case(
        "H2",
        "slow to begin again, with `--hedge`: one attempt in twenty may be a second copy",
        model("hang", first_token_s=1.0),
        ("--hedge", "-m", "faulty", *SPARE),
        script="slow_for_once",
        expect=Expect(
            "timeout",
            2,
            0,
            ("primary error timeout", "fallback ok"),
            spare=2,
            answer=ANSWER,
            says=("no first token",),
        ),
    ),
    Case(
        "H3",
        "`--hedge`, and the log knows too little of the model",
        model("good"),
        ("--hedge", "--verbose", *SPARE),
        expect=replace(CLEAN, says=("fewer than 20 answers",)),
    ),
)
"""A first model that is slow to begin is raced by the next."""

LIMITS = (
    *(
        Case(
            f"R{number}",
            f"limits used up, told as {family} tells it, and another process",
            model(f"limits-{family}", protocol=PROTOCOLS.get(family, "openai-chat")),
            script="left_binds_the_next",
            expect=fails("rate_limit", 1, 75, "left of the provider's", rows=("primary ok",)),
        )
        for number, family in enumerate(SPENT, 1)
    ),
    Case(
        f"R{len(SPENT) + 1}",
        "limits used up, told as gemini tells it, and another process",
        model("limits-gemini", protocol="gemini"),
        IMPATIENT,
        script="again",
        expect=fails("rate_limit", 1, 75, "wait", rows=("primary error rate_limit",)),
    ),
)
"""What one process reads in an answer, another obeys before it sends."""

CASES: tuple[Case, ...] = (
    *NETWORK,
    *HTTP,
    *STREAMS,
    *PROCESSES,
    *HOST,
    *MONEY,
    *TIMES,
    *HEDGED,
    *LIMITS,
    *OTHERS,
)
