"""Completion scripts, one module a shell: flags stand in them, names are asked of `ultra`."""
