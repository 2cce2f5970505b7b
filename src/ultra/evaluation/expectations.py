"""Whether an answer is what it was expected to be, by rule and without another model."""

import json
import re

from ultra.core.expect import Expectation
from ultra.core.extract import Extractor
from ultra.core.normalise import normalise
from ultra.core.text import one_line
from ultra.evaluation.extraction import amounts, bare_json, extracted, number_of

_SHOWN = 60
_UNIT = re.compile(r"[^\W\d_]+|[°%$€£¥/²³]")


def unmet(text: str, expectation: Expectation) -> str | None:
    """Why an answer does not meet an expectation, in words; None when it does."""
    return _CHECKS[expectation.kind](text, expectation.detail)


def why_no_number(detail: str) -> str | None:
    """Why a text is no number to expect; None when it is."""
    return None if number_of(detail) else "it holds no number"


def _exact(text: str, wanted: str) -> str | None:
    found = normalise(text)
    return None if found == normalise(wanted) else f"it says `{one_line(found, _SHOWN)}`"


def _contains(text: str, wanted: str) -> str | None:
    """A number is not found inside a longer one: `400` is no part of `4000`."""
    needle = normalise(wanted)
    before = r"(?<!\d)(?<!\d[.,])" if needle[:1].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if needle[-1:].isdigit() else ""
    found = re.search(f"{before}{re.escape(needle)}{after}", normalise(text))
    return None if found else "it is not in it"


def _regex(text: str, pattern: str) -> str | None:
    return None if re.search(pattern, text, re.MULTILINE) else "nothing matches"


def _number(text: str, wanted: str) -> str | None:
    """An amount; a number that is expected without a unit is the one that is written."""
    found = extracted(text, Extractor("number"))
    if found is None:
        return "it holds no one number"
    key = number_of(wanted)
    bare = {number_of(_UNIT.sub("", one.written)) for one in amounts(text) if one.key == found}
    alike = key == found or key in bare
    return None if alike else f"it comes to `{one_line(found, _SHOWN)}`"


def _schema(text: str, schema: str) -> str | None:
    from ultra.evaluation.schemas import mismatch  # noqa: PLC0415 - jsonschema costs 67 ms

    return mismatch(bare_json(text), json.loads(schema))


_CHECKS = {
    "exact": _exact,
    "contains": _contains,
    "regex": _regex,
    "number": _number,
    "schema": _schema,
}
