"""Quick imports for a plugin's process, because a host waits for them.

Garbage collection, which would take a fifth of the time, is off meanwhile, and modules that grpc, protobuf and attrs
import although a plugin seldom needs them are put off: asyncio alone takes as long as the rest of grpc.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from viewra.codec.protocol import COOKIE_KEY

_LATER = (
    "asyncio",
    "attr.validators",
    "attrs.validators",
    "google.protobuf.internal.python_message",  # for machines without protobuf's compiled code
    "grpc.aio",
    "grpc_health.v1._async",
)


@contextmanager
def quick() -> Iterator[None]:
    """Import within the block; in a plugin's process the garbage collector never looks at those modules again."""
    collecting = gc.isenabled()
    gc.disable()
    later = [_Later(name) for name in _LATER if name not in sys.modules]
    sys.modules.update({module.__name__: module for module in later})
    try:
        yield
        if COOKIE_KEY in os.environ:
            gc.freeze()
    finally:
        for module in later:
            module.step_aside()
        if collecting:
            gc.enable()


class _Later(ModuleType):
    """Stands for a module while others import it, and passes on the attributes that they use later.

    Only the modules that import it in the block keep this object: every later import gets the module itself.
    """

    def __getattr__(self, name: str) -> Any:
        self.step_aside()
        return getattr(importlib.import_module(self.__name__), name)

    def step_aside(self) -> None:
        """Let the next import of this name find the module itself."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
