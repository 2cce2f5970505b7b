"""Ways to make a machine a worse place for one process."""

import ctypes
import os

_DROP_FROM_BOUNDING_SET = 24  # prctl(2), PR_CAPBSET_DROP
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2  # capabilities(7)


def less_than_root() -> None:
    """Let file modes hold for the superuser too; to be run between fork and exec."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
            libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
