"""Pins plugins' code: ``pin`` takes the digests from the disk, and every start checks them."""

from __future__ import annotations

from pathlib import Path

import attrs
import sqlalchemy as sa

from viewra.db import StoredPin, read_pin, write_pin
from viewra.digests import file_digest
from viewra.errors import ViewraError
from viewra.host.installed.discovery import Found
from viewra.host.installed.entry_point import command
from viewra.host.installed.versions import Versions
from viewra.process.verify import tree_digest


@attrs.frozen
class Pin:
    """The pinned code: SHA-256 of the entry point and, for a Python plugin, of its directory, in hexadecimal.

    With ``installed`` it is the pin of a package that viewra installed, in whose folder only viewra writes.
    """

    entry: str
    tree: str = ""
    installed: bool = False


class Pins:
    """The pins of one host, by plugin id and path, and those of the packages that it installed."""

    def __init__(self, engine: sa.Engine, data_dir: Path) -> None:
        self._engine = engine
        self._data_dir = data_dir

    def of(self, found: Found) -> Pin | None:
        """The pin of a plugin, None if it is not pinned."""
        return self.kept(found, read_pin(self._engine, *found.key))

    def kept(self, found: Found, stored: StoredPin | None) -> Pin | None:
        """The same when ``stored`` was read for it already."""
        if stored is None and found.path != found.directory:  # older versions stored the real path
            stored = read_pin(self._engine, found.plugin_id, str(found.directory))
            if stored is not None:
                write_pin(self._engine, *found.key, stored)
        if stored is not None:
            return Pin(stored.entry, stored.tree)
        record = Versions(self._data_dir, found.plugin_id).record(found.directory)
        return Pin(record.entry, record.tree, installed=True) if record is not None else None

    def pin(self, found: Found) -> Pin:
        """Pin a plugin to its present code on disk.

        An entry point that an interpreter reads is pinned with its whole directory, since it imports from there; a
        program is pinned alone. Raises ViewraError if the code is unreadable.
        """
        if found.manifest is None:
            raise ViewraError(
                f"plugin {found.plugin_id} is invalid and cannot be pinned", hint="correct its manifest first"
            )
        argv = command(found.manifest)
        try:
            tree = tree_digest(found.directory) if len(argv) > 1 else ""
            pin = Pin(file_digest(Path(argv[-1])), tree)
        except OSError as error:
            raise ViewraError(f"{error.filename} cannot be read: {error.strerror}") from error
        write_pin(self._engine, *found.key, StoredPin(pin.entry, pin.tree))
        return pin

    def unpin(self, found: Found) -> None:
        """Remove the plugin's pin."""
        write_pin(self._engine, *found.key, None)
        write_pin(self._engine, found.plugin_id, str(found.directory), None)  # as ``of``


def holds(pin: Pin, found: Found) -> bool:
    """Whether a plugin's present code is the pinned one; a start verifies it, too. Raises OSError."""
    if found.manifest is None or (pin.tree and tree_digest(found.directory) != pin.tree):
        return False
    return file_digest(Path(command(found.manifest)[-1])) == pin.entry
