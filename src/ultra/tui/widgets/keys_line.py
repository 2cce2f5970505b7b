"""The keys of a screen at its foot."""

from textual.widgets import Footer


class KeysLine(Footer):
    """A footer that lets go of the keys it has replaced.

    Textual 8.2 makes every key watch its footer and looks for those that are gone only when what
    they watch changes, which it never does: a quarter of a megabyte for each change of the screen.
    """

    async def recompose(self) -> None:
        """Make the keys anew, and have those before forgotten."""
        await super().recompose()
        if self.is_attached:
            self.mutate_reactive(Footer.compact)
