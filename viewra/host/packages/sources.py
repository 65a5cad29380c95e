"""Fetches a package into a folder: from a folder, a ZIP archive, a wheel, a Git repository, or the web."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from viewra.errors import UsageError, ViewraError
from viewra.host.installed.versions import Origin
from viewra.host.packages import web
from viewra.host.packages.arriving import Told, untold
from viewra.host.packages.unpacking import copy_folder, unzip
from viewra.host.packages.wheels import name_requirements

GIT_S = 300.0
"""Seconds for a clone."""
LARGEST = 512 << 20
"""Bytes of an archive."""
_GIT_FORMS = re.compile(r"(git\+)?(?P<url>(https|ssh|file)://[^\s]+|[\w.-]+@[\w.-]+:[^\s]+)$")
_SAFE_GIT = (
    *("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false"),
    *("-c", "core.fsmonitor=false", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.required=false"),
)


def is_git(source: str) -> bool:
    """Whether a source names a Git repository: ``git+URL``, or a URL that ends in ``.git``, each with ``@REVISION``."""
    match = _GIT_FORMS.match(source)
    return match is not None and (source.startswith("git+") or _revision_of(match["url"])[0].endswith(".git"))


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
    if is_git(source):
        return _clone(source, folder, files, mark)
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


def _clone(source: str, folder: Path, files: Path, mark: str) -> Origin:
    """Clone without running anything of the repository's: no hooks, no submodules, no filters."""
    match = _GIT_FORMS.match(source)
    assert match is not None  # noqa: S101 - ``is_git`` has looked
    url, revision = _revision_of(match["url"])
    clone = folder / "clone"
    git = ["git", *_SAFE_GIT]
    chosen = ["--branch", revision] if revision and not re.fullmatch(r"[0-9a-f]{7,40}", revision) else []
    depth = ["--depth", "1"] if not revision or chosen else []
    clone_words = ["clone", "--quiet", "--no-recurse-submodules", "--template=", *depth, *chosen]
    _git([*git, *clone_words, "--", url, str(clone)], url)
    if revision and not chosen:
        _git([*git, "-C", str(clone), "checkout", "--quiet", "--detach", revision, "--"], url)
    commit = _git([*git, "-C", str(clone), "rev-parse", "HEAD"], url).strip()
    copy_folder(clone, files)
    return Origin("git", source + mark, revision=commit)


def _revision_of(url: str) -> tuple[str, str]:
    """A URL without its ``@REVISION``, and that; a user's name is before an @, too."""
    head, mark, revision = url.partition(".git@")
    if mark:
        return f"{head}.git", revision
    head, at, revision = url.rpartition("@")
    return (head, revision) if at and "/" not in revision and ":" not in revision else (url, "")


def _git(argv: list[str], url: str) -> str:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_S,
            check=False,
        )
    except FileNotFoundError:
        raise ViewraError(f"{url} cannot be cloned: git is not installed", hint="install git") from None
    except subprocess.TimeoutExpired:
        raise ViewraError(f"{url} was not cloned within {GIT_S:g} s") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ViewraError(f"{url} cannot be cloned: {said}", hint="check the address and the revision")
    return done.stdout
