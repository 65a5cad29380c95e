"""Which line of the author's code a traceback leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.authoring.traces import own_line

PYTHON = """Traceback (most recent call last):
  File "/usr/lib/viewra/sdk/servicers/_handlers.py", line 61, in behave
    answer = method(*rpc.parse_arguments(data))
  File "{root}/main.py", line 2, in extract_metadata
    raise X
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
ValueError
"""
SYNTAX = """  File "{root}/package/plugin.py", line 1
    clas X:
         ^
SyntaxError: invalid syntax"""
GO = """panic: runtime error: index out of range [1] with length 0

goroutine 28 [running]:
main.(*service).Search(0xc0001, {{0x1}})
\texample.org/p/plugin.go:3 +0x1d
google.golang.org/grpc.(*Server).processUnaryRPC(0x1)
\tgoogle.golang.org/grpc@v1.85.0/server.go:1405 +0x1036
"""
BUILD = "# example.org/p\n./plugin.go:2:5: undefined: x"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    (tmp_path / ".venv").mkdir()
    for name, text in {
        "main.py": "one\n    two()\n",
        "package/plugin.py": "clas X:\n",
        "plugin.go": "a\nb\n\tc[1]\n",
        ".venv/lib.py": "x\n",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (PYTHON, "main.py:2: two()"),
        (SYNTAX, "package/plugin.py:1: clas X:"),
        (GO, "plugin.go:3: c[1]"),
        (BUILD, "plugin.go:2: b"),
        ('  File "{root}/.venv/lib.py", line 1, in x', "None"),
        ('  File "{root}/../other.py", line 1, in x', "None"),
        ('  File "{root}/gone.py", line 1, in x', "None"),
        ('  File "\0", line 1, in x', "None"),
        ("no luck", "None"),
    ],
)
def test_own_line(root: Path, trace: str, expected: str) -> None:
    assert str(own_line(["nothing", trace.replace("{root}", str(root))], root)) == expected
