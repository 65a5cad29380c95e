"""``Info`` is complete before ``initialize``, asked over raw gRPC, and evaluates nothing where the host is viewra's."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import grpc
import pytest

from viewra.pb import plugin_pb2 as pb
from viewra.sdk import Plugin, PluginInfo
from viewra.sdk.about import MANIFEST_NAME, completion
from viewra.sdk.log import Logger

pytestmark = pytest.mark.process

MANIFEST = """\
id: "songs", name: "Songs", version: "2.1.0", description: "Reads songs", author: "Ada", license: "MIT"
type: "metadata_scraper", tags: ["audio"]
entry_points: main: "main.py"
capabilities: {metadata_scraper: true, karaoke: true}
"""
MAIN = """
import sys
from viewra.sdk import Plugin, PluginInfo, serve

class Songs(Plugin):
    def info(self):
        return PluginInfo("", name="Songs!")

    def stop(self):
        print("evaluated" if "viewra.manifest.cue" in sys.modules else "not evaluated", file=sys.stderr)

    health = stop

serve(Songs())
"""


def ask(tmp_path: Path, manifest: str | None, **env: str) -> tuple[pb.PluginInfo, str]:
    """Start the plugin as a host does, ask it for its info and nothing else, and end it; gives what it wrote, too."""
    (tmp_path / "main.py").write_text(textwrap.dedent(MAIN))
    if manifest is not None:
        (tmp_path / "plugin.cue").write_text(manifest)
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("VIEWRA_")},
        "VIEWRA_PLUGIN": "viewra_plugin_magic_cookie_v1",
        "PLUGIN_UNIX_SOCKET_DIR": str(tmp_path),
        "PLUGIN_PROTOCOL_VERSIONS": "1",
        **env,
    }
    command = [sys.executable, str(tmp_path / "main.py")]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip() or process.stdout.readline().strip()
        with grpc.insecure_channel(f"unix:{line.split('|')[3]}") as channel:
            call = channel.unary_unary(
                "/plugin.PluginService/Info", pb.InfoRequest.SerializeToString, pb.InfoResponse.FromString
            )
            info = call(pb.InfoRequest(), timeout=30, wait_for_ready=True).info
            health: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                "/plugin.PluginService/Health"
            )  # says what was imported until now
            with pytest.raises(grpc.RpcError):
                health(b"", timeout=30)
        process.terminate()
        _, errors = process.communicate(timeout=60)
    return info, errors


def test_another_host_is_told_all_of_the_manifest(tmp_path: Path) -> None:
    info, errors = ask(tmp_path, MANIFEST)
    assert info == pb.PluginInfo(
        id="songs",
        name="Songs!",
        version="2.1.0",
        description="Reads songs",
        author="Ada",
        license="MIT",
        type="metadata_scraper",
        tags=["audio"],
        capabilities=["karaoke", "metadata_scraper"],
        install_path=str(tmp_path),
    )
    assert "\nevaluated\n" in f"\n{errors}"


def test_a_host_of_viewras_has_read_it_and_nothing_is_evaluated(tmp_path: Path) -> None:
    info, errors = ask(tmp_path, MANIFEST, VIEWRA_OUTPUT="pipes")
    assert info == pb.PluginInfo(name="Songs!")
    assert "not evaluated" in errors


@pytest.mark.parametrize("manifest", [None, "id: 3", "\x00", "["])
def test_without_a_valid_manifest_it_says_what_it_can(tmp_path: Path, manifest: str | None) -> None:
    info, errors = ask(tmp_path, manifest)
    assert info == pb.PluginInfo(name="Songs!")
    assert ("the manifest is not valid" in errors) == (manifest is not None)


def test_it_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MANIFEST_NAME).write_text(MANIFEST)
    main = type(sys)("__main__")
    main.__file__ = str(tmp_path / "main.py")
    monkeypatch.setitem(sys.modules, "__main__", main)
    complete = completion(Plugin(), Logger(lambda *_: None))
    assert complete is not None
    assert complete(PluginInfo("")).version == "2.1.0"
    (tmp_path / MANIFEST_NAME).unlink()
    assert complete(PluginInfo("mine")) == complete(PluginInfo("mine"))
    assert complete(PluginInfo("mine")).id == "mine"
