"""The host compiles what confined plugins import, and nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from viewra.host.running import compiled as module
from viewra.host.running.compiled import compile_sdk, compile_shipped
from viewra.sdk import server


def compiled(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def test_viewras_own_code_is_compiled() -> None:
    compile_sdk()
    assert server.__file__ is not None
    assert compiled(Path(server.__file__)).exists()


def test_a_shipped_plugins_code_is_compiled_as_far_as_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "tests").mkdir()
    for name in ("main.py", "service/reader.py", "tests/test_reader.py"):
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "service" / "broken.py").write_text("x = (\n")
    compile_shipped(tmp_path)
    assert compiled(tmp_path / "main.py").exists()
    assert compiled(tmp_path / "service" / "reader.py").exists()
    assert not compiled(tmp_path / "tests" / "test_reader.py").exists()


def test_packages_that_only_plugins_import_are_compiled_where_they_are_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(module, "_compile", folders.append)
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "__init__.py").write_text("")
    (tmp_path / "file.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "_BESIDE", ("beside", "file", "none"))
    compile_sdk.__wrapped__()
    assert folders[-1] == tmp_path / "beside"
    assert Path(server.__file__ or "").parent in folders
    assert len(folders) == len(module._IMPORTED) + 1
    assert all(folder.is_dir() for folder in folders)


def test_each_folder_is_compiled_alone_and_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "below").mkdir()
    for name in ("main.py", "below/more.py"):
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("x = (\n")
    module._compile(tmp_path)
    assert compiled(tmp_path / "main.py").exists()
    assert not compiled(tmp_path / "below" / "more.py").exists()
    assert capsys.readouterr() == ("", "")
