"""Plays one case and holds it against what it must come to."""

from pathlib import Path

from tests.chaos.cases import Case, Expect
from tests.chaos.scripts import SCRIPTS
from tests.chaos.stage import Seen, staged


async def play(case: Case, folder: Path) -> Seen:
    """Play an acted or scripted case in a folder of its own. Raises `AssertionError`."""
    async with staged(folder, case.setting) as stage:
        if case.script:
            seen = await SCRIPTS[case.script](stage, case)
        else:
            models = () if "-m" in case.argv and "--strategy" not in case.argv else ("-m", "faulty")
            seen = await stage.ask(*models, *case.argv)
        assert stage.other.requests == [], "a request went to another host"
    assert case.expect is not None
    problems = differences(seen, case.expect)
    assert not problems, "\n".join([*problems, f"stderr: {seen.err}"])
    return seen


def differences(seen: Seen, expect: Expect) -> list[str]:
    """What is not as it must be, in words."""
    pairs = {
        "class": (seen.error_class, expect.error_class),
        "calls": (seen.calls, expect.calls),
        "calls to the spare": (seen.spare, expect.spare),
        "exit": (seen.exit, expect.exit),
        "rows": (seen.rows, expect.rows),
        "answer": (seen.answer, expect.answer),
        "charge": (None if expect.charged is None else seen.charged, expect.charged),
    }
    found = [f"{name}: {is_}, not {must}" for name, (is_, must) in pairs.items() if is_ != must]
    found += [f"stderr does not say {words!r}" for words in expect.says if words not in seen.err]
    found += [f"stderr says {words!r}" for words in expect.never if words in seen.err]
    return found
