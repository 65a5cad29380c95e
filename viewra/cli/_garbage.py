"""When the process of a command looks for garbage in circles: less often than Python does by default.

While modules are imported there is no such garbage, and looking for it takes a tenth of a start. Later a scan makes
many values at a time, and hardly any circles: looking for them after every 700 values took a tenth of the host's time.
"""

from __future__ import annotations

import gc

VALUES = 10_000
"""After how many more values than before it looks among the newest."""


def put_off() -> None:
    """Look for none until ``begin``."""
    gc.disable()


def begin() -> None:
    """Begin to look; what there is now stays. In somebody else's process, without ``put_off``, it changes nothing."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(VALUES)
        gc.enable()


def keep() -> None:
    """Have what there is now stay, as when a host has opened; after ``begin`` alone, as that."""
    if gc.get_threshold()[0] == VALUES:
        gc.freeze()
