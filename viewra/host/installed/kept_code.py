"""Keeps a copy of the code that ran last, in case a new version does not start in its place.

Only plugins that cannot be replaced while they run need one: after the old process has ended and its files are
overwritten, there would be no way back.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from viewra.host.installed.code_hash import code_folders, code_hash

_LINKED = ("node_modules",)  # and hidden files, such as a virtual environment: large, and not the plugin's own code


class KeptCode:
    """The copy of one plugin's code, in ``folder``, under the code's hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, directory: Path, wanted_hash: str) -> None:
        """Keep the code in ``directory``, replacing the last copy, unless it no longer has this hash."""
        if self.path(wanted_hash) is not None:
            return
        kept = self._folder / wanted_hash
        draft = self._folder / f".{wanted_hash}"
        for spoilt in (kept, draft):
            shutil.rmtree(spoilt, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        linked = [entry for entry in directory.iterdir() if entry.name.startswith(".") or entry.name in _LINKED]
        left_out = {str(directory): [entry.name for entry in linked]}
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            directory,
            draft,
            symlinks=True,
            ignore=lambda folder, names: {*ignored(folder, names), *left_out.get(str(folder), ())},
        )
        for file in (folder / name for folder, names in code_folders(draft) for name in names):
            within = file.resolve().is_relative_to(draft.resolve()) and file.exists()
            content = (directory / file.relative_to(draft)).resolve()
            if not within and content.is_file():  # the link's target may become another version
                file.unlink()
                shutil.copy2(content, file)
        for entry in linked:
            (draft / entry.name).symlink_to(entry)
        if code_hash(draft) != wanted_hash:  # it changed while it was copied: this version never ran
            shutil.rmtree(draft)
            return
        draft.rename(kept)
        for other in self._folder.iterdir():
            if other != kept:
                shutil.rmtree(other, ignore_errors=True)

    def path(self, wanted_hash: str) -> Path | None:
        """The copy of the code with this hash; None if there is none, or it has changed."""
        kept = self._folder / wanted_hash
        with contextlib.suppress(OSError):
            if kept.is_dir() and code_hash(kept) == wanted_hash:
                return kept
        return None
