"""Builds the environments of plugins, each once: ``<data_dir>/environments/<id>/<key>``.

The key covers all that an environment is made of: the locked packages with their hashes, the SDK, the interpreter. An
environment counts once its marker is there, which is written last; what a killed host leaves is deleted by the next
one. The packages of a plugin are locked when they are first resolved, and again only if what it names changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
from packaging.utils import canonicalize_name

from viewra.errors import LockedError, ViewraError
from viewra.host.environments import sdk_wheel
from viewra.host.environments.complaints import complaint
from viewra.host.environments.environment import MARKER, Environment
from viewra.host.environments.origins import Origins
from viewra.host.environments.requirements import Requirements
from viewra.host.environments.tools import BUILD_S, Running, Tool, ToolFailed, find_tool
from viewra.host.installed.durable import flush, write_whole
from viewra.host.sync.cancellation import Cancellation

_KEPT = 3  # of a plugin: a process that is being replaced still imports from its own
_LOCK = ".lock"
_PAUSE_S = 0.1


@attrs.frozen
class Builder:
    """Builds the environments of one plugin, in the folder ``home``, from packages of ``origins``."""

    home: Path
    origins: Origins
    tool: Tool | None = None

    def ready(self, wanted: Requirements) -> Environment | None:
        """The environment with these packages; None if it is not built."""
        try:
            locked = (self.home / f"{_asked(wanted, self.origins)}.lock").read_text("utf-8")
        except OSError:
            return None
        environment = Environment(self.home / _key(locked))
        return environment if environment.is_complete else None

    def build(self, wanted: Requirements, cancellation: Cancellation) -> Environment:
        """The environment with these packages, built if it is not there; see ``Environments.of``."""
        try:
            with self._alone(cancellation) as lock:
                return self.ready(wanted) or self._built(wanted, cancellation, lock)
        except OSError as error:
            raise ViewraError(
                f"its environment in {self.home} cannot be made: {error.strerror or error}",
                hint="see that its disk has room and can be written",
            ) from error

    @contextlib.contextmanager
    def _alone(self, cancellation: Cancellation) -> Iterator[int]:
        """Hold the plugin's lock; gives its descriptor. Waits for the end of another build, even of a killed host."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + 2 * BUILD_S
            while not _lock(descriptor):
                if cancellation.wait(_PAUSE_S) or time.monotonic() >= until:
                    raise LockedError(f"its environment in {self.home} is being built by another process")
            yield descriptor
        finally:
            os.close(descriptor)

    def _built(self, wanted: Requirements, cancellation: Cancellation, lock: int) -> Environment:
        for left in self.home.iterdir():
            if left.is_dir() and not Environment(left).is_complete:
                shutil.rmtree(left)
        tool = self.tool or find_tool()
        with tempfile.TemporaryDirectory(prefix=".build-", dir=self.home) as name:
            running = Running(Path(name), cancellation, lock)
            try:
                locked = self._locked(wanted, tool, running)
                environment = Environment(self.home / _key(locked.read_text("utf-8")))
                if not environment.is_complete:
                    self._install(environment, locked, tool, running)
            except ToolFailed as error:
                raise complaint(wanted, str(error)) from error
        self._prune(environment)
        return environment

    def _locked(self, wanted: Requirements, tool: Tool, running: Running) -> Path:
        """The lock file of these requirements, resolved if it is not there."""
        path = self.home / f"{_asked(wanted, self.origins)}.lock"
        if path.exists():
            return path
        named = running.folder / "requirements.txt"
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        sdk = f"{sdk_wheel.NAME}{extras} @ {sdk_wheel.write(running.folder).as_uri()}"
        named.write_text("\n".join([*wanted.lines, sdk]) + "\n", "utf-8")
        allowed = {one.name: one.hashes for one in wanted.wanted if one.hashes}
        lines: list[str] = []
        for locked, found in tool.lock(named, self.origins, running):
            name, at, _ = locked.partition(" @ ")
            if at:
                raise ViewraError(f"one of its packages requires {locked[:200]!r}, and not by a version")
            name = canonicalize_name(re.split(r"[=\[ ]", name)[0])
            if name == "viewra":
                raise ViewraError(
                    "one of its packages requires viewra itself", hint=f"packages of plugins use {sdk_wheel.NAME}"
                )
            hashes = [one for one in found if one in allowed[name]] if name in allowed else list(found)
            if not hashes:
                raise ViewraError(f"{locked} has none of the hashes that {wanted.file} allows")
            lines.append(" ".join([locked, *(f"--hash={one}" for one in hashes)]))
        write_whole(path, "".join(f"{line}\n" for line in sorted(lines)))
        return path

    def _install(self, environment: Environment, locked: Path, tool: Tool, running: Running) -> None:
        folder = environment.folder
        tool.install(folder, locked, sdk_wheel.write(running.folder), self.origins, running)
        _compile(folder, running)
        flush(folder)
        write_whole(folder / MARKER, "")

    def _prune(self, used: Environment) -> None:
        """Delete the oldest environments, and their locks."""
        (used.folder / MARKER).touch()  # it may be an older one, for requirements that came back
        complete = [one for one in map(Environment, self.home.iterdir()) if one.is_complete]
        complete.sort(key=lambda one: (one.folder / MARKER).stat().st_mtime_ns, reverse=True)
        for old in complete[_KEPT:]:
            shutil.rmtree(old.folder, ignore_errors=True)
        locks = sorted(self.home.glob("*.lock"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in [one for one in locks if one.name != _LOCK][_KEPT:]:
            path.unlink(missing_ok=True)


def _compile(folder: Path, running: Running) -> None:
    """Compile what was installed, by the host's interpreter: see ``Tool.install``.

    What does not compile, such as a template of code, is left as it is: its import would tell of it.
    """
    with contextlib.suppress(ToolFailed):
        running.run([sys.executable, "-I", "-m", "compileall", "-qq", "-j", "0", str(folder / "lib")])


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _asked(wanted: Requirements, origins: Origins) -> str:
    """What the lock of these requirements is stored under."""
    hashes = [f"{one.name} {' '.join(one.hashes)}" for one in wanted.wanted if one.hashes]
    return _digest(
        *wanted.lines, *hashes, *wanted.extras, *sdk_wheel.requirements(), _interpreter(), str(origins.build)
    )


def _key(locked: str) -> str:
    """What an environment with these packages is stored under."""
    return _digest(locked, sdk_wheel.digest(), _interpreter())


def _interpreter() -> str:
    return f"{os.path.realpath(sys.executable)} {platform.python_version()} {platform.machine()}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]
