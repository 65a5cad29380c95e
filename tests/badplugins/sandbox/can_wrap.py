"""Says why this user cannot run Python within bubblewrap; an empty line when it can."""

import ctypes
import os
import sys
from pathlib import Path

from viewra.process.sandbox.bubblewrap import bubblewrap


def why_not() -> str:
    if os.geteuid() == 0:
        return bubblewrap().reason
    # An ordinary user has no capabilities within it, and the test may run by one that may read everything.
    libc = ctypes.CDLL(None)
    libc.prctl(47, 4, 0, 0, 0)
    libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    for file in (sys.executable, __file__):
        if not os.access(os.path.realpath(file), os.R_OK):
            return f"{Path(file).name} is where only another user can enter"
    return bubblewrap().reason


sys.stdout.write(why_not() + "\n")
