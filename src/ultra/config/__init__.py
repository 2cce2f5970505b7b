"""Profile files and what they come to: checked, trusted, cached; and where keys are kept.

`load` is what a run touches; everything that needs YAML is imported only when a file has changed.
"""
