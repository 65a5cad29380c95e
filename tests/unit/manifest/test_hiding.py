"""A secret that the manifest itself states, such as a default, is in no finding, and no line that is shown of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from viewra.manifest.report import check

HEAD = """
id: "sec", name: "S", version: "0.1.0", description: "x", type: "metadata_scraper"
entry_points: main: "main.py"
capabilities: metadata_scraper: true
"""
SECRETS = [
    'settings: key: int | *"hunter2" & "x" @secret()',
    'settings: key: (*"hunter2" | string) & =~"^[0-9]+$" @secret()',
    'settings: key: "hunter2" & int @secret()',
    'settings: key: string | *"hunter2" @secret() @ui(widgit="x")',
    'settings: key: {a: "hunter2" & 3} @secret()',
    'settings: key: *"hunter2" | string @secret(',
    'settings: key: *"hunter2 | string @secret()',
    'settings: key: *"hunter2" | strin @ui(secret)',
    '#K: string @secret()\nsettings: key: #K & ("hunter2" & 5)',
    'settings: key: #K & ("hunter2" & 5)\n#K: string @tag(sensitive)',
    'settings: key: string & =~"hunter2(" @secret()',
    'settings: {@secret()\n key: "hunter2" & 5}',
    'settings: creds: #C & {key: "hunter2" & 5}\n#C: {key: string @secret(), ...}',
    '_plain: "hunter2"\nsettings: key: _plain & int @secret()',
    '_plain: {a: "hunter2"}\nsettings: key: _plain.a & int @secret()',
    'settings: {key: string | *"hunter2" @secret(), other: key & int}',
    'settings: [=~"^k"]: string @secret()\nsettings: key: "hunter2" & 5',
    'settings: keys: ["hunter2" & 5] @secret()',
    'settings: keys: [...{key: string @secret()}] & [{key: "hunter2" & 5}]',
    r'settings: key: "\(_x)hunter2" & 5 @secret(), _x: "a"',
    'settings: key: """\n    hunter2\n    """ & 5 @secret()',
    'setting: key: *"hunter2" | string @secret()',
    '#Plugn: settings: key: "hunter2" & 5 @secret()',
    'settings: key: "hunter2" @secret()\n' * 2 + 'settings: key: "other hunter2"',
    "settings: pin: 70322 & string @secret()",
]


@pytest.mark.parametrize("text", SECRETS)
def test_no_finding_has_a_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "plugin.cue").write_text(HEAD + text)
    (tmp_path / "main.py").touch()
    report = check(tmp_path)
    assert report.errors or report.warnings
    for said in (report.text(), json.dumps(report.data()), repr(report), *map(str, report.errors)):
        assert "hunter2" not in said
        assert "70322" not in said


@pytest.mark.parametrize("mark", ["", "@ui(widget=password)"])
def test_what_is_no_secret_is_quoted(tmp_path: Path, mark: str) -> None:
    text = f'settings: {{key: string | *"hunter2" @secret(), port: int & "eighty" {mark}}}'
    (tmp_path / "plugin.cue").write_text(HEAD + text)
    said = check(tmp_path).text()
    assert 'expected int, found "eighty"' in said
    assert f'port: int & "eighty" {mark}'.strip() in said
    assert "hunter2" not in said


def test_the_caret_stays_below_its_place(tmp_path: Path) -> None:
    (tmp_path / "plugin.cue").write_text(HEAD + 'settings: {key: *"hunter2" | string @secret(), port: int & "eighty"}')
    _, line, caret = check(tmp_path).text().split("\n")[:3]
    assert line[caret.index("^") :].startswith('"eighty"')


def test_what_is_too_tangled_is_hidden_whole(tmp_path: Path) -> None:
    tangle = "\n".join(f"_a{index}: _a{index - 1} & _a{index - 1}" for index in range(1, 1000))
    text = f'{HEAD}_a0: "hunter2"\n{tangle}\nsettings: key: _a999 & 5 @secret()'
    (tmp_path / "plugin.cue").write_text(text)
    began = time.process_time()
    said = check(tmp_path).text()
    assert time.process_time() - began < 30
    assert "hunter2" not in said
