"""Pinned code: runs while it matches the pin, otherwise it is refused with both digests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from viewra import Host
from viewra.errors import PluginUnavailable

pytestmark = pytest.mark.process

CODE = """
    import helper
    from viewra.sdk import Plugin, serve
    class P(Plugin):
        def get_models(self): return [helper.NAME]
        def migrate(self, connection_string): pass
        def rollback(self, connection_string): pass
    serve(P())
"""


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    directory = make_plugin("pinned", CODE, capabilities=("database_service",))
    (directory / "helper.py").write_text('NAME = "a"')
    return directory


@pytest.mark.parametrize("changed", ["main.py", "helper.py", "new.py"])
def test_code_that_was_changed_is_refused_until_it_is_pinned_again(
    directory: Path, tmp_path: Path, changed: str
) -> None:
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        plugin = host.plugins["pinned"]
        plugin.enable()
        old = plugin.pin()
        plugin.load()
        plugin.unload()
        plugin.load()  # running it has changed nothing that is pinned
        with (directory / changed).open("a") as file:
            file.write("\n# changed")
        with pytest.raises(PluginUnavailable, match="at the step verify") as caught:
            plugin.restart()
        assert (old.entry if changed == "main.py" else old.tree) in str(caught.value) or old.tree in str(caught.value)
        assert "differs from its pin" in plugin.reason
        new = plugin.pin()
        assert new != old
        plugin.restart()
        assert plugin.pinned == new


def test_a_pin_outlives_the_host_and_is_for_one_place(directory: Path, tmp_path: Path) -> None:
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        pin = host.plugins["pinned"].pin()
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data") as host:
        assert host.plugins["pinned"].pinned == pin
        host.plugins["pinned"].unpin()
        assert host.plugins["pinned"].pinned is None


def test_a_program_is_pinned_alone_and_run_by_its_descriptor(tmp_path: Path) -> None:
    directory = tmp_path / "plugins" / "program"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(
        'id: "program"\nname: "P"\nversion: "1.0.0"\ntype: "generic"\nentry_points: main: "program"\n'
    )
    program = directory / "program"
    program.write_bytes(Path("/bin/true").read_bytes())
    program.chmod(0o755)
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data") as host:
        plugin = host.plugins["program"]
        plugin.enable()
        pin = plugin.pin()
        assert pin.tree == ""
        with pytest.raises(PluginUnavailable, match="exit status 0 before it printed a handshake"):
            plugin.load()  # it ran
        program.write_bytes(Path("/bin/false").read_bytes())
        with pytest.raises(PluginUnavailable, match=f"the pinned one {pin.entry}"):
            plugin.load()
