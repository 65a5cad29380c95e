"""The Go code of the .proto files is current, which ``proto/generate.py --check`` sees without a Go compiler."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from viewra.pb import plugin_pb2, viewra_pb2

ROOT = Path(__file__).parents[2]
GO = ROOT / "viewra" / "authoring" / "templates" / "go" / "viewra"
PACKAGES = {"pb": plugin_pb2, "viewrapb": viewra_pb2}
Stale = Callable[[FileDescriptorProto, Path], list[Path]]


@pytest.fixture(scope="module")
def stale() -> Stale:
    spec = importlib.util.spec_from_file_location("go_code", ROOT / "proto" / "go_code.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Stale = module.stale
    return found


def described(package: str) -> FileDescriptorProto:
    proto = FileDescriptorProto()
    PACKAGES[package].DESCRIPTOR.CopyToProto(proto)
    return proto


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_current(stale: Stale, package: str) -> None:
    assert stale(described(package), GO / package) == [], "run: go generate ./..., as CONTRIBUTING.md says"


def test_what_is_older_is_named(stale: Stale, tmp_path: Path) -> None:
    changed = described("viewrapb")
    changed.message_type[0].field[0].number = 99
    assert [one.name for one in stale(changed, GO / "viewrapb")] == ["viewra.pb.go"]
    changed = described("viewrapb")
    changed.service[0].method.add(name="New", input_type=".viewra.v1.HostRequest", output_type=".viewra.v1.HostAnswer")
    assert [one.name for one in stale(changed, GO / "viewrapb")] == ["viewra.pb.go", "viewra_grpc.pb.go"]
    shutil.copy(GO / "viewrapb" / "viewra.pb.go", tmp_path)
    assert [one.name for one in stale(described("viewrapb"), tmp_path)] == ["viewra_grpc.pb.go"]
    (tmp_path / "viewra.pb.go").write_text('package viewrapb\n\nconst file_rawDesc = "\\xff"\n')
    assert len(stale(described("viewrapb"), tmp_path)) == 2
