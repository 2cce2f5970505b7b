"""Everything that draws or writes: the answer on stdout, the telling on stderr, the documents.

rich is imported only when something is drawn on a terminal, never for a plain pipe.
"""
