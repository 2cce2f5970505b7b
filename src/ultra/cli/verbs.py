"""Every verb of the command line by name: one more is one module and one row.

Plain data without imports, so that `--help` and completion cost next to nothing.
"""

from typing import NamedTuple


class Verb(NamedTuple):
    """Where a verb lives (its module's `app`) and what `ultra --help` says of it."""

    module: str
    summary: str
    group: str


VERBS: dict[str, Verb] = {
    "ask": Verb("ask", "one answer, from one model or made out of several (the default)", "Ask"),
    "compare": Verb("compare", "every answer side by side, with what they cost and took", "Ask"),
    "ab": Verb("ab", "experiments: A or B, over the same prompts, with a verdict", "Ask"),
    "pick": Verb("pick", "which answer of a comparison is the one, to go on from", "Ask"),
    "chat": Verb("chat", "a conversation at a prompt", "Ask"),
    "demo": Verb("demo", "the main job over simulated models; nothing is sent or spent", "Ask"),
    "logs": Verb(
        "logs", "what was asked and answered, what it cost and why it failed", "Look back"
    ),
    "replay": Verb(
        "replay", "logged prompts sent to another model: is it as good, for how much?", "Look back"
    ),
    "stats": Verb(
        "stats", "what models were asked for, what it cost, which answer best", "Look back"
    ),
    "cache": Verb(
        "cache", "earlier answers that serve again: what they saved, clearing", "Look back"
    ),
    "health": Verb("health", "which endpoints can be used, and how they fared lately", "Look back"),
    "tui": Verb("tui", "screens to leave open: providers, calls, cost, history, ask", "Look back"),
    "cost": Verb("cost", "what was spent, how fast, where that leads; a prompt line", "Look back"),
    "alerts": Verb("alerts", "what the profile's alerts see; who is told, once", "Look back"),
    "budgets": Verb("budgets", "what may be spent, what is spent, what is left", "Look back"),
    "models": Verb("models", "the models on offer, with protocol, price and window", "Set up"),
    "aliases": Verb("aliases", "short names for models", "Set up"),
    "templates": Verb("templates", "prompts to use again", "Set up"),
    "keys": Verb("keys", "where each provider's key comes from; store, remove, test", "Set up"),
    "profiles": Verb("profiles", "profiles: list, show, check, use, schema, trust", "Set up"),
    "init": Verb("init", "look for keys and local servers and write a profile", "Set up"),
    "doctor": Verb("doctor", "look at all that ultra stands on; say what to do next", "Set up"),
    "completions": Verb("completions", "completion scripts for bash, zsh and fish", "Set up"),
}

PLANNED = frozenset(
    {
        "map",
        "mcp",
        "run",
        "serve",
    }
)
"""Verbs that are kept for later: none of them is ever sent as a prompt by mistake."""

SINGULARS = {
    "log": "logs",
    "alert": "alerts",
    "costs": "cost",
    "budget": "budgets",
    "model": "models",
    "alias": "aliases",
    "template": "templates",
    "key": "keys",
    "profile": "profiles",
    "completion": "completions",
}
"""Nouns are plural as in llm; the singular works too."""

HELP_OPTIONS = """\
Options:
  -P, --profile NAME|PATH  the profile to use (ULTRA_PROFILE)
  --version                print the version
  -h, --help               this page; `ultra VERB --help` for each verb"""

EXAMPLES = """\
Examples:
  ultra "why is the sky blue"                    ask the profile's default model
  git diff | ultra -m smart "review this"        piped text goes before the prompt
  ultra -m fast -m smart "name three risks"      several models, fused into one answer
  ultra compare -m @council "is 91 prime?"       every answer, side by side
  ultra logs -n 5                                what was said lately"""


def root_help() -> str:
    """What `ultra --help` prints."""
    lines = [
        "Usage: ultra [VERB] [OPTIONS] [PROMPT]...",
        "",
        "One command in front of every LLM you pay for or run.",
    ]
    groups: dict[str, list[str]] = {}
    for name, verb in VERBS.items():
        groups.setdefault(verb.group, []).append(f"  {name:<12} {verb.summary}")
    for group, rows in groups.items():
        lines += ["", f"{group}:", *rows]
    return "\n".join([*lines, "", HELP_OPTIONS, "", EXAMPLES]) + "\n"
