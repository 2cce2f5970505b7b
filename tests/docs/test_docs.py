"""What the README and the pages in `docs` say is so: names, tables, links, profiles, commands."""

import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from scripts import bench_table, error_table, vendor_table
from scripts.marked import between

from tests.support.cli import Cli
from ultra.cli import exit_codes
from ultra.cli.grammar import Command, grammar
from ultra.cli.route import route
from ultra.cli.verbs import VERBS
from ultra.config.fields import Protocol
from ultra.config.schema import json_schema
from ultra.core.breaker import Standing as BreakerWord
from ultra.core.candidates import Evidence, Why
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import Body
from ultra.core.health import (
    BreakerStanding,
    Check,
    Credential,
    EndpointHealth,
    Gate,
    HealthReport,
    Standing,
    Traffic,
)
from ultra.core.model import Policy
from ultra.core.records import AttemptDocument, CallDocument, RunDocument
from ultra.core.stream import StreamBody
from ultra.core.verdict import Verdict
from ultra.output.explanation import CandidateDocument, ExcludedDocument, PlanDocument
from ultra.providers.simulated.dials import Dials, Fault
from ultra.strategies.registry import STRATEGIES

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
"""Every page that is written for people."""

_LINK = re.compile(r"\]\((?!https?://)([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CALL = re.compile(r"""(?:^|[|;&(]|\bdo\b)\s*(?:[A-Z_]+=\S+ )*(ultra(?:\s|$)[^\n]*)""")
_CODE = re.compile(r"`([^`]+)`")
_INLINE = re.compile(r"`(ultra [^`]+)`")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def fences(kind: str) -> list[Any]:
    found = [
        (page, body) for page in PAGES for name, body in _FENCE.findall(text(page)) if name == kind
    ]
    return [pytest.param(body, id=f"{page.name}-{at}") for at, (page, body) in enumerate(found)]


def cells(page: Path, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    _, _, rest = text(page).partition(f"## {heading}\n")
    lines = rest.partition("\n## ")[0].splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def anchor(heading: str) -> str:
    """What a heading's link is. Source: github/gitlab and most renderers: lower case, hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def code_words(page: Path) -> set[str]:
    """Every word that a page sets as code, outside its fences."""
    bare = _FENCE.sub("", text(page))
    return {word for code in re.findall(r"`([^`]+)`", bare) for word in re.findall(r"[\w-]+", code)}


def shell_lines() -> Iterator[tuple[str, str]]:
    """Every command that begins with `ultra`: those in shell fences and those set as code."""
    for page in PAGES:
        for kind, body in _FENCE.findall(text(page)):
            for line in body.splitlines() if kind == "sh" else ():
                bare = re.sub(r"\s{2,}#.*", "", line)
                inner = re.findall(r"\$\((ultra [^)]*)\)", bare)
                rest = re.sub(r'"?\$\(ultra [^)]*\)"?', "X", bare)
                yield from ((page.name, found) for found in [*inner, *_CALL.findall(rest)])
        outside = _FENCE.sub("", text(page))
        yield from ((page.name, found) for found in _INLINE.findall(outside))


def words_of(line: str) -> list[str]:
    """The words of the first command of a line, up to a pipe, redirection or separator."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|<>;&()"):
            break
        words.append(word)
    return words[1:]


COMMANDS = [pytest.param(line, id=f"{page}: {line}"[:90]) for page, line in shell_lines()]


def test_there_are_commands_to_look_at() -> None:
    """A pattern that finds nothing would prove nothing."""
    assert len(COMMANDS) > 60


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_shown_exists(line: str) -> None:
    """Its verb, what hangs under it, and each of its options."""
    words = words_of(line)
    if words[:1] in (["VERB"], ["--version"]):
        return
    verb, args = route(words)
    by_path = {command.path: command for command in grammar()}
    under = f"{verb} {args[0]}" if args else verb
    command: Command = by_path.get(under, by_path[verb])
    if under not in by_path and by_path[verb].commands and args and not args[0].startswith("-"):
        assert by_path[verb].words, f"`ultra {verb}` has no `{args[0]}`"

    known = {name for flag in command.flags for name in flag.names}
    used = {word.partition("=")[0] for word in args if re.match(r"--?[A-Za-z]", word)}

    assert used <= known


def test_the_readme_names_every_verb() -> None:
    """In the table of commands, in the order of `ultra --help`."""
    assert [row[0].strip("`") for row in cells(README, "Commands")] == list(VERBS)


def test_the_exit_codes_are_those_of_the_code() -> None:
    """All of them, in order."""
    known = [
        *range(exit_codes.OK, exit_codes.REFUSED + 1),
        exit_codes.INTERNAL,
        exit_codes.LATER,
        exit_codes.DEADLINE,
        *sorted(exit_codes.INTERRUPTED.values()),
    ]

    assert [int(row[0]) for row in cells(README, "Exit codes")] == known
    assert f"{len(known)}, by cause" in text(README)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links to files that are there, and to headings that they have."""
    for link in _LINK.findall(text(page)):
        name, _, part = link.partition("#")
        goal = (page.parent / name).resolve() if name else page
        assert goal.exists(), link
        if part:
            assert part in {anchor(head) for head in _HEADING.findall(text(goal))}, link


@pytest.mark.parametrize("body", fences("yaml"))
def test_every_profile_shown_holds(body: str, cli: Cli) -> None:
    """As `ultra profiles check` sees it."""
    cli.profile(body, "shown")

    assert cli("profiles", "check", "shown").code == 0


def test_the_table_of_vendors_is_in_step() -> None:
    """`make docs` writes it from the rows."""
    page = text(vendor_table.PAGE)

    assert between(page, vendor_table.NAME, vendor_table.table()) == page


def test_the_table_of_error_classes_is_in_step() -> None:
    """`ultra doctor errors` prints the same."""
    page = text(error_table.PAGE)

    assert between(page, error_table.NAME, error_table.table()) == page


def test_every_word_of_a_health_report_is_told() -> None:
    """Each field of the document, and each standing."""
    named = code_words(ROOT / "docs/health.md")
    structs = (HealthReport, EndpointHealth, Traffic, BreakerStanding, Gate, Credential, Check)
    fields = {field for struct in structs for field in struct.__struct_fields__}

    assert (fields | set(get_args(Standing)) | set(get_args(BreakerWord))) - named == set()


def test_every_field_of_a_plan_is_told_and_no_other() -> None:
    """The table's first column is the document; every reason and policy has its word."""
    page = ROOT / "docs/routes.md"
    told = {word for row in cells(page, "The plan as JSON") for word in _CODE.findall(row[0])}
    structs = (PlanDocument, CandidateDocument, ExcludedDocument)
    fields = {field for struct in structs for field in struct.__struct_fields__}

    assert told == fields - set(ExcludedDocument.__struct_fields__)
    words = {*fields, *get_args(Why), *get_args(Evidence), *get_args(Policy)}
    assert words - code_words(page) == set()


def test_every_key_of_a_profile_is_told() -> None:
    """Each name of the schema stands in the page on profiles."""
    parts = json_schema()["$defs"]
    keys = {key for part in parts.values() for key in part.get("properties", {})}

    assert keys - code_words(ROOT / "docs/profiles.md") == set()


def test_every_protocol_is_told() -> None:
    """With what goes along."""
    rows = cells(ROOT / "docs/providers.md", "Protocols")

    assert sorted(row[0].strip("`") for row in rows) == sorted(get_args(Protocol))


def test_every_dial_and_fault_is_told() -> None:
    """Of the simulated provider."""
    named = code_words(ROOT / "docs/providers.md")

    assert {*Dials.__struct_fields__, *get_args(Fault)} - named == set()


def test_every_field_of_the_document_is_told() -> None:
    """Of a run, a call, an attempt, a failure and a verdict, and every class of error."""
    named = code_words(ROOT / "docs/output.md")
    structs = (RunDocument, CallDocument, AttemptDocument, Failure, Verdict)
    fields = {field for struct in structs for field in struct.__struct_fields__}

    assert fields - named == set()
    assert {one.value for one in ErrorClass} - named == set()


def test_every_event_is_told() -> None:
    """By its type."""
    kinds = {*get_args(Body), *get_args(StreamBody)}
    types = {kind.__struct_config__.tag for kind in kinds}

    assert {row[0].strip("`") for row in cells(ROOT / "docs/output.md", "Events")} == types


def test_every_strategy_is_told() -> None:
    """In the order of `ultra models --strategies`."""
    lines = text(ROOT / "docs/strategies.md").splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("| `")]
    told = [(row[0].strip(" `"), row[1].strip()) for row in rows]

    assert told == [(name, row.calls) for name, row in STRATEGIES.items()]


def test_every_table_and_view_is_told(cli: Cli) -> None:
    """With the columns of the views that people are pointed to."""
    cli("ask", "-P", "testing", "What is 17 * 23?")
    database = sqlite3.connect(cli("logs", "path").out.strip())
    named = code_words(ROOT / "docs/log.md")
    kinds = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"

    made = {name for (name,) in database.execute(kinds)}
    columns = {
        row[1]
        for view in ("v_calls", "v_costs")
        for row in database.execute(f"PRAGMA table_info({view})")
    }
    database.close()

    ours = {name for name in made if not re.match(r"sqlite_|runs_fts_", name)}
    assert (ours | columns) - named == set()


def test_the_picture_says_that_it_is_simulated() -> None:
    """And shows the commands that `docs/picture.py` runs."""
    picture = text(ROOT / "docs/demo.svg").replace("&#160;", " ")
    source = text(ROOT / "docs/picture.py")

    assert "simulated" in picture
    for command in re.findall(r"^    ['\"](ultra .*)['\"],$", source, re.MULTILINE):
        assert command.replace('"', "&quot;") in picture


def test_figures_are_told_with_their_failures() -> None:
    """A bench that failed or missed its aim is not passed over."""
    line: dict[str, Any] = {
        "name": "a", "peer": "b", "ours": 0.2, "theirs": 0.1, "ratio": 2.0, "target": 1.3,
        "note": "", "problems": ["rows written: 1, not 2"],
    }  # fmt: skip
    absent = {
        **line,
        "ours": None,
        "theirs": None,
        "ratio": None,
        "note": "not here",
        "problems": [],
    }

    told = bench_table.table({"machine": "a machine", "results": [line, absent]})

    assert (
        "| a | b | 200.0 ms | 100.0 ms | 2.00 | at most 1.3, **missed** | rows written: 1, not 2 |"
        in told
    )
    assert "| a | b |  |  |  |  | not here |" in told
    assert told.endswith("a machine.")


def test_a_page_without_a_place_for_a_table_is_a_mistake() -> None:
    """Rather than a table that is never written."""
    with pytest.raises(ValueError, match="no place for `bench`"):
        between("nothing here", "bench", "x")
