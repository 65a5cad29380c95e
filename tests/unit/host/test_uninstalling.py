"""Removals of plugins: a refused one changes nothing, and an interrupted one is completed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MANIFEST
from tests.killing import KILLS, kill_at_random_moments, run, was_killed
from viewra import Host
from viewra.db import read_removals, read_settings
from viewra.db.engine import open_unmigrated
from viewra.errors import DatabaseError, UsageError, ViewraError
from viewra.host.admin.dispatch import Dispatch
from viewra.host.database.databases import PluginDatabases
from viewra.host.installed import uninstall as files
from viewra.host.plugin import Plugin
from viewra.types import PluginState

pytestmark = pytest.mark.usefixtures("quick_hosts")

MakePlugin = Callable[..., Path]

PLACES = ("plugins/gone", "backups/plugins/gone", "kept-code/gone")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a plugin that was enabled, set and pinned, and has files wherever it may have some."""
    top = tmp_path_factory.mktemp("uninstalling")
    data_dir = top / "data"
    folder = data_dir / "plugin-packages" / "gone"
    folder.mkdir(parents=True)
    extra = "settings: word: string"
    manifest = MANIFEST.format(plugin_id="gone", entry="main.py", capabilities="search_service: true", extra=extra)
    (folder / "plugin.cue").write_text(manifest)
    (folder / "main.py").touch()
    with host_on(data_dir) as host:
        host.plugins["gone"].enable()
        host.plugins["gone"].settings.change({"word": "secret"})
        host.plugins["gone"].pin()
    for place in PLACES:
        (data_dir / place / "inner").mkdir(parents=True)
        (data_dir / place / "inner" / "file").write_text("x")
    (data_dir / "logs").mkdir()
    for name in ("gone.log", "gone.log.1"):
        (data_dir / "logs" / name).write_text("x")
    shutil.copytree(data_dir, top / "template")
    return top / "template"


@pytest.fixture
def data_dir(template: Path) -> Path:
    """The same place for each test: paths are in the database."""
    data_dir = template.with_name("data")
    shutil.rmtree(data_dir)
    return Path(shutil.copytree(template, data_dir))


def host_on(data_dir: Path, *, exclusive: bool = True) -> Host:
    return Host(data_dir=data_dir, watch=False, exclusive=exclusive)


def left(data_dir: Path) -> list[str]:
    """What there still is of the plugin, on disk and in the database."""
    found = [str(path.relative_to(data_dir)) for path in data_dir.rglob("*gone*")]
    engine = open_unmigrated(f"sqlite:///{data_dir / 'viewra.db'}")
    found += [f"setting {key}" for key in read_settings(engine, "gone")]
    found += [f"removal {one.plugin_id}" for one in read_removals(engine)]
    engine.dispose()
    return sorted(found)


PROGRAM = """
import sys
from pathlib import Path
from tests import killing
from viewra import Host
from viewra.host import uninstalling
from viewra.host.database.databases import PluginDatabases
from viewra.host.installed import discovery, uninstall
discovery.shipped_directory = lambda: None
data_dir, point, delay = sys.argv[1:]
places = {
    "recorded": (uninstalling, "write_removal"),
    "database dropped": (PluginDatabases, "drop"),
    "listener forgotten": (uninstalling.library, "forget_listener"),
    "renamed": (Path, "rename"),
    "folder deleted": (uninstall.shutil, "rmtree"),
    "package removed": (uninstalling, "remove_package"),
}
with Host(data_dir=data_dir, watch=False) as host:
    began = killing.arm(point, float(delay), places)
    host.plugins.uninstall("gone", keep_data=False)
    killing.finish(began)
"""


@pytest.mark.parametrize(
    "point",
    [
        "recorded",
        "database dropped",
        "listener forgotten",
        "renamed",
        "folder deleted",
        "package removed",
    ],
)
def test_a_removal_that_is_killed_is_finished_by_the_next_host(data_dir: Path, point: str) -> None:
    assert was_killed(run(PROGRAM, data_dir, point=point))
    assert left(data_dir) != []
    with host_on(data_dir) as host:
        assert "gone" not in host.plugins
    assert left(data_dir) == []


@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_removal_that_is_killed_at_any_moment_is_finished(template: Path, data_dir: Path) -> None:
    def attempt(point: str, delay_s: float) -> subprocess.CompletedProcess[str]:
        return run(PROGRAM, data_dir, point=point, delay_s=delay_s)

    def prepare() -> None:
        shutil.rmtree(data_dir)
        shutil.copytree(template, data_dir)

    def check() -> None:
        with host_on(data_dir) as host:
            there = "gone" in host.plugins
            if there:  # nothing was recorded yet
                assert host.plugins["gone"].state is PluginState.READY
                host.plugins.uninstall("gone", keep_data=False)
        assert left(data_dir) == []

    kill_at_random_moments(8, attempt, prepare=prepare, check=check)


def test_the_same_command_finishes_it_and_says_so(data_dir: Path) -> None:
    folder = data_dir / "plugin-packages" / "gone"
    assert was_killed(run(PROGRAM, data_dir, point="renamed"))
    with host_on(data_dir) as host:
        said = Dispatch(host.plugins).answer("uninstall", {"plugin_id": "gone", "keep_data": False})
        assert said["said"] == f"gone was removed from {folder}; its data was removed"
        with pytest.raises(UsageError, match="there is no plugin 'gone'"):
            Dispatch(host.plugins).answer("uninstall", {"plugin_id": "gone", "keep_data": False})
    assert left(data_dir) == []


def test_what_was_installed_again_since_stays(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "plugin-packages" / "gone"
    shutil.copytree(folder, tmp_path / "copy")
    assert was_killed(run(PROGRAM, data_dir, point="renamed"))
    shutil.copytree(tmp_path / "copy", folder)
    with host_on(data_dir, exclusive=False) as looking:
        looking.plugins["gone"].settings.change({"word": "new"})
    with host_on(data_dir) as host:
        assert host.plugins["gone"].state is PluginState.DISABLED
    assert not (data_dir / "plugins" / "gone").exists()


def test_kept_data_can_be_removed_later(data_dir: Path) -> None:
    with host_on(data_dir) as host:
        host.plugins.uninstall("gone", keep_data=True)
        assert not (data_dir / "kept-code" / "gone").exists(), "that is code"
        assert (data_dir / "plugins" / "gone" / "inner" / "file").exists()
        assert (data_dir / "logs" / "gone.log").exists()
        assert read_settings(host.engine, "gone")
        said = Dispatch(host.plugins).answer("uninstall", {"plugin_id": "gone", "keep_data": False})
        assert said == {"said": "what was left of gone was removed", "id": "gone", "path": None}
    assert left(data_dir) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../plugins", "a/b", "gone/inner", "\0"])
def test_an_id_never_leads_out_of_the_data_directory(data_dir: Path, name: str) -> None:
    with host_on(data_dir) as host, pytest.raises(UsageError, match="there is no plugin"):
        host.plugins.uninstall(name, keep_data=False)
    assert (data_dir / "plugins" / "gone" / "inner" / "file").exists()


@pytest.mark.parametrize("place", [*PLACES, "logs/gone.log"])
def test_a_link_goes_and_what_it_leads_to_stays(data_dir: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").write_text("mine")
    files.delete(data_dir / place)
    (data_dir / place).symlink_to(tmp_path / "elsewhere")
    with host_on(data_dir) as host:
        host.plugins.uninstall("gone", keep_data=False)
    assert (tmp_path / "elsewhere" / "mine").read_text() == "mine"
    assert left(data_dir) == []


class TestRefused:
    """What is refused has changed nothing."""

    @staticmethod
    def picture(data_dir: Path, plugin: Plugin) -> object:
        on_disk = sorted((str(path), path.lstat().st_mtime_ns) for path in data_dir.glob("p*/**/*"))
        return on_disk, plugin.state, plugin.pinned, plugin.settings.shown()

    @pytest.mark.shipped
    def test_one_that_is_not_viewras(self, make_plugin: MakePlugin, data_dir: Path, tmp_path: Path) -> None:
        make_plugin("given", "")
        with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=data_dir, watch=False) as host:
            for plugin_id in ("given", "audio_tags"):
                plugin = host.plugins[plugin_id]
                plugin.enable()
                plugin.pin()
                before = self.picture(tmp_path, plugin)
                for keep_data in (True, False):
                    with pytest.raises(UsageError):
                        host.plugins.uninstall(plugin_id, keep_data=keep_data)
                assert self.picture(tmp_path, plugin) == before
                assert plugin.state is PluginState.READY
                assert read_removals(host.engine) == []

    def test_data_that_another_one_shares(self, make_plugin: MakePlugin, data_dir: Path, tmp_path: Path) -> None:
        make_plugin("gone", "")
        with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=data_dir, watch=False) as host:
            before = self.picture(data_dir, host.plugins["gone"])
            with pytest.raises(UsageError, match="another plugin gone"):
                host.plugins.uninstall("gone", keep_data=False)
            assert self.picture(data_dir, host.plugins["gone"]) == before
            assert read_removals(host.engine) == []

    def test_a_database_that_cannot_be_dropped(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise DatabaseError("somebody else owns it")

        with host_on(data_dir) as host:
            before = self.picture(data_dir, host.plugins["gone"])
            monkeypatch.setattr(PluginDatabases, "drop", refuse)
            with pytest.raises(DatabaseError):
                host.plugins.uninstall("gone", keep_data=False)
            assert self.picture(data_dir, host.plugins["gone"]) == before
            assert read_removals(host.engine) == [], "else the next host would remove it"
        with host_on(data_dir) as host:
            assert self.picture(data_dir, host.plugins["gone"]) == before

    def test_files_that_cannot_be_removed_are_tried_again(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, *_: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        with host_on(data_dir) as host, monkeypatch.context() as patched:
            patched.setattr(shutil, "rmtree", refuse)
            with pytest.raises(ViewraError, match=r"cannot be removed: .*Permission denied"):
                host.plugins.uninstall("gone", keep_data=False)
            assert "gone" not in host.plugins
            assert host.plugins.has_left("gone")
        with host_on(data_dir):
            pass
        assert left(data_dir) == []
