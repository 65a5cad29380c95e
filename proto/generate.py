"""Generate viewra/pb from the .proto files here: ``python proto/generate.py`` (``--check``: only compare)."""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
TARGET = PROTO.parent / "viewra" / "pb"
PACKAGE = "viewra/pb"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
"""google/protobuf/*.proto, which come with grpcio-tools."""


def generate(out: Path) -> None:
    """Write every generated module below ``out``; raises SystemExit when protoc refuses a file."""
    sources = sorted(str(path.relative_to(PROTO)) for path in (PROTO / PACKAGE).glob("*.proto"))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # its plugins
    arguments = ["protoc", f"-I{PROTO}", f"-I{WELL_KNOWN}"]
    arguments += [f"--{kind}_out={out}" for kind in ("python", "grpc_python")]
    arguments += [f"--{kind}_out=quiet:{out}" for kind in ("mypy", "mypy_grpc")]
    if protoc.main([*arguments, *sources]) != 0:
        raise SystemExit("protoc failed")


def main(argv: list[str]) -> int:
    """Regenerate, or with ``--check`` say which files are out of date; exit status 1 then."""
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        fresh = {path.name: path for path in (Path(scratch) / PACKAGE).iterdir()}
        present = {path.name for path in TARGET.glob("*_pb2*")}
        stale = sorted(
            name
            for name in fresh.keys() | present
            if name not in fresh or name not in present or not filecmp.cmp(fresh[name], TARGET / name, shallow=False)
        )
        if "--check" in argv:
            for name in stale:
                sys.stderr.write(f"viewra/pb/{name} is out of date: run python proto/generate.py\n")
            return bool(stale)
        for name in present - fresh.keys():
            (TARGET / name).unlink()
        for name in fresh:
            shutil.copyfile(fresh[name], TARGET / name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
