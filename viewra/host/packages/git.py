"""Clones Git repositories: nothing of a repository runs, and its files are counted before they are written."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from viewra.errors import ViewraError
from viewra.host.packages.names import Limits, Names

CLONE_S = 300.0
"""Seconds for one command of git."""
_FORMS = re.compile(r"(git\+)?(?P<url>(https|ssh|file)://[^\s]+|[\w.-]+@[\w.-]+:[^\s]+)$")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_LISTED = re.compile(rb"\d+ \w+ [0-9a-f]+ +(?P<size>\d+|-)\t")
_LARGEST_PACK, _LARGEST_LIST = 512 << 20, 16 << 20
_SAFE = (
    *("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false"),
    *("-c", "core.fsmonitor=false", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.required=false"),
)
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}


def is_git(source: str) -> bool:
    """Whether a source names a Git repository: ``git+URL``, or a URL that ends in ``.git``, each with ``@REVISION``."""
    match = _FORMS.match(source)
    return match is not None and (source.startswith("git+") or _revision_of(match["url"])[0].endswith(".git"))


def clone(source: str, target: Path, limits: Limits | None = None) -> str:
    """Write the files of a repository into a new folder, without its hooks, submodules and filters; gives the commit.

    Raises BadPackage for one with more than the ``limits``, ViewraError for one that cannot be cloned.
    """
    match = _FORMS.match(source)
    assert match is not None  # noqa: S101 - ``is_git`` has looked
    url, revision = _revision_of(match["url"])
    commit = revision if _COMMIT.fullmatch(revision) else ""
    chosen = ["--branch", revision] if revision and not commit else []
    depth = [] if commit else ["--depth", "1"]
    words = ["clone", "--quiet", "--no-checkout", "--no-recurse-submodules", "--template=", *depth, *chosen]
    _git([*words, "--", url, str(target)], url)
    there = ["-C", str(target)]
    listed = _git([*there, "ls-tree", "-r", "-z", "--long", commit or "HEAD", "--"], url, _LARGEST_LIST)
    _require_within(listed, url, limits or Limits())
    _git([*there, "checkout", "--quiet", "--detach", commit or "HEAD", "--"], url)
    return _git([*there, "rev-parse", "HEAD"], url).decode("ascii").strip()


def _require_within(listed: bytes, url: str, limits: Limits) -> None:
    """Refuse too many or too large files: trees may contain each other, so that a few names stand for millions."""
    names, files = Names(url, limits), listed.split(b"\0")[:-1]
    if len(files) > limits.files:
        raise names.refused(f"it contains more than {limits.files:,} files")
    for file in files:
        found = _LISTED.match(file)
        if found is None:
            raise names.refused("git lists its files in an unknown form")
        names.count(0 if found["size"] == b"-" else int(found["size"]))  # no size: a submodule, which is left out


def _revision_of(url: str) -> tuple[str, str]:
    """A URL without its ``@REVISION``, and that; a user's name is before an @, too."""
    head, mark, revision = url.partition(".git@")
    if mark:
        return f"{head}.git", revision
    head, at, revision = url.rpartition("@")
    return (head, revision) if at and "/" not in revision and ":" not in revision else (url, "")


def _git(words: Sequence[str], url: str, largest: int = _LARGEST_PACK) -> bytes:
    """What git printed; it writes no file of more than ``largest`` bytes. Raises ViewraError."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        try:
            process = subprocess.Popen(
                ["git", *_SAFE, *words],  # noqa: S607 - the operator's own, from the PATH
                env={**os.environ, **_QUIET},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                start_new_session=True,  # what it starts ends with it
            )
        except FileNotFoundError:
            raise ViewraError(f"{url} cannot be cloned: git is not installed", hint="install git") from None
        try:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
            status = process.wait(CLONE_S)
        except subprocess.TimeoutExpired:
            raise ViewraError(f"{url} was not cloned within {CLONE_S:g} s") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if said.tell() >= largest or status == -signal.SIGXFSZ:
            raise ViewraError(
                f"{url} cannot be cloned: it is too large", hint="name a smaller repository, or an archive"
            )
        if status != 0:
            complained.seek(0)
            lines = complained.read(1 << 16).decode("utf-8", "replace").splitlines()
            told = (line for line in lines if line and not line.lower().startswith(("warning:", "hint:")))
            why = next(told, f"git ended with exit status {status}")
            raise ViewraError(f"{url} cannot be cloned: {why}", hint="check the address and the revision")
        said.seek(0)
        return said.read()
