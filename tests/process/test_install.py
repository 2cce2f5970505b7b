"""What users install: the wheel, in an environment of its own, away from the source tree."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SHIPPED = {"council", "development", "frugal", "local", "production", "testing"}


class Installed:
    """A wheel in a virtual environment; its dependencies are those of the tests' own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheel = _build(folder)
        self.bin = folder / "venv" / "bin"
        venv.create(folder / "venv")
        _pip("--python", str(self.bin / "python"), "install", "--no-deps", str(self.wheel))

    def ultra(self, *args: str, home: Path) -> "subprocess.CompletedProcess[str]":
        """Run the installed command with an empty home, somewhere else than in the tree."""
        elsewhere = home / "elsewhere"
        elsewhere.mkdir(parents=True, exist_ok=True)
        environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(home),
            # Folders on this path are searched, but their `.pth` files, and with them an editable
            # install of the tree, are not.
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        return subprocess.run(
            [str(self.bin / "ultra"), *args], env=environ, cwd=elsewhere, text=True, check=False,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip


def _pip(*args: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    done = subprocess.run(
        [sys.executable, "-m", "pip", *args, *quiet],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PIP_NO_WARN_SCRIPT_LOCATION": "1"},
    )
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("no package index is at hand to build with")
    assert done.returncode == 0, done.stderr


def _build(folder: Path) -> Path:
    _pip("wheel", str(REPOSITORY), "--no-deps", "--wheel-dir", str(folder / "dist"))
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """One wheel for all tests of the module."""
    return Installed(tmp_path_factory.mktemp("install"))


def test_the_wheel_holds_data_and_no_tests(installed: Installed) -> None:
    """Profiles, prices, notice, licence and `py.typed` are in it; nothing beside the package is."""
    with zipfile.ZipFile(installed.wheel) as archive:
        names = archive.namelist()

    assert {f"ultra/config/profiles/{name}.yaml" for name in SHIPPED} <= set(names)
    assert {"ultra/__main__.py", "ultra/py.typed", "ultra/providers/data/NOTICE"} <= set(names)
    assert any("licenses/LICENSE" in name for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"ultra", "ultra_llm"}


def test_the_installed_command_runs_from_anywhere(installed: Installed, tmp_path: Path) -> None:
    """`--version`, `--help` and the help of a verb."""
    version = installed.ultra("--version", home=tmp_path)
    pages = [installed.ultra(*words, "--help", home=tmp_path) for words in ((), ("ask",))]

    assert (version.returncode, version.stdout[:6], version.stderr) == (0, "ultra ", "")
    assert [page.returncode for page in pages] == [0, 0]


def test_shipped_profiles_are_found_in_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """They can be listed, checked and shown without any file of the user's."""
    listed = installed.ultra("profiles", "list", home=tmp_path)
    shown = installed.ultra("profiles", "show", "-P", "development", home=tmp_path)

    assert listed.returncode == 0, listed.stderr
    assert {name for name in SHIPPED if name in listed.stdout} == SHIPPED
    assert (shown.returncode, "simulated" in shown.stdout) == (0, True)


def test_the_demo_needs_nothing(installed: Installed, tmp_path: Path) -> None:
    """An empty home, no key, no server: the main job is shown, and said to be simulated."""
    demo = installed.ultra("demo", home=tmp_path)
    logs = installed.ultra("logs", "-n", "0", home=tmp_path)

    assert demo.returncode == 0, demo.stderr
    assert "simulated" in demo.stdout + demo.stderr
    assert logs.stdout.count("simulated") == 3


def test_nothing_is_simulated_unasked(installed: Installed, tmp_path: Path) -> None:
    """Without a profile, key or server `ask` is exit 3 and names what helps."""
    ended = installed.ultra("ask", "hello there", home=tmp_path)

    assert ended.returncode == 3
    assert "ultra init" in ended.stderr
    assert "ultra demo" in ended.stderr


def test_the_catalog_is_in_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """Known models have prices and windows."""
    ended = installed.ultra("models", "-q", "gpt-5-mini", home=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert "openai:gpt-5-mini" in ended.stdout
    assert "$" in ended.stdout
