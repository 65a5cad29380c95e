"""Folders of wheels, for installations without a network."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import zipfile
from collections.abc import Sequence
from pathlib import Path

SDK_NEEDS = ("attrs", "grpcio", "grpcio-health-checking", "grpcio-reflection", "protobuf", "typing-extensions")


def write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes], requires: Sequence[str] = ()) -> None:
    """Write a wheel with these files."""
    home = f"{name.replace('-', '_')}-{version}"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {one}" for one in requires]
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n"
    whole = {
        **files,
        f"{home}.dist-info/METADATA": ("\n".join(metadata) + "\n").encode(),
        f"{home}.dist-info/WHEEL": kind.encode(),
    }
    record = "".join(f"{one},{_digest(data)},{len(data)}\n" for one, data in whole.items())
    whole[f"{home}.dist-info/RECORD"] = f"{record}{home}.dist-info/RECORD,,\n".encode()
    with zipfile.ZipFile(folder / f"{home}-py3-none-any.whl", "w") as archive:
        for one, data in whole.items():
            archive.writestr(one, data)


def write_sdk_needs(folder: Path) -> None:
    """Write wheels of what the SDK requires, packed from the packages of this interpreter."""
    for name in SDK_NEEDS:
        found = importlib.metadata.distribution(name)
        kept = [path for path in found.files or () if path.suffix in {".py", ".so", ".pem"} and ".." not in path.parts]
        files = {str(path): Path(str(path.locate())).read_bytes() for path in kept}
        write_wheel(folder, name, found.version, files, [one for one in found.requires or () if "extra" not in one])


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
