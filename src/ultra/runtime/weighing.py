"""Votes that weigh by what the log has of expectations that were met."""

from msgspec.structs import replace

from ultra.core.tags import Marks
from ultra.evaluation.contests import CHECKED, accuracies
from ultra.runtime.action import Selection
from ultra.runtime.routing import JUDGED_WINDOW_S
from ultra.runtime.runtime import Runtime
from ultra.store.contests import contests
from ultra.store.reading import reading


def weighed(selection: Selection, runtime: Runtime) -> Selection:
    """The selection with the measured accuracies of its members, in place of the profile's.

    Who is not measured counts as the mean of those who are; without any, which is said, each has
    one vote. Raises `StoreError`.
    """
    since = runtime.clock.time() - JUDGED_WINDOW_S
    with reading(runtime.paths.database) as connection:
        found = contests(connection, since, Marks()) if connection else []
    measured = accuracies(found)
    names = dict.fromkeys(str(member.ref) for member in selection.members)
    known = {name: measured[name] for name in names if name in measured}
    missing = [name for name in names if name not in measured]
    if missing:
        who = ", ".join(f"`{name}`" for name in missing)
        rest = "counts as the mean of the others" if known else "so that all votes weigh alike"
        runtime.warn(f"no {CHECKED} prompts with expectations are in the log for {who}: {rest}")
    return replace(selection, method=replace(selection.method, accuracies=known))
