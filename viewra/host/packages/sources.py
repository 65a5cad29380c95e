"""Fetches a package into a folder: from a folder, a ZIP archive, a wheel, a Git repository, or the web."""

from __future__ import annotations

import os
import re
from pathlib import Path

from viewra.errors import UsageError, ViewraError
from viewra.host.installed.versions import Origin
from viewra.host.packages import git, web
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.unpacking import copy_folder, unzip
from viewra.host.packages.wheels import name_requirements

LARGEST = 512 << 20
"""Bytes of an archive."""
_NAME = re.compile(r"[a-z][a-z0-9_]*(==.*)?", re.DOTALL)


def is_name(source: str) -> bool:
    """Whether a source has the form of ``NAME`` or ``NAME==VERSION``, and so may be a plugin of a catalog."""
    return _NAME.fullmatch(source) is not None


def is_file(source: str) -> bool:
    """Whether a source names something on this machine, by its form or because it is there."""
    return os.sep in source or source.endswith((".zip", ".whl")) or Path(source).exists()


def split(source: str) -> tuple[str, str]:
    """``SOURCE#FOLDER`` in its two parts; a path that exists is no such pair."""
    if "#" not in source or Path(source).exists():
        return source, ""
    place, _, inner = source.partition("#")
    return place, inner


def fetch(source: str, folder: Path, told: Told = untold, *, inner: str = "") -> Origin:
    """Put the package's files into ``folder / "files"``; ``source`` is a path or an address.

    ``inner`` is remembered in the origin: the folder of the package that has the plugin.

    Raises UsageError for a source that is not there, BadPackage for one that is refused, and ViewraError.
    """
    files, mark = folder / "files", f"#{inner}" if inner else ""
    files.mkdir()
    if git.is_git(source):
        commit = git.clone(source, folder / "clone")
        copy_folder(folder / "clone", files)
        return Origin("git", source + mark, revision=commit)
    if source.startswith(("http://", "https://")):
        archive = folder / ("package.whl" if source.endswith(".whl") else "package.zip")
        web.download(source, archive, LARGEST, told)
        unpack(archive, files)
        return Origin("address", source + mark)
    path = Path(source).expanduser().absolute()
    try:
        if path.is_dir():
            copy_folder(path, files)
            return Origin("folder", str(path) + mark)
        unpack(path, files)
    except OSError as error:
        raise UsageError(
            f"{source}: {error.strerror or error}", hint="name a folder, a .zip, a .whl, a Git repository or a plugin"
        ) from error
    return Origin("wheel" if path.suffix == ".whl" else "zip", str(path) + mark)


def unpack(archive: Path, files: Path) -> None:
    """Unpack a ZIP archive or a wheel. Raises BadPackage and OSError."""
    if archive.stat().st_size > LARGEST:
        raise ViewraError(f"{archive} has more than {LARGEST:,} bytes")
    unzip(archive, files)
    if archive.suffix == ".whl":
        name_requirements(files)
