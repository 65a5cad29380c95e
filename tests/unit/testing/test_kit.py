"""What the testing kit gives a plugin object that a host would give it, and what a plugin's tests may import."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.sdk import Plugin
from viewra.testing import PluginUnderTest, in_process, loopback
from viewra.testing.pytest_plugin import _make_importable

SETTINGS = 'settings: {extension: string | *".lrc", deep: {times: int & >=1 | *3}, token?: string}'
RUNS = pytest.mark.parametrize("run", [in_process, loopback])

Run = Callable[..., AbstractContextManager[PluginUnderTest]]
MakePlugin = Callable[..., Path]


class Settled(Plugin):
    """Answers with its settings."""

    def get_models(self) -> list[str]:
        return [self.settings.extension, str(self.settings.deep.times)]

    def migrate(self, connection_string: str) -> None: ...

    def rollback(self, connection_string: str) -> None: ...


def models(plugin: PluginUnderTest) -> tuple[str, ...]:
    assert plugin.database is not None
    return tuple(plugin.database.get_models())


@RUNS
def test_absent_settings_are_the_manifests(run: Run, make_plugin: MakePlugin) -> None:
    directory = make_plugin("settled", "", extra=SETTINGS)
    with run(Settled(), manifest=directory) as plugin:
        assert models(plugin) == (".lrc", "3")
        assert plugin.context.config["deep.times"] == "3"
    with run(Settled(), settings={"deep.times": 7}, manifest=directory / "plugin.cue") as plugin:
        assert models(plugin) == (".lrc", "7")


@RUNS
def test_a_setting_that_the_manifest_refuses(run: Run, make_plugin: MakePlugin) -> None:
    directory = make_plugin("settled", "", extra=SETTINGS)
    with (
        pytest.raises(ManifestError, match=r"deep\.times.*0"),
        run(Settled(), settings={"deep.times": 0}, manifest=directory),
    ):
        pass


def test_the_manifest_is_found_from_the_class(make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch) -> None:
    package = make_plugin("found", "", extra=SETTINGS) / "found_plugin"
    package.mkdir()
    (package / "plugin.py").write_text("from viewra.sdk import Plugin\n\n\nclass P(Plugin): ...\n")
    spec = importlib.util.spec_from_file_location("found_by_its_class", package / "plugin.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    with in_process(module.P()) as plugin:
        assert plugin.context.config["extension"] == ".lrc"


def test_without_a_manifest_settings_are_passed_as_they_are() -> None:
    with in_process(Plugin(), settings={"a": [1]}) as plugin:
        assert plugin.context.config == {"_json": '{"a": [1]}'}


def test_a_plugins_directory_is_importable_unless_it_is_a_package(
    make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "path", ["first"])
    mine, package = make_plugin("mine", ""), make_plugin("package", "")
    (package / "__init__.py").touch()
    for path in (mine / "tests" / "test_mine.py", mine / "tests", package / "tests", tmp_path):
        _make_importable(path)
    assert sys.path == ["first", str(mine)]
