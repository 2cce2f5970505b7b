"""The user's own short names for models, kept beside the profiles and merged under each."""

from typing import Any

from ultra.config.build import mistakes
from ultra.config.documents import Document, read_document
from ultra.config.dump import to_yaml
from ultra.config.files import alone, read_regular, write_private
from ultra.config.paths import Paths
from ultra.config.schema import AliasesSpec
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line


def aliases(paths: Paths) -> dict[str, str]:
    """Every alias with its `provider:model`. Raises `ConfigError` for a file that is wrong."""
    return {
        name: model if isinstance(model, str) else model["model"]
        for name, model in _entries(paths).items()
    }


def add_alias(name: str, model: str, *, paths: Paths) -> None:
    """Name a model, in place of what was so named. Raises `UsageError` for a name or model."""
    with alone(paths.aliases_file):
        text = _text({**_entries(paths), name: model})
        checked = read_document(paths.aliases_file, text.encode(), AliasesSpec)
        if checked.problems:
            problem = checked.problems[0]
            raise UsageError(problem.message, hint=problem.hint)
        write_private(paths.aliases_file, text.encode())


def remove_alias(name: str, *, paths: Paths) -> None:
    """Forget an alias. Raises `UsageError` for one that there is not, naming the nearest."""
    with alone(paths.aliases_file):
        entries = _entries(paths)
        if name not in entries:
            raise UsageError(
                f"there is no alias `{one_line(name, 80)}` of your own",
                hint=did_you_mean(name, entries) or "a profile's own names stand in its `models`",
            )
        del entries[name]
        write_private(paths.aliases_file, _text(entries).encode())


def _entries(paths: Paths) -> dict[str, Any]:
    try:
        raw = read_regular(paths.aliases_file)
    except FileNotFoundError:
        return {}
    document: Document = read_document(paths.aliases_file, raw, AliasesSpec)
    if document.problems:
        raise mistakes("aliases", document.problems)
    return dict(document.data.get("models", {}))


def _text(entries: dict[str, Any]) -> str:
    return to_yaml({"version": 1, "models": dict(sorted(entries.items()))})
