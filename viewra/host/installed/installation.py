"""One plugin on disk: its code, which may change at any time, and its places in the data directory."""

from __future__ import annotations

from pathlib import Path

import attrs

from viewra.host.installed.code import Code
from viewra.host.installed.code_hash import code_hash, code_stamp
from viewra.host.installed.discovery import Found, read, real_path
from viewra.host.installed.kept_code import KeptCode


class Installation:
    """The versions of one plugin's code: on disk, in use, kept, refused. It does not know how a version runs.

    ``place`` is what was found first: its path is where the plugin is looked for ever after. ``found`` belongs to the
    version in use. ``data_dir`` is the host's data directory.
    """

    def __init__(self, found: Found, *, data_dir: Path) -> None:
        self.plugin_id = found.plugin_id
        self.place = found
        self.kept = KeptCode(data_dir / "kept-code" / found.plugin_id)
        self.private_dir = data_dir / "plugins" / found.plugin_id
        self.backups = data_dir / "backups" / "plugins" / found.plugin_id
        self.found = found
        self._used = Code(found, "")
        self._manifest_file = found.path / found.file
        self._manifest_stamp = _stamp(self._manifest_file)
        self._refused = ""
        self._evaluated: tuple[bytes | None, Found] | None = None  # the last manifest, and its text
        self._compared: object = None  # what was last found to be the version in use, as ``code_stamp`` says it
        self._unnoticed = False  # it changed between its discovery and now, which was not handled yet

    @property
    def used(self) -> Code:
        """The version that runs, or that ran last, or that was found."""
        if not self._used.code_hash:  # it is found out when it is first asked for, and goes with the manifest of then
            if _stamp(self._manifest_file) != self._manifest_stamp:
                self.use(Code(self._read(), ""))
                self._unnoticed = True
            elif self._evaluated is None:
                found = self._used.found
                self._evaluated = _text(found.directory / found.file), found
            self._used = attrs.evolve(self._used, code_hash=code_hash(self._used.found.directory))
        return self._used

    def use(self, code: Code) -> None:
        """From now on this version is in use."""
        self._used, self.found = code, code.found
        self._compared = None
        self._unnoticed = False

    def on_disk(self) -> Code:
        """The version on disk now, at the present target of the plugin's path.

        Its manifest is evaluated only if it changed.
        """
        if not self._used.code_hash:
            return self.used
        directory = real_path(self.place.path)
        now = code_hash(directory)
        if now == self.used.code_hash and self.used.found.directory == directory:
            return self.used
        return Code(self._read(), now)

    def is_on_disk(self) -> bool:
        """Whether the version in use is the one on disk; one whose code nobody has asked for yet is."""
        if self._used.code_hash and (stamp := code_stamp(real_path(self.place.path))) != self._compared:
            if self.on_disk().code_hash != self._used.code_hash:
                return False
            self._compared = stamp
        return True

    def to_start(self) -> Code:
        """The version for a start: that on disk, unless it failed to replace a kept one."""
        code = self.on_disk()
        return self.used if code.code_hash == self._refused and self.kept.path(self.used.code_hash) else code

    def refuse(self, code: Code) -> None:
        """Record a version that failed to replace the one in use."""
        self._refused = code.code_hash

    def is_new(self, code: Code) -> bool:
        """Whether this version is neither in use nor refused."""
        known = {self.used.code_hash, self._refused}
        return self._unnoticed or code.code_hash not in known

    def is_back(self, code: Code) -> bool:
        """Whether this version, which is in use, came back after a refused one; True only once."""
        if not self._refused or code.code_hash != self.used.code_hash:
            return False
        self._refused = ""
        return True

    def is_another(self, code: Code) -> bool:
        """Whether this version's manifest has another id, so that it is another plugin."""
        return code.found.manifest is not None and code.found.plugin_id != self.plugin_id

    def _read(self) -> Found:
        """Read the manifest on disk; an invalid one has no id, and leaves the plugin its own.

        It is evaluated only if its text or its directory has changed.
        """
        file = real_path(self.place.path) / self.place.file
        text = _text(file)
        known = self._evaluated
        if text is None or known is None or known[0] != text or known[1].directory != file.parent:
            found = read(self._manifest_file, self.place.place)
            if found.manifest is None:
                found = attrs.evolve(found, plugin_id=self.plugin_id)
            # A text that changes meanwhile is not the one that was evaluated.
            known = self._evaluated = (text if text == _text(file) else None), found
        return known[1]


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Attributes that change with a file; None if it does not exist."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _text(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
