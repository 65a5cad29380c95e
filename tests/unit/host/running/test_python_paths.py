"""What a confined process may read of Python: the interpreter that runs it, and no folder above."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import viewra
from viewra.host.running import python_paths
from viewra.host.running.python_paths import read_by_python

REAL = Path(sys.executable).resolve()


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """What is known of the host's interpreter is found again."""
    python_paths._of_host.cache_clear()
    yield
    python_paths._of_host.cache_clear()


@pytest.mark.parametrize("user_site", [True, False, None])
def test_a_plugin_reads_the_hosts_interpreter_and_viewra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_site: bool | None
) -> None:
    monkeypatch.setattr(site, "ENABLE_USER_SITE", user_site)
    found = read_by_python(tmp_path)
    packages = Path(os.fsdecode(viewra.__file__)).parent
    assert {sys.prefix, str(REAL), str(REAL.parent.parent / "lib"), str(packages)} <= set(found)
    assert (site.getusersitepackages() in found) is bool(user_site)


def test_one_with_an_interpreter_of_its_own_reads_that_too(tmp_path: Path) -> None:
    real = tmp_path / "python" / "bin" / "python3"
    real.parent.mkdir(parents=True)
    real.write_text("")
    own = tmp_path / "p" / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(real)
    assert read_by_python(tmp_path / "p") == (
        *read_by_python(tmp_path),
        str(real),
        str(tmp_path / "python" / "lib"),
    )
