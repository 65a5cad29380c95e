"""Generate viewra/pb from the .proto files here: ``python proto/generate.py`` (``--check``: only compare).

``--check`` compares the Go code, too, which ``go generate`` makes.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from go_code import stale
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
TARGET = PROTO.parent / "viewra" / "pb"
PACKAGE = "viewra/pb"
GO = PROTO.parent / "viewra" / "authoring" / "templates" / "go" / "viewra"
GO_PACKAGES = {"plugin": "pb", "viewra": "viewrapb"}
"""The .proto files of which there is Go code, and its packages."""
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
"""google/protobuf/*.proto, which come with grpcio-tools."""


def generate(out: Path) -> None:
    """Write every generated module below ``out``; raises SystemExit when protoc refuses a file."""
    sources = sorted(str(path.relative_to(PROTO)) for path in (PROTO / PACKAGE).glob("*.proto"))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # its plugins
    arguments = ["protoc", f"-I{PROTO}", f"-I{WELL_KNOWN}"]
    arguments += [f"--{kind}_out={out}" for kind in ("python", "grpc_python")]
    arguments += [f"--{kind}_out=quiet:{out}" for kind in ("mypy", "mypy_grpc")]
    arguments += [f"--descriptor_set_out={out / 'descriptors'}"]
    if protoc.main([*arguments, *sources]) != 0:
        raise SystemExit("protoc failed")


def stale_go(descriptors: bytes) -> list[str]:
    """The files of Go code that were generated from other .proto files than those of this ``FileDescriptorSet``."""
    files = FileDescriptorSet.FromString(descriptors).file
    return [
        str(path.relative_to(PROTO.parent))
        for proto in files
        if (package := GO_PACKAGES.get(Path(proto.name).stem)) is not None
        for path in stale(proto, GO / package)
    ]


def main(argv: list[str]) -> int:
    """Regenerate, or with ``--check`` say which files are out of date; exit status 1 then."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh = {path.name: path for path in (Path(scratch) / PACKAGE).iterdir()}
        present = {path.name for path in TARGET.glob("*_pb2*")}
        differing = sorted(
            name
            for name in fresh.keys() | present
            if name not in fresh or name not in present or not filecmp.cmp(fresh[name], TARGET / name, shallow=False)
        )
        if "--check" in argv:
            for name in differing:
                sys.stderr.write(f"viewra/pb/{name} is out of date: run python proto/generate.py\n")
            old = stale_go((Path(scratch) / "descriptors").read_bytes())
            for name in old:
                sys.stderr.write(f"{name} is out of date: run go generate ./... in {GO.relative_to(PROTO.parent)}\n")
            return bool(differing or old)
        for name in present - fresh.keys():
            (TARGET / name).unlink()
        for name in fresh:
            shutil.copyfile(fresh[name], TARGET / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
