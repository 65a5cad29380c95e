"""Processes that the attacks target: they allow any process to trace them, which Yama would forbid."""

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PR_SET_PTRACER = 0x59616D61
_CODE = """
import ctypes, sys, time
sys.path.insert(0, sys.argv[1])
import prey
prey.let_anybody_trace()
memory = ctypes.create_string_buffer(8)
print(hex(ctypes.addressof(memory)), flush=True)
time.sleep(300)
"""


def let_anybody_trace() -> None:
    """For this process; a kernel without Yama knows no such call, and needs none."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)


@contextmanager
def victim() -> Iterator[tuple[int, str]]:
    """A process, until the end of the block: its number, and an address in its memory, in hexadecimal."""
    command = [sys.executable, "-I", "-c", _CODE, __file__.rpartition("/")[0]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.kill()
