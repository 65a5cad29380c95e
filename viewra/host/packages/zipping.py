"""Writes the files of a folder into a ZIP archive: the same files give the same archive."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from pathlib import Path

from viewra.host.packages.unpacking import copy_folder

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a ZIP file


def zip_folder(folder: Path, archive: Path) -> None:
    """Write a folder's files, without hidden ones and caches; raises BadPackage for links and the like, OSError."""
    with tempfile.TemporaryDirectory(prefix="viewra-pack-") as name:
        files = Path(name)
        copy_folder(folder, files)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            for path in sorted(one for one in files.rglob("*") if one.is_file()):
                member = zipfile.ZipInfo(path.relative_to(files).as_posix(), _EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (stat.S_IFREG | (0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)) << 16
                opened.writestr(member, path.read_bytes())
