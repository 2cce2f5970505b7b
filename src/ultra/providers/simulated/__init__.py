"""A provider that answers without a network: for demos, development, tests and chaos.

It is a stand-in for a model, not for ultra: it reads what the user said, the names in the schema
asked for and its own dials (`dials.Dials`), and knows nobody's prompts. Texts between
`<name label=X>` and `</name>` it takes for the answers of others (`material`). The same seed,
model, sample and messages give the same answer, the same delays and the same faults, whatever else
runs at the time.
"""

from ultra.providers.simulated.provider import SimulatedProvider

__all__ = ["SimulatedProvider"]
