"""An operator's settings: refused with the manifest's line, kept in the database, secrets encrypted and never shown."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewra import manifest as manifests
from viewra.db import open_database
from viewra.errors import ManifestError, UsageError, ViewraError
from viewra.host.installed.secrets import SecretBox
from viewra.host.installed.settings import PluginSettings

MANIFEST = """\
id: "x"
name: "X"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
settings: {
	timeout: int & >=5 & <=30 | *10
	ratio: float & >=0.1 & <=1.0 | *0.8
	api_key: string @secret()
	name: string | *"x"
	deep: flag: bool | *true
}
"""


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Iterator[PluginSettings]:
    (tmp_path / "plugin.cue").write_text(MANIFEST)
    manifest = manifests.load(tmp_path)
    engine = open_database(sqlite_url)
    yield PluginSettings("x", manifest.settings, engine, SecretBox(tmp_path))
    engine.dispose()


def shown(settings: PluginSettings) -> dict[str, tuple[object, str]]:
    return {setting.key: (setting.value, setting.source) for setting in settings.shown()}


def test_defaults_come_from_the_manifest(settings: PluginSettings) -> None:
    assert shown(settings) == {
        "timeout": (10, "manifest"),
        "ratio": (0.8, "manifest"),
        "api_key": (None, "unset"),
        "name": ("x", "manifest"),
        "deep.flag": (True, "manifest"),
    }


def test_a_required_one_that_is_missing_says_how_to_set_it(settings: PluginSettings) -> None:
    with pytest.raises(ManifestError, match="viewra plugins settings x api_key=VALUE"):
        settings.config()


def test_values_are_kept_and_reach_the_plugin(settings: PluginSettings) -> None:
    settings.change({"timeout": 20, "ratio": 1, "api_key": "abc", "deep.flag": False})
    assert shown(settings)["timeout"] == (20, "operator")
    config = settings.config()
    assert json.loads(config["_json"]) == {
        "timeout": 20,
        "ratio": 1.0,
        "api_key": "abc",
        "name": "x",
        "deep": {"flag": False},
    }
    assert (config["timeout"], config["deep.flag"], config["api_key"]) == ("20", "false", "abc")
    settings.change({}, ["timeout"])
    assert shown(settings)["timeout"] == (10, "manifest")


@pytest.mark.parametrize(
    ("assign", "line", "message"),
    [
        ({"timeout": 99}, 7, "99 is not <=30"),
        ({"timeout": "soon"}, 7, "timeout"),
        ({"tmeout": 9}, 6, "did you mean timeout"),
        ({"deep.flag": 3}, 11, "deep.flag"),
        ({"ratio": 7.5}, 8, "is not <=1.0"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_manifests_line(
    settings: PluginSettings, assign: dict[str, object], line: int, message: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        settings.change({"name": "y", **assign})
    assert caught.value.line == line
    assert message in str(caught.value)
    assert shown(settings)["name"] == ("x", "manifest"), "all or nothing"


def test_unsetting_what_is_not_set(settings: PluginSettings) -> None:
    with pytest.raises(UsageError, match="timeout"):
        settings.change({}, ["timeout"])


def test_secrets_are_encrypted_and_never_shown(settings: PluginSettings, tmp_path: Path) -> None:
    settings.change({"api_key": "hunter2"})
    assert shown(settings)["api_key"] == (None, "operator")
    assert "hunter2" not in repr(settings.shown())
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / "viewra.db") as database:
        (stored,) = database.execute("select value from plugin_settings").fetchone()
    database.close()
    assert "hunter2" not in stored
    with pytest.raises(ManifestError) as caught:
        settings.change({"api_key": 12345})
    assert "12345" not in str(caught.value)


def test_another_key_is_told(settings: PluginSettings, tmp_path: Path) -> None:
    settings.change({"api_key": "hunter2"})
    (tmp_path / "secret.key").unlink()
    with pytest.raises(ViewraError, match=r"secret\.key"):
        settings.config()
    SecretBox(tmp_path).encrypt("makes a new key")
    with pytest.raises(ViewraError, match="cannot be decrypted"):
        settings.config()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("timeout", "20", 20),
        ("name", "20", "20"),
        ("deep.flag", "false", False),
        ("ratio", "0.5", 0.5),
        ("name", "", ""),
    ],
)
def test_text_from_the_command_line(settings: PluginSettings, key: str, text: str, value: object) -> None:
    assert settings.parse(key, text) == value
