"""The Go programs of this directory, built once a session with the toolchain on this machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.thorough import THOROUGH

HERE = Path(__file__).parent
QUICK = ("-gcflags=all=-N -l", "-ldflags=-s -w")
"""Where nothing is cached, compiling takes a third less; thorough tests compile more Go, which shares the cache."""


@pytest.fixture(scope="session")
def go_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs, each named like its folder in go/.

    Without Go the tests are skipped, unless VIEWRA_REQUIRE_GO is set.
    """
    go = shutil.which("go")
    if go is None:
        if os.environ.get("VIEWRA_REQUIRE_GO"):
            pytest.fail("VIEWRA_REQUIRE_GO is set, and there is no go on the PATH")
        pytest.skip("Go is not installed: the tests against HashiCorp's go-plugin need its toolchain")
    own = tmp_path_factory.getbasetemp()
    session = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    target = session / "go"
    with (session / "go.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one worker builds, which takes both cores a minute when nothing is cached
        if not target.exists():
            _build(go, target)
    return target


def _build(go: str, target: Path) -> None:
    draft = target.with_name("go.new")
    built = subprocess.run(
        [go, "build", "-trimpath", *([] if THOROUGH else QUICK), "-o", f"{draft}/", "./..."],
        cwd=HERE / "go",
        env={**os.environ, **({} if THOROUGH else {"CGO_ENABLED": "0"})},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    draft.rename(target)


@pytest.fixture(scope="session")
def go_plugin(go_programs: Path) -> Path:
    return go_programs / "plugin"


@pytest.fixture(scope="session")
def go_host(go_programs: Path) -> Path:
    return go_programs / "host"
