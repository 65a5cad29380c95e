"""HashiCorp's own host starts a plugin made of viewra.transport and uses all of the wire."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

PLUGIN = str(Path(__file__).with_name("python_plugin.py"))


def run(
    go_host: Path, *flags: str, versions: tuple[str, ...] = (), env: dict[str, str] | None = None
) -> dict[str, Any]:
    done = subprocess.run(
        [str(go_host), *flags, sys.executable, PLUGIN, *versions],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("flags", [(), ("-tls",)], ids=["plain", "autoMTLS"])
def test_the_whole_wire(go_host: Path, flags: tuple[str, ...], tmp_path: Path) -> None:
    saw = run(go_host, *flags, env={"TMPDIR": str(tmp_path)})
    assert "error" not in saw, saw
    assert saw["echo"] == "python: hello"
    assert saw["dialled"] == "FROM THE HOST"
    assert saw["served"] == "FROM THE PLUGIN"
    assert saw["stdout"] == "stdout something\n"
    assert saw["stderr"] == "stderr something\n"
    record = next(record for record in map(json.loads, saw["log"].splitlines()) if record["@message"] == "take care")
    assert (record["@level"], record["number"]) == ("warn", 42)
    assert saw["exited"]
    assert saw["kill_s"] < 2, "the plugin had to be killed"
    assert "gracefully" not in saw["log"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "plugin", "agreed"), [("1,2,3", ("1", "2"), 2), ("2", ("3", "2", "1"), 2), ("1", (), 1)]
)
def test_the_version_is_agreed(go_host: Path, host: str, plugin: tuple[str, ...], agreed: int) -> None:
    assert run(go_host, "-versions", host, versions=plugin)["version"] == agreed


def test_no_common_version(go_host: Path) -> None:
    error = run(go_host, "-versions", "1", versions=("3", "2"))["error"]
    assert "incompatible API version with plugin. Plugin version: 2, Client versions: [1]" in error


def test_a_wrong_cookie(go_host: Path) -> None:
    saw = run(go_host, "-cookie", "other")
    assert "Unrecognized remote plugin message" in saw["error"] or "exited before" in saw["error"]
    assert "is a plugin" in saw["raw"]


def test_multiplexing_is_declined(go_host: Path) -> None:
    assert "multiplex" in run(go_host, "-mux")["error"]


def test_reattaching(go_host: Path) -> None:
    assert run(go_host, "-reattach")["reattached"] == "python: hello again"


def test_a_checksum(go_host: Path) -> None:
    right = hashlib.sha256(Path(sys.executable).read_bytes()).hexdigest()
    assert run(go_host, "-checksum", right)["echo"] == "python: hello"
    assert "checksums did not match" in run(go_host, "-checksum", "00" * 32)["error"]
