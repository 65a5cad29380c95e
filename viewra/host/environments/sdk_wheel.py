"""Writes viewra's SDK as a distribution of its own, ``viewra-sdk``: what a plugin's process imports, and no more.

It contains the same files as viewra and requires only a few of its dependencies, with the same bounds. A wheel is
written without a build tool, so that a host can put the SDK into an environment offline. To publish it:
``python -m viewra.host.environments.sdk_wheel DIR``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NAME = "viewra-sdk"
MODULES = (
    *(
        "__init__",
        "addresses",
        "batch",
        "denied",
        "digests",
        "drafts",
        "errors",
        "events",
        "hosts",
        "lazy",
        "retry_after",
        "revisions",
        "routes",
        "text",
    ),
    *("codec", "manifest", "pb", "sdk", "sdk_db", "services", "transport", "types"),
)
"""The modules and packages of viewra that it contains; a test compares them with what they import."""
_REQUIRED = ("attrs", "grpcio", "grpcio-health-checking", "grpcio-reflection", "protobuf")
_EXTRAS = {"db": ("alembic", "sqlalchemy"), "manifest": ("google-re2",)}
"""What ``viewra.sdk_db`` needs besides, and a plugin that another host runs and whose ``info()`` is not complete."""

_VIEWRA = Path(__file__).parents[2]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a ZIP file: the same files give the same wheel


def version() -> str:
    """The version of the SDK, which is viewra's own."""
    return importlib.metadata.version("viewra")


@functools.cache
def requirements() -> tuple[str, ...]:
    """The distributions that the SDK requires, with viewra's own bounds; those of an extra have a marker."""
    known = {canonicalize_name(one.name): one for one in map(Requirement, importlib.metadata.requires("viewra") or ())}
    required = [f"{name}{known[canonicalize_name(name)].specifier}" for name in _REQUIRED]
    for extra, names in _EXTRAS.items():
        required += [f'{name}{known[canonicalize_name(name)].specifier}; extra == "{extra}"' for name in names]
    return tuple(required)


@functools.cache
def digest() -> str:
    """SHA-256 over the content of the wheel, in hexadecimal."""
    return hashlib.sha256(_members()[_record()]).hexdigest()


def write(folder: Path) -> Path:
    """Write the wheel into a folder and return its path. Raises OSError."""
    path = folder / f"viewra_sdk-{version()}-py3-none-any.whl"
    path.write_bytes(_wheel())
    return path


@functools.cache
def _wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in _members().items():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            wheel.writestr(member, data)
    return buffer.getvalue()


@functools.cache
def _members() -> dict[str, bytes]:
    """The files of the wheel by name, the record of their digests last."""
    members = {f"viewra/{path.relative_to(_VIEWRA).as_posix()}": path.read_bytes() for path in _files()}
    members[f"{_info()}/METADATA"] = _metadata().encode()
    members[f"{_info()}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: viewra\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    records = [*(_recorded(name, data) for name, data in members.items()), f"{_record()},,\n"]
    return {**members, _record(): "".join(records).encode()}


def _info() -> str:
    return f"viewra_sdk-{version()}.dist-info"


def _record() -> str:
    return f"{_info()}/RECORD"


def _files() -> Iterator[Path]:
    yield _VIEWRA / "py.typed"
    for name in MODULES:
        module = _VIEWRA / f"{name}.py"
        if module.exists():
            yield module
        else:
            yield from sorted(one for one in (_VIEWRA / name).rglob("*") if one.suffix in {".py", ".pyi", ".cue"})


def _metadata() -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {NAME}",
        f"Version: {version()}",
        "Summary: What a plugin of viewra imports, without the host. Not to be installed beside viewra itself.",
        "License: MIT",
        "Requires-Python: >=3.11",
        *(f"Provides-Extra: {extra}" for extra in _EXTRAS),
        *(f"Requires-Dist: {one}" for one in requirements()),
    ]
    return "\n".join(lines) + "\n"


def _recorded(name: str, data: bytes) -> str:
    digested = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digested},{len(data)}\n"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
