"""Compares the Go code that is generated from the .proto files with these, without a Go compiler or its generators.

Generated Go code has the file's descriptor as a string, and the path of each procedure.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError

_PARTS = re.compile(r"\\x([0-9a-f]{2})|(\\U[0-9a-f]{8}|\\u[0-9a-f]{4}|\\.|[^\\]+)")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def stale(proto: FileDescriptorProto, package: Path) -> list[Path]:
    """The files of a Go package that were not generated from this .proto file as it is now."""
    name = Path(proto.name).stem
    messages, services = package / f"{name}.pb.go", package / f"{name}_grpc.pb.go"
    paths = {f"/{proto.package}.{one.name}/{method.name}" for one in proto.service for method in one.method}
    written = set(re.findall(r'= "(/[\w.]+/\w+)"', services.read_text("utf-8"))) if services.exists() else set()
    found = [] if messages.exists() and _descriptor(messages.read_text("utf-8")) == _plain(proto) else [messages]
    return found if written == paths else [*found, services]


def _descriptor(code: str) -> FileDescriptorProto | None:
    """The descriptor that generated Go code has in it."""
    text = re.search(r'_rawDesc = ("(?:[^"\\\n]|\\.)*"(?: \+\n\s*"(?:[^"\\\n]|\\.)*")*)', code)
    if text is None:
        return None
    try:
        return _plain(FileDescriptorProto.FromString(b"".join(map(_bytes, _STRING.findall(text[1])))))
    except DecodeError:
        return None


def _bytes(literal: str) -> bytes:
    """The bytes of a string in Go: what begins with a backslash and x is a byte, everything else text in UTF-8."""
    return b"".join(
        bytes([int(byte, 16)]) if byte else ast.literal_eval(f'"{text}"').encode()
        for byte, text in _PARTS.findall(literal)
    )


def _plain(proto: FileDescriptorProto) -> FileDescriptorProto:
    """The descriptor without comments, and without the names for JSON, which not every generator adds."""
    made = FileDescriptorProto()
    made.CopyFrom(proto)
    made.ClearField("source_code_info")
    messages = list(made.message_type)
    while messages:
        message = messages.pop()
        messages += message.nested_type
        for field in message.field:
            field.ClearField("json_name")
    return made
