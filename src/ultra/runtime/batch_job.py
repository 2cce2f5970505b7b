"""Many prompts to the same models as one job: how each row is asked, and what a batch goes by."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ultra.core.batch import FILE_TAG, ROW_TAG, TAG, PromptRow
from ultra.core.errors import Problem, UsageError
from ultra.core.expect import Expectation, ExpectKind
from ultra.core.model import Target, models_of
from ultra.core.tags import LONGEST_VALUE
from ultra.core.text import one_line
from ultra.runtime.action import Action, Selection
from ultra.runtime.comparing import expectations_of
from ultra.runtime.prompting import Ask, check_fits, prompt_of
from ultra.runtime.prompts_file import PromptsFile, check_lines

if TYPE_CHECKING:
    from ultra.runtime.guarding import Guard

AT_ONCE = 32
"""The most prompts under way: beyond it nothing is gained, and each holds its answers."""


class Job(Struct, frozen=True):
    """A file of prompts and how each is asked.

    `base` is what the runs share, its prompt that of the first row; `shared` what prompts share.
    `kinds` say how the expected text of a row is meant. `agree` is the share that must agree.
    No more than `at_once` rows are under way.
    """

    file: PromptsFile
    base: Action
    shared: Ask
    kinds: tuple[ExpectKind, ...]
    batch: str
    agree: float | None = None
    at_once: int = AT_ONCE

    @property
    def members(self) -> tuple[Target, ...]:
        """Who answers."""
        return self.base.selection.members

    @property
    def whole(self) -> bool:
        """Whether a row stands or falls as one: its answers are judged or read together."""
        method = self.base.selection.method
        several = len({(one.name, one.ref) for one in self.members}) < len(self.members)
        return bool(method.judges) or self.agree is not None or several

    def expectations(self, row: PromptRow) -> tuple[Expectation, ...]:
        """What the answers to a row are held to. Raises `UsageError`."""
        own = [f"{kind}:{row.expected}" for kind in self.kinds if row.expected is not None]
        return (*self.base.selection.method.expect, *expectations_of(own))

    def action(self, row: PromptRow, members: Sequence[Target] | None = None) -> Action:
        """The run that asks a row, of everybody unless told otherwise."""
        selection = self.base.selection
        method = replace(selection.method, expect=self.expectations(row))
        own = {TAG: self.batch, ROW_TAG: str(row.number), FILE_TAG: file_tag(self.file.name)}
        asked = tuple(members or selection.members)
        return replace(
            self.base,
            prompt=prompt_of(
                replace(self.shared, words=row.prompt, system=row.system or self.shared.system)
            ),
            selection=replace(selection, members=asked, method=method),
            quorum=self.base.quorum and min(self.base.quorum, len(asked)),
            tags=self.base.tags | row.tags | own,
        )


def file_tag(source: str) -> str:
    """What a file goes by in the log: its whole path, cut at the front where that is too long."""
    path = "stdin" if source == "-" else str(Path(source).absolute())
    return one_line(path, 4 * LONGEST_VALUE)[-LONGEST_VALUE:]


def content_of(file: PromptsFile) -> str:
    """The part of a batch's id that tells the file."""
    return file.sha[:8]


def settings_of(selection: Selection, shared: Ask, kinds: Sequence[str]) -> str:
    """The part of a batch's id that tells who is asked, and how; money and time are not in it."""
    method = selection.method
    told = [
        [[one.name, *(str(model.ref) for model in one.models)] for one in selection.members],
        [str(judge.ref) for judge in method.judges],
        [method.criteria, method.reference, method.duels, method.self_judging, method.reading],
        [str(method.extract), [str(one) for one in method.expect], list(kinds)],
        [shared.system, [[one.name, one.text] for one in shared.quoted]],
        [shared.attachments, shared.sampling, shared.json_schema, shared.tools],
    ]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:8]


def checked_rows(job: Job, guard: "Guard") -> Job:
    """The job with every row looked through, before anything is sent.

    Raises `UsageError` that lists rows that nobody can be asked, and `GuardError` for secrets.
    """
    problems: list[Problem] = []
    rows = []
    for row in job.file.rows:
        where = f"{job.file.name}:{row.line}"
        try:
            check_fits(job.action(row).prompt, models_of(job.members))
        except UsageError as error:
            problems.append(Problem(where, "", error.message))
        rows.append(
            replace(
                row,
                prompt=guard.text(row.prompt, where, counted=False),
                system=guard.text(row.system, where, counted=False),
            )
        )
    check_lines(job.file.name, problems)
    return replace(job, file=replace(job.file, rows=tuple(rows)))
