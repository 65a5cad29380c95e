"""The Go programs of this directory, built once a session with the toolchain on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


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
    target = tmp_path_factory.mktemp("go")
    built = subprocess.run(
        [go, "build", "-trimpath", "-o", f"{target}/", "./..."], cwd=HERE / "go", capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return target


@pytest.fixture(scope="session")
def go_plugin(go_programs: Path) -> Path:
    return go_programs / "plugin"


@pytest.fixture(scope="session")
def go_host(go_programs: Path) -> Path:
    return go_programs / "host"
