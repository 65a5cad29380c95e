"""A Viewra host made with HashiCorp's library starts a plugin made with ``viewra.sdk.serve`` and uses its services."""

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

PLUGIN = str(Path(__file__).with_name("python_viewra_plugin.py"))


def run(
    go_programs: Path,
    *flags: str,
    versions: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    plugin: str = PLUGIN,
) -> dict[str, Any]:
    done = subprocess.run(
        [go_programs / "viewrahost", *flags, sys.executable, plugin, *versions],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("flags", [(), ("-tls",)], ids=["plain", "autoMTLS"])
def test_viewras_services(go_programs: Path, flags: tuple[str, ...], tmp_path: Path) -> None:
    saw = run(go_programs, *flags, env={"TMPDIR": str(tmp_path)})
    assert "error" not in saw, saw
    assert (saw["id"], saw["capabilities"], saw["healthy"]) == ("in_python", ["search_service"], True)
    assert (saw["types"], saw["can_handle"]) == (["audio/flac"], True)
    assert saw["metadata"] == {"title": "/music/ä.flac", "answer": "42"}
    assert saw["refused"] == "cannot read it"
    assert (saw["found"], saw["score"]) == ("b 3 2, 7 /a T", 0.25)
    assert (saw["migrated"], saw["migrate_error"]) == (False, "read-only file system")
    assert saw["not_offered"] == "Unimplemented"
    assert (saw["dialled"], saw["served"]) == ("FROM THE HOST", "FROM THE PLUGIN")


MANIFEST = """\
#Plugin: {
    id: "songs", name: "Songs", version: "2.1.0", description: "Reads songs", author: "Ada", license: "MIT"
    website: "https://example.org", repository: "https://example.org/songs", tags: ["audio", "songs"]
    type: "metadata_scraper"
    entry_points: main: "main.py"
    capabilities: {metadata_scraper: true, search_service: true}
}
"""
OWN_MANIFEST = f"""\
import sys
sys.path.insert(0, {str(Path(PLUGIN).parent)!r})
from python_viewra_plugin import Everything
from viewra.sdk import Plugin, serve

class Songs(Everything):
    info = Plugin.info

serve(Songs())
"""


def test_info_before_initialize_is_that_of_its_manifest(go_programs: Path, tmp_path: Path) -> None:
    (tmp_path / "plugin.cue").write_text(MANIFEST)
    (tmp_path / "main.py").write_text(OWN_MANIFEST)
    saw = run(go_programs, plugin=str(tmp_path / "main.py"))
    assert "error" not in saw, saw
    assert saw["before"] == {
        "id": "songs",
        "name": "Songs",
        "version": "2.1.0",
        "description": "Reads songs",
        "author": "Ada",
        "license": "MIT",
        "website": "https://example.org",
        "repository": "https://example.org/songs",
        "tags": ["audio", "songs"],
        "type": "metadata_scraper",
        "capabilities": ["metadata_scraper", "search_service"],
        "install_path": str(tmp_path),
    }
    assert (saw["id"], saw["name"]) == ("from_go", "Songs"), "afterwards it has the id that the host gave it"


def records(saw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {record["@message"]: record for record in map(json.loads, saw["log"].splitlines())}


def test_what_it_prints_and_logs_and_how_it_ends(go_programs: Path, tmp_path: Path) -> None:
    saw = run(go_programs, env={"TMPDIR": str(tmp_path)})
    assert saw["stdout"] == "printed /music/ä.flac\n"
    logged = records(saw)["take care"]
    assert (logged["@level"], logged["number"], logged["plugin"]) == ("warn", 42, "from_go")
    failed = records(saw)["extract_metadata failed: ValueError"]
    assert failed["@level"] == "debug", "the host was told in the answer"
    assert failed["traceback"].endswith("ValueError: cannot read it")
    assert "printed to stderr\n" in saw["raw"]
    assert saw["exited"]
    assert saw["kill_s"] < 2, "the plugin had to be killed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "plugin", "agreed"), [("1,2,3", ("1", "2"), 2), ("1", ("1", "2"), 1), ("1", (), 1), ("1,2", (), 1)]
)
def test_the_version_is_agreed_and_its_plugin_object_serves(
    go_programs: Path, host: str, plugin: tuple[str, ...], agreed: int
) -> None:
    saw = run(go_programs, "-versions", host, versions=plugin)
    assert saw["version"] == agreed
    assert saw["name"] == f"version {agreed}"


def test_no_common_version(go_programs: Path) -> None:
    error = run(go_programs, "-versions", "1", versions=("3", "2"))["error"]
    assert "incompatible API version with plugin. Plugin version: 2, Client versions: [1]" in error


def test_a_wrong_cookie(go_programs: Path) -> None:
    saw = run(go_programs, "-cookie", "other")
    assert "Unrecognized remote plugin message" in saw["error"] or "exited before" in saw["error"]
    assert "This program is a plugin" in saw["raw"]
    direct = subprocess.run([sys.executable, PLUGIN], capture_output=True, text=True, timeout=60)
    assert (direct.returncode, direct.stdout) == (1, "")
    assert direct.stderr.startswith("This program is a plugin")


def test_multiplexing_is_declined(go_programs: Path) -> None:
    assert "multiplex" in run(go_programs, "-mux")["error"]


def test_reattaching(go_programs: Path) -> None:
    assert run(go_programs, "-reattach")["reattached"] == "in_python"


def test_a_checksum_of_the_interpreter(go_programs: Path) -> None:
    right = hashlib.sha256(Path(sys.executable).read_bytes()).hexdigest()
    assert run(go_programs, "-checksum", right)["id"] == "in_python"
    assert "checksums did not match" in run(go_programs, "-checksum", "00" * 32)["error"]
