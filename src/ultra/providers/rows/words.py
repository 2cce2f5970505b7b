"""What several rows say alike."""

from ultra.core.model import Quirks

RECORDED = "2026-11-21"
"""When recordings of these vendors' real traffic were last read right."""

COMPLETION = Quirks(max_tokens_field="max_completion_tokens")
"""OpenAI's newer name of the output cap, which its reasoning models demand."""

OWN = "a last chunk of its own"
FINISH = "with the finish reason"
EVERY = "every chunk, the last one counts"
"""Which piece of a stream counts its tokens."""
