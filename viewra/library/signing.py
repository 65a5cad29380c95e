"""The signatures of folders during one scan: which folders are as they were, and which are as their rows say now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa

from viewra.db.transactions import reading
from viewra.library.filerows import FileRows
from viewra.library.folder_signature import context_of
from viewra.library.found import EVIDENCE
from viewra.library.known import KNOWN_EVIDENCE, KNOWN_REST, KnownPart, is_same_link
from viewra.library.mime import MediaTypes
from viewra.library.scope import Scope
from viewra.library.settled import KnownFolder, known_folders, program_of
from viewra.library.walk import FoundDirectory


class Signing:
    """The folders of a scope with a signature, and those that get one.

    A folder gets one when its rows are read again after they were written, and say what the walk found: then a scan of
    the same folder would find nothing to do.
    """

    def __init__(
        self,
        engine: sa.Engine,
        rows: FileRows,
        media: MediaTypes,
        wanted: Callable[[str], bool],
        leaving: Collection[str],
    ) -> None:
        """``leaving`` are types of known files that are left out from now on."""
        self._engine = engine
        self._rows = rows
        self._leaving = leaving
        wanted_kinds = sorted(kind for kind in media.kinds() if wanted(kind))
        self.context = context_of(program_of(media), wanted_kinds, sorted(leaving))
        self.known: dict[bytes, KnownFolder] = {}

    def load(self, scope: Scope) -> None:
        """Take the folders with a signature for known."""
        with reading(self._engine) as connection:
            self.known = known_folders(connection, scope.directories())

    def sign(self, folders: Sequence[FoundDirectory], declined: Collection[tuple[bytes, bytes]]) -> None:
        """Store the signatures of folders whose files are as their rows say, or were ``declined``: by path and name."""
        with_signature = [one for one in folders if one.signature is not None]
        if not with_signature:
            return
        with reading(self._engine) as connection:
            now = KnownPart(connection, [one.path for one in with_signature])
        files: dict[bytes, int] = {}
        for one in with_signature:
            if not now.differs(one) and (count := self._agrees(one, now, declined)) is not None:
                files[one.path] = count
        if files:
            self._rows.sign([one for one in with_signature if one.path in files], files, now.ids)

    def _agrees(self, folder: FoundDirectory, now: KnownPart, declined: Collection[tuple[bytes, bytes]]) -> int | None:
        """How many files with a row a folder has, if its rows say what the walk found; else None."""
        directory_id = now.ids.get(folder.path)
        files = dict(now.files.get(directory_id, {}))
        links = dict(now.links.get(directory_id or 0, {}))
        count = 0
        for found in folder.files:
            row, link = files.pop(found.name, None), links.pop(found.name, None)
            if row is not None and link is None:
                mime_type, fingerprint, missing_since = row[KNOWN_REST]
                if row[KNOWN_EVIDENCE] != found[EVIDENCE] or fingerprint is None or missing_since is not None:
                    return None
                if mime_type in self._leaving:
                    return None
            elif link is not None and row is None:
                if not is_same_link(link, found):
                    return None
            elif row is not None or (folder.path, found.name) not in declined:
                return None
            count += row is not None
        is_all = not links and all(row.missing_since is not None for row in files.values())
        return count if is_all else None
