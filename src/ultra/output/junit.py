"""A batch as JUnit XML: a suite a model, a test a prompt; and a suite for `--fail-if`.

Source: the schema that Jenkins and GitLab read (github.com/jenkinsci/xunit-plugin, junit-10.xsd).
"""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from ultra.core.batch import BatchDocument, Cell, ModelFigures, RowResult
from ultra.output.batch import BatchReport, cells_of
from ultra.output.safe import cell, visible

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, not even escaped. Source: XML 1.0, section 2.2."""


def junit(report: BatchReport) -> Iterator[str]:
    """The document in pieces."""
    document = report.document
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    totals = [_counts(one) for one in document.models]
    tests, failures, errors = (sum(values) for values in zip(*totals, strict=True))
    tests += len(document.conditions)
    failures += len({one.condition for one in document.failed})
    yield (
        f"<testsuites name={_attr(document.file)} tests={_attr(tests)} failures={_attr(failures)}"
        f" errors={_attr(errors)} time={_attr(f'{document.duration_s:.3f}')}>\n"
    )
    for model in document.models:
        yield from _suite(report, model)
    if document.conditions:
        yield _conditions(document)
    yield "</testsuites>\n"


def _counts(model: ModelFigures) -> tuple[int, int, int]:
    return model.asked, model.checked - model.passed, model.errors


def _suite(report: BatchReport, model: ModelFigures) -> Iterator[str]:
    tests, failures, errors = _counts(model)
    yield (
        f"<testsuite name={_attr(model.name)} tests={_attr(tests)} failures={_attr(failures)}"
        f' errors={_attr(errors)} skipped="0" timestamp={_attr(report.document.started_at[:19])}>\n'
    )
    for result in report.rows:
        for answer in cells_of(result, model):
            yield _case(result, answer)
    yield "</testsuite>\n"


def _case(result: RowResult, answer: Cell) -> str:
    row = result.row
    sample = f" #{answer.sample + 1}" if answer.sample else ""
    name = f"{row.number}{f' {row.name}' if row.name else ''}: {cell(row.prompt, 80)}{sample}"
    time = f"{answer.duration_s or 0.0:.3f}"
    head = f"<testcase classname={_attr(answer.name)} name={_attr(name)} time={_attr(time)}"
    if not answer.ok:
        kind = answer.error_class or answer.status
        message = answer.error or f"no whole answer: {answer.status}"
        return f"{head}><error type={_attr(kind)} message={_attr(cell(message))}/></testcase>\n"
    if answer.met is False:
        said = f"expected: {row.expected}\n" if row.expected is not None else ""
        body = _text(f"{said}answer: {answer.text or ''}")
        return (
            f'{head}><failure type="expectation" message={_attr(cell(answer.unmet))}>{body}'
            "</failure></testcase>\n"
        )
    return f"{head}/>\n"


def _conditions(document: BatchDocument) -> str:
    lines = []
    for condition in document.conditions:
        found = [
            f"{one.model}: {one.found}" for one in document.failed if one.condition == condition
        ]
        head = f'<testcase classname="--fail-if" name={_attr(condition)} time="0"'
        if found:
            told = _attr(cell("; ".join(found)))
            lines.append(f'{head}><failure type="condition" message={told}/></testcase>\n')
        else:
            lines.append(f"{head}/>\n")
    failures = len({one.condition for one in document.failed})
    head = (
        f'<testsuite name="--fail-if" tests={_attr(len(lines))} failures={_attr(failures)}'
        ' errors="0" skipped="0">\n'
    )
    return head + "".join(lines) + "</testsuite>\n"


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", visible(text)))


def _attr(value: object) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", visible(str(value))))
