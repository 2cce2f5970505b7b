"""`ultra tui`: screens over the same runtime as every verb. textual lives here and nowhere else."""

import os

FPS = 20
"""Draws a second at the most: quick enough for an eye, and little enough for ssh."""

# Textual reads it when it is imported, and every module that imports it is below this one.
os.environ["TEXTUAL_FPS"] = str(FPS)
