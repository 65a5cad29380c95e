"""The record of where a detached plugin runs: what is written is read, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest

from viewra.errors import UsageError
from viewra.host.running.reattach import RECORD_NAME, Reattach, keep, take

RECORD = Reattach(7, "unix", "/run/p/sock", 2, 700, "abc", test=True)
PRINTED = {"Protocol": "grpc", "Pid": 7, "Addr": {"Network": "unix", "String": "/s"}}


def test_what_is_kept_is_taken_once(tmp_path: Path) -> None:
    directory = tmp_path / "kept" / "p"
    keep(directory, RECORD)
    assert [path.name for path in directory.iterdir()] == [RECORD_NAME]
    assert (directory.stat().st_mode & 0o777, (directory / RECORD_NAME).stat().st_mode & 0o777) == (0o700, 0o600)
    keep(directory, attrs.evolve(RECORD, pid=8))
    assert take(directory) == attrs.evolve(RECORD, pid=8)
    assert take(directory) is None


def test_it_is_a_record_of_go_plugin() -> None:
    assert json.loads(RECORD.to_json()) == {
        "Protocol": "grpc",
        "ProtocolVersion": 2,
        "Addr": {"Network": "unix", "String": "/run/p/sock"},
        "Pid": 7,
        "Test": True,
        "Started": 700,
        "CodeHash": "abc",
    }


def test_what_a_go_plugin_prints_is_enough() -> None:
    assert Reattach.from_json(json.dumps(PRINTED)) == Reattach(7, "unix", "/s")
    bare = {key: value for key, value in PRINTED.items() if key != "Protocol"}
    assert Reattach.from_json(json.dumps(bare)) == Reattach(7, "unix", "/s")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "'list' object"),
        (json.dumps({**PRINTED, "Protocol": "netrpc"}), "the protocol 'netrpc' is not grpc"),
        (json.dumps({**PRINTED, "Addr": "/s"}), "indices"),
        (json.dumps({"Pid": 7}), "'Addr'"),
        (json.dumps({**PRINTED, "Pid": None}), "NoneType"),
        (json.dumps({**PRINTED, "Pid": float("inf")}), "infinity"),
    ],
)
def test_any_other_text_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError, match="not a plugin to attach to: ") as refused:
        Reattach.from_json(text)
    assert why in str(refused.value)
    assert "write what the plugin printed" in (refused.value.hint or "")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'{"Pid": 1e999}'])
def test_a_record_that_cannot_be_read_is_none_and_goes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / RECORD_NAME).write_bytes(content)
    assert take(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_cannot_be_removed_is_taken_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    keep(tmp_path, RECORD)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert take(tmp_path) == RECORD
