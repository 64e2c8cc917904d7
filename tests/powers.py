"""What root may do and others may not: given up, so that permissions count in a test of them."""

import ctypes
import os


def without_power() -> None:
    """Give up what makes root ignore permissions, for this process and what it starts."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for power in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
        assert libc.prctl(24, power, 0, 0, 0) == 0, "PR_CAPBSET_DROP"
    head = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(head, sets) == 0
    for at in range(3):
        sets[at] &= ~0b1110
    assert libc.capset(head, sets) == 0
