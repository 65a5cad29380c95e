"""The host compiles what confined plugins import, and nothing else."""

from __future__ import annotations

import compileall
import importlib.util
import os
import threading
from pathlib import Path

import pytest

from tests.eventually import eventually
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
    module._compile_sdk.__wrapped__()
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


def test_what_is_compiled_is_read_again_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "main.py"
    source.write_text("x = 1\n")
    module._compile(tmp_path)
    made = compiled(source).stat().st_mtime_ns
    looks: list[object] = []
    monkeypatch.setattr(compileall, "compile_dir", lambda folder, **_: looks.append(folder))
    module._compile(tmp_path)
    assert looks == []
    os.utime(source, ns=(made + 1, made + 1))
    module._compile(tmp_path)
    assert looks == [tmp_path]
    os.utime(source, ns=(made, made))
    (tmp_path / "more.py").write_text("")
    module._compile(tmp_path)
    assert looks == [tmp_path, tmp_path]
    module._compile(tmp_path / "none")  # it may vanish
    assert looks == [tmp_path, tmp_path]


def test_plugins_that_start_together_are_served_by_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, looks = threading.Event(), []

    def slow(folder: Path) -> None:
        looks.append(folder)
        begun.wait(60)

    monkeypatch.setattr(module, "_compile", slow)
    threads = [threading.Thread(target=compile_shipped, args=(tmp_path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: looks, "the first one looks")
    begun.set()
    for thread in threads:
        thread.join(60)
    assert looks == [tmp_path]
