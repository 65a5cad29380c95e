"""Uninstalling plugins of the user's directory, with or without their data, and installing them again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MakePlugin
from tests.e2e.conftest import MUSIC, ON_BOTH, Viewra
from tests.thorough import thorough

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

CODE = """
    from pathlib import Path
    import sqlalchemy as sa
    from viewra.sdk import Plugin, serve
    from viewra.sdk_db import AlembicDatabaseService, open_engine
    class Counter(Plugin):
        def initialize(self, context):
            self.engine = open_engine(context.database_url)
        def stop(self):
            self.engine.dispose()
        def database_service(self):
            return AlembicDatabaseService(sa.MetaData(), Path(__file__).parent / "migrations")
        def on_scan_started(self, scan_job_id, library_id, library_path):
            with self.engine.begin() as connection:
                connection.exec_driver_sql("INSERT INTO scans DEFAULT VALUES")
        def on_media_file_scanned(self, media_file_id, file_path, metadata): pass
        def on_scan_completed(self, scan_job_id, library_id, stats):
            with self.engine.begin() as connection:
                seen = connection.exec_driver_sql("SELECT count(*) FROM scans").scalar()
            (Path(self.context.base_path) / "seen").write_text(f"{self.settings.word} {seen}")
    serve(Counter())
"""
EXTRA = """
settings: word: string | *"none"
database: engines: ["sqlite", "postgresql"]
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision = "1"
down_revision = None
def upgrade(): op.create_table("scans", sa.Column("id", sa.Integer(), primary_key=True))
def downgrade(): op.drop_table("scans")
"""


@pytest.fixture
def package(make_plugin: MakePlugin, tmp_path: Path) -> Path:
    """Where the plugin was downloaded to."""
    directory: Path = make_plugin("counter", CODE, capabilities=("database_service", "scanner_hook"), extra=EXTRA)
    (directory / "migrations").mkdir()
    (directory / "migrations" / "1.py").write_text(MIGRATION)
    return directory


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MUSIC / "Erik Satie", tmp_path / "music"))


@pytest.fixture
def install(viewra: Viewra, package: Path, data_dir: Path) -> Callable[[], Path]:
    def run() -> Path:
        installed = data_dir / "plugin-packages" / "counter"
        shutil.copytree(package, installed)
        assert viewra("plugins", "enable", "counter").status == 0
        return installed

    return run


def seen(viewra: Viewra, music: Path, data_dir: Path) -> str:
    assert viewra("scan", music, "--wait").status == 0
    return (data_dir / "plugins" / "counter" / "seen").read_text()


@ON_BOTH
def test_kept_data_is_there_again(viewra: Viewra, install: Callable[[], Path], music: Path, data_dir: Path) -> None:
    installed = install()
    viewra("plugins", "settings", "counter", "word=kept")
    first = seen(viewra, music, data_dir)
    assert first.startswith("kept ")
    gone = viewra("plugins", "uninstall", "counter", "--keep-data")
    assert gone.status == 0
    assert not installed.exists()
    assert list(installed.parent.iterdir()) == []
    assert viewra("plugins", "info", "counter").status == 2
    assert viewra("scan", music).status == 0
    install()
    word, count = seen(viewra, music, data_dir).split()
    assert (word, int(count)) == ("kept", int(first.split()[1]) + 1)


@thorough
@ON_BOTH
def test_purged_data_is_gone(viewra: Viewra, install: Callable[[], Path], music: Path, data_dir: Path) -> None:
    install()
    viewra("plugins", "settings", "counter", "word=gone")
    seen(viewra, music, data_dir)
    assert viewra("plugins", "uninstall", "counter", "--purge-data").status == 0
    assert not (data_dir / "plugins" / "counter").exists()
    assert not (data_dir / "backups" / "plugins" / "counter").exists()
    install()
    assert seen(viewra, music, data_dir) == "none 1"


def test_installed_again_it_waits_to_be_enabled(
    viewra: Viewra, install: Callable[[], Path], package: Path, data_dir: Path
) -> None:
    installed = install()
    assert viewra("plugins", "uninstall", "counter", "--keep-data").status == 0
    shutil.copytree(package, installed)
    assert {row["id"]: row["state"] for row in viewra("plugins", "list", "--json").data}["counter"] == "disabled"


def test_what_is_not_viewras_to_remove(viewra: Viewra, package: Path, data_dir: Path) -> None:
    shipped = viewra("plugins", "uninstall", "audio_tags", "--keep-data")
    assert shipped.status == 2
    assert "viewra plugins disable audio_tags" in shipped.err
    given = viewra("--plugins", package.parent, "plugins", "uninstall", "counter", "--purge-data")
    assert given.status == 2
    assert str(package) in given.err
    (data_dir / "plugin-packages").mkdir()
    (data_dir / "plugin-packages" / "link").symlink_to(package)
    assert viewra("plugins", "uninstall", "counter", "--purge-data").status == 2
    assert (package / "main.py").exists()
    assert viewra("plugins", "uninstall", "nobody", "--keep-data").status == 2
    for flags in ((), ("--keep-data", "--purge-data")):
        assert "--keep-data or --purge-data" in viewra("plugins", "uninstall", "counter", *flags).err
