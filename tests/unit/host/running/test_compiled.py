"""The host compiles what confined plugins import, and nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path

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
