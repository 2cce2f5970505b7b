"""One command in front of every LLM a developer pays for or runs."""

__version__ = "0.1.0"
