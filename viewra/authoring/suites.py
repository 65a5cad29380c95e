"""Tests a plugin: its own tests, and viewra's check suites on it as an object, over loopback, and as a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from viewra.authoring.checking import OWN_TESTS, Checks, Outcome
from viewra.authoring.checks_child import FORMS
from viewra.authoring.sample_library import write_sample_library
from viewra.authoring.targets import Target
from viewra.authoring.traces import own_line
from viewra.errors import HandshakeError, ViewraError
from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins
from viewra.host.installed.entry_point import command
from viewra.host.logs.log import last_words
from viewra.manifest import Manifest
from viewra.testing import subprocess_plugin
from viewra.testing._tested import Tested

CHECKS_S = 300.0
"""Seconds for the suites in the plugin's interpreter."""
NO_TESTS = 5
"""pytest's exit status if it found no test."""
_WITH_PACKAGES = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_PYTEST_SECTIONS = {
    "pytest.ini": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}


@attrs.frozen
class TestReport:
    """The outcomes of all suites, and the ``output`` of the plugin's own tests."""

    __test__ = False  # not for pytest to collect
    outcomes: tuple[Outcome, ...]
    output: str


@attrs.frozen
class Built:
    """What was built for a plugin: the folder of its ``packages``, ``variables`` that tell of it, ``environments``."""

    packages: Path | None = None
    variables: Mapping[str, str] = attrs.field(factory=dict)
    environments: Environments | None = None

    @classmethod
    def of(cls, manifest: Manifest, origins: Origins, folder: Path) -> Built:
        """Build it in a folder, if the plugin names packages. Raises ManifestError and ViewraError."""
        environments = Environments(folder, origins)
        environment = environments.of(manifest)
        if environment is None:
            return NOTHING_BUILT
        return cls(environment.packages, Tested(str(folder), origins).variables, environments)

    def module(self, name: str) -> list[str]:
        """The arguments with which an interpreter runs a module; its own packages come before the plugin's."""
        return ["-m", name] if self.packages is None else ["-c", _WITH_PACKAGES, str(self.packages), name]


NOTHING_BUILT = Built()


def run_suites(
    target: Target,
    manifest: Manifest,
    settings: Mapping[str, object],
    *,
    library: Path | None,
    timeout_s: float,
    packages: Origins | None = None,
) -> TestReport:
    """Run all suites. ``library`` has the author's own sample files; its own tests get ``timeout_s`` seconds.

    Where ``packages`` is given, an environment is built with those that it names. As a process it runs in that; its own
    tests and the checks of it as an object find the packages behind their own. Raises ManifestError if that fails.
    """
    with tempfile.TemporaryDirectory(prefix="viewra-test-") as name:
        folder = Path(name)
        built = Built.of(manifest, packages, folder) if packages is not None else NOTHING_BUILT
        own, output = own_tests(target, manifest, timeout_s, built)
        if library is None:
            library = folder / "library"
            write_sample_library(library)
        checks = Checks(manifest, sorted(file for file in library.rglob("*") if file.is_file()), folder)
        outcomes = [
            own,
            *as_objects(manifest, checks, settings, library, folder, built),
            *_as_process(manifest, checks, settings, built.environments),
        ]
    return TestReport(tuple(outcomes), output)


def own_tests(
    target: Target, manifest: Manifest, timeout_s: float, built: Built = NOTHING_BUILT
) -> tuple[Outcome, str]:
    """Run the plugin's own tests; gives their output, too."""
    home = target.directory
    if target.is_built:
        form, argv, missing = (
            "go test",
            ["go", "test", "-trimpath", "./..."],
            "" if shutil.which("go") else "go is not installed",
        )
    else:
        interpreter, home = _interpreter(manifest), _pytest_home(home)
        form, argv = "pytest", [interpreter, *built.module("pytest"), str(target.directory)]
        missing = (
            "" if has_module(interpreter, "pytest") else f"pytest is not installed: {interpreter} -m pip install pytest"
        )
    if missing:
        return Outcome(OWN_TESTS, form, "failed", 0.0, missing), ""
    began = time.monotonic()
    try:
        done = subprocess.run(
            argv,
            cwd=home,
            env={**os.environ, **built.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        said = late.output.decode(errors="replace") if isinstance(late.output, bytes) else late.output or ""
        return Outcome(OWN_TESTS, form, "failed", timeout_s, f"did not end within {timeout_s:g} s"), said
    seconds = round(time.monotonic() - began, 3)
    said = [" ".join(line.strip("= ").split()) for line in done.stdout.splitlines()]
    last = next((line for line in reversed(said) if line and not line.endswith("[no test files]")), "")
    if form == "pytest" and done.returncode == NO_TESTS:
        return Outcome(OWN_TESTS, form, "skipped", seconds, "it has none"), ""
    return Outcome(OWN_TESTS, form, "passed" if done.returncode == 0 else "failed", seconds, last), done.stdout


def as_objects(
    manifest: Manifest,
    checks: Checks,
    settings: Mapping[str, object],
    library: Path,
    folder: Path,
    built: Built = NOTHING_BUILT,
) -> Sequence[Outcome]:
    """The suites in the plugin's interpreter; nothing for a plugin that is no Python program."""
    if len(command(manifest)) == 1:
        return ()
    result = folder / "outcomes"
    argv = [
        _interpreter(manifest),
        *built.module("viewra.authoring.checks_child"),
        str(manifest.file),
        str(result),
        str(library),
    ]
    try:
        done = subprocess.run(
            argv,
            cwd=manifest.directory,
            input=json.dumps(dict(settings)),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CHECKS_S,
            check=False,
        )
        lost = (
            "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        )
    except subprocess.TimeoutExpired:
        lost = f"did not end within {CHECKS_S:g} s"
    known = [Outcome(**one) for one in json.loads(result.read_text("utf-8"))] if result.exists() else []
    there = {one.form for one in known}
    for form in FORMS:
        if form not in there:
            known += checks.all_of(form, "failed", lost or "gave no outcome")
    return known


def _as_process(
    manifest: Manifest, checks: Checks, settings: Mapping[str, object], environments: Environments | None
) -> list[Outcome]:
    try:
        with subprocess_plugin(manifest.directory, settings=settings, packages=environments) as plugin:
            return checks.run(plugin, "process")
    except ViewraError as error:
        cause = error.__cause__
        output = list(last_words(cause.output)) if isinstance(cause, HandshakeError) else []
        line = own_line(["\n".join(output)], manifest.directory)
        detail = "; ".join([error.message, *output[-1:]]) + (f" at {line}" if line else "")
        return checks.all_of("process", "failed", detail)


def _pytest_home(directory: Path) -> Path:
    """Where pytest is configured, at or above the plugin's directory: its tests may need what is there."""
    for folder in (directory, *directory.parents):
        for name, section in _PYTEST_SECTIONS.items():
            with suppress(OSError, UnicodeDecodeError):
                if section in (folder / name).read_text("utf-8"):
                    return folder
    return directory


def _interpreter(manifest: Manifest) -> str:
    """The one that runs the plugin."""
    first, *entry = command(manifest)
    return first if entry else sys.executable


def has_module(interpreter: str, module: str) -> bool:
    """Whether an interpreter can import a module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    done = subprocess.run(
        [interpreter, "-P", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
    )
    return done.returncode == 0
