"""Who imports whom, and what an import costs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("httpx", "aiohttp", "yaml", "keyring", "sqlite_utils", "rich", "textual", "typer")


def loaded(module: str) -> set[str]:
    """The modules that a fresh interpreter holds after one import."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout))


@pytest.mark.slow
def test_imports_obey_the_contracts() -> None:
    """Layers, front ends and one home per library, as `pyproject.toml` has them."""
    command = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "module",
    [
        "ultra.core.ports",
        "ultra.engine.pipeline",
        "ultra.engine.caller",
        "ultra.strategies.registry",
        "ultra.strategies.fusion",
        "ultra.evaluation.agreement",
        "ultra.runtime.execute",
        "ultra.runtime.selection",
        "ultra.runtime.loop",
    ],
)
def test_what_every_run_imports_is_light(module: str) -> None:
    """No client, parser, keyring or screen is loaded before it is wanted."""
    heavy = sorted(set(HEAVY) & loaded(module))

    assert heavy == []


def test_strategies_are_imported_one_by_one() -> None:
    """The registry knows them by name; rapidfuzz waits until answers are compared."""
    names = loaded("ultra.strategies.registry")

    assert "ultra.strategies.fusion" not in names
    assert "rapidfuzz" not in loaded("ultra.strategies.fusion")
