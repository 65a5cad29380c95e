"""Remembers whether any plugin searches a source of its own, so that a search need not evaluate the manifests again.

The answer is kept in the data directory beside the state of the plugins that it was found in (``plugins_state``). With
any other state it is not known.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from viewra.host.installed.plugins_state import plugins_state

FILE_NAME = "searching-plugins"
"""The file in the data directory: the state, and ``yes`` or ``no``."""


class Searchers:
    """The state of the plugins at one moment, and ``answer``, which is None if it is not known in this state."""

    def __init__(self, engine: sa.Engine, data_dir: Path, plugin_dirs: Sequence[Path]) -> None:
        """``plugin_dirs`` are the directories that are searched for plugins, without the shipped one.

        Raises ``DatabaseError``.
        """
        self._file = data_dir / FILE_NAME
        self._state = plugins_state(engine, plugin_dirs).whole
        self.answer = self._remembered()

    def remember(self, answer: bool) -> None:
        """Keep the answer for the next process, too, if the data directory can be written."""
        self.answer = answer
        new = self._file.with_name(f"{FILE_NAME}.{os.getpid()}")
        with suppress(OSError):
            new.write_text(f"{self._state} {'yes' if answer else 'no'}\n", "ascii")
            new.replace(self._file)

    def _remembered(self) -> bool | None:
        with suppress(OSError, ValueError):
            state, answer = self._file.read_text("ascii").split()
            return answer == "yes" if state == self._state else None
        return None
