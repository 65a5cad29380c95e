"""The two programs that resolve and install packages: uv where it is found, pip otherwise."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import attrs
from packaging.utils import canonicalize_name

from viewra.errors import ViewraError
from viewra.host.environments import sdk_wheel
from viewra.host.environments.origins import Origins
from viewra.host.sync.cancellation import Cancellation

BUILD_S = 900.0
"""Seconds for one run of a tool, which may download hundreds of megabytes."""
_KEPT_OUTPUT = 20_000
_END_S = 30.0


class ToolFailed(Exception):
    """A tool ended with an error; its text is the tool's output."""


@attrs.frozen
class Running:
    """How a tool is run: in ``folder``, until ``cancellation`` closes. It inherits the descriptor of a ``lock``."""

    folder: Path
    cancellation: Cancellation
    lock: int

    def run(self, argv: Sequence[str]) -> None:
        """Run a command to its end; raises ToolFailed, or ViewraError if it does not end or was cancelled."""
        try:
            process = subprocess.Popen(
                argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # A tool whose host was killed keeps the lock until it has ended.
                pass_fds=(self.lock,),
                start_new_session=True,
            )
        except OSError as error:
            raise ViewraError(f"{argv[0]} cannot be started: {error.strerror}") from error
        try:
            with self.cancellation.cuts(lambda: _kill(process)):
                said, _ = process.communicate(timeout=BUILD_S)
        except subprocess.TimeoutExpired:
            raise ViewraError(f"its packages were not installed within {BUILD_S:g} s") from None
        finally:
            _kill(process)
            _let_go(process)
        if self.cancellation.closed:
            raise ViewraError("the installation of its packages was cancelled")
        if process.returncode != 0:
            raise ToolFailed(said[-_KEPT_OUTPUT:])


class Tool(Protocol):
    """Resolves and installs packages for the interpreter that runs the host."""

    def lock(self, requirements: Path, origins: Origins, running: Running) -> list[tuple[str, tuple[str, ...]]]:
        """Each distribution that the requirements lead to, as ``name==version``, with the hashes of its files.

        ``name @ URL`` for one that is named so. The SDK is left out. Raises ToolFailed.
        """
        ...

    def install(self, environment: Path, locked: Path, wheel: Path, origins: Origins, running: Running) -> None:
        """Make an environment with the SDK and what a lock file lists, verified by its hashes. Raises ToolFailed.

        The listed packages are the last thing that is done: an interpreter that starts afterwards in the environment
        runs what they have in ``.pth`` files, outside of any sandbox.
        """
        ...


@attrs.frozen
class Uv:
    """uv, with a cache whose files are linked into the environments."""

    program: str
    cache: Path

    def lock(self, requirements: Path, origins: Origins, running: Running) -> list[tuple[str, tuple[str, ...]]]:
        """See ``Tool``."""
        result = running.folder / "resolved.txt"
        running.run(
            [
                *(self.program, "pip", "compile", str(requirements), "--output-file", str(result)),
                *("--python", sys.executable, "--generate-hashes", "--no-header", "--no-annotate", "--quiet"),
                *("--no-emit-package", sdk_wheel.NAME, *self._common, *origins.options),
            ]
        )
        found: list[tuple[str, tuple[str, ...]]] = []
        for line in result.read_text("utf-8").replace("\\\n", " ").splitlines():
            named, *hashes = line.partition(" #")[0].split(" --hash=")
            if named.strip() and not named.startswith("#"):
                found.append((named.partition(" ; ")[0].strip(), tuple(one.strip() for one in hashes)))
        return found

    def install(self, environment: Path, locked: Path, wheel: Path, origins: Origins, running: Running) -> None:
        """See ``Tool``."""
        python = _new_environment(environment, running)
        options = ["--python", python, "--no-deps", "--no-compile-bytecode", "--quiet"]
        start = [self.program, "pip", "install", *options, *self._common, "--link-mode", "hardlink"]
        running.run([*start, "--no-index", str(wheel)])
        if locked.stat().st_size:
            running.run([*start, "--require-hashes", *origins.options, "--requirement", str(locked)])

    @property
    def _common(self) -> tuple[str, ...]:
        return ("--cache-dir", str(self.cache))


@attrs.frozen
class Pip:
    """The pip of the host's interpreter."""

    cache: Path

    def lock(self, requirements: Path, origins: Origins, running: Running) -> list[tuple[str, tuple[str, ...]]]:
        """See ``Tool``."""
        result = running.folder / "resolved.json"
        asked = ["--dry-run", "--ignore-installed", "--report", str(result), "--requirement", str(requirements)]
        running.run([*self._start("install"), *asked, *origins.options])
        found: list[tuple[str, tuple[str, ...]]] = []
        for one in json.loads(result.read_text("utf-8"))["install"]:
            name, version = canonicalize_name(one["metadata"]["name"]), one["metadata"]["version"]
            if name == sdk_wheel.NAME:
                continue
            hashes = one["download_info"].get("archive_info", {}).get("hashes", {})
            named = f"{name} @ {one['download_info']['url']}" if one["is_direct"] else f"{name}=={version}"
            found.append((named, tuple(f"{kind}:{digest}" for kind, digest in hashes.items() if kind == "sha256")))
        return sorted(found)

    def install(self, environment: Path, locked: Path, wheel: Path, origins: Origins, running: Running) -> None:
        """See ``Tool``."""
        python = _new_environment(environment, running)
        start = [*self._start("--python", python, "install"), "--no-deps", "--no-compile"]
        running.run([*start, "--no-index", str(wheel)])
        if locked.stat().st_size:
            running.run([*start, "--require-hashes", *origins.options, "--requirement", str(locked)])

    def _start(self, *words: str) -> list[str]:
        quiet = ("--quiet", "--no-input", "--disable-pip-version-check", "--cache-dir", str(self.cache))
        return [sys.executable, "-m", "pip", *words, *quiet]


def _new_environment(folder: Path, running: Running) -> str:
    """Make an environment of the host's interpreter with nothing in it; returns its interpreter."""
    running.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)])
    return str(folder / "bin" / "python")


def find_tool() -> Tool:
    """The uv beside the host's interpreter or in the PATH, else pip; raises ViewraError if there is neither."""
    import platformdirs  # light start: a host builds environments rarely

    cache = Path(platformdirs.user_cache_dir("viewra", appauthor=False)) / "packages"
    beside = Path(sys.executable).with_name("uv")
    program = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if program is not None:
        return Uv(program, cache / "uv")
    if importlib.util.find_spec("pip") is not None:
        return Pip(cache / "pip")
    raise ViewraError(
        "its packages cannot be installed: there is neither uv nor pip", hint=f"{sys.executable} -m ensurepip, or uv"
    )


def _let_go(process: subprocess.Popen[str]) -> None:
    """Reap a tool that was ended, and close its output, which a process that left its group may hold open."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    if process.stdout is not None:
        process.stdout.close()


def _kill(process: subprocess.Popen[str]) -> None:
    """End a tool and what it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
