"""``plugin.MetadataScraperService``, and ``viewra.v1.MetadataBatchService``, its form for many files in one call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from viewra.codec import checks
from viewra.codec.limits import in_force
from viewra.codec.rpc import InvalidValue, Reports, Rpc, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.services import SERVICES
from viewra.text import clean
from viewra.types import FileOutcome, FileToRead
from viewra.types.values import Value, joined, joined_fields

SERVICE = SERVICES["metadata_scraper"].capability


def _can_handle_request(file_path: str, mime_type: str) -> pb.CanHandleRequest:
    return pb.CanHandleRequest(file_path=file_path, mime_type=mime_type)


def _extract_request(file_path: str) -> pb.ExtractMetadataRequest:
    return pb.ExtractMetadataRequest(file_path=file_path)


def _batch_request(files: Sequence[FileToRead]) -> v1.ExtractMetadataBatchRequest:
    return v1.ExtractMetadataBatchRequest(
        files=[v1.FileToRead(path=os.fsencode(file.file_path), mime_type=file.mime_type) for file in files]
    )


def _batch_files(message: v1.ExtractMetadataBatchRequest) -> tuple[list[FileToRead]]:
    return ([FileToRead(os.fsdecode(file.path), file.mime_type) for file in message.files],)


def _metadata_message(metadata: Mapping[str, Value]) -> v1.Metadata:
    several = {field: value for field, value in metadata.items() if not isinstance(value, str)}
    if not several:
        return v1.Metadata(fields=cast("Mapping[str, str]", metadata))
    values = {field: v1.Values(values=texts) for field, texts in several.items()}
    return v1.Metadata(fields=joined_fields(metadata), several=values)


def _metadata(message: v1.Metadata) -> dict[str, Value]:
    fields = checks.within(message.fields, "metadata")
    metadata: dict[str, Value] = {name: fields[name] for name in fields}  # quicker than any other way, with protobuf
    for field, several in checks.within(message.several, "metadata").items():
        if field in metadata and len(several.values) > 1:  # else the text is complete
            metadata[field] = tuple(checks.within(several.values, f"metadata[{field}]"))
    return metadata


def _outcome_message(outcome: FileOutcome) -> v1.FileOutcome:
    if outcome.metadata is not None:
        return v1.FileOutcome(metadata=_metadata_message(outcome.metadata))
    return v1.FileOutcome(error=outcome.error) if outcome.error else v1.FileOutcome(not_handled=True)


def _outcome(message: v1.FileOutcome) -> FileOutcome:
    if message.HasField("metadata"):
        return FileOutcome(_metadata(message.metadata))
    return FileOutcome(error=message.error)


def check_metadata(value: object, field: str) -> dict[str, Value]:
    """A mapping of text to a text or to several, with a limited number of entries; a list of one becomes that one."""
    single = {key: item for key, item in value.items() if type(item) is str} if isinstance(value, Mapping) else value
    found: dict[str, Value] = {**checks.text_map(single, field)}
    if isinstance(value, Mapping) and len(found) < len(checks.within(value, field)):
        for key, item in value.items():
            if type(item) is not str:
                name = checks.text(key, f"{field} key")
                found[name] = _check_value(item, f"{field}[{clean(name, 100)}]")
        return {key: item for key, item in found.items() if item or not isinstance(item, tuple)}
    return found


def _check_value(value: object, field: str) -> str | tuple[str, ...]:
    """A text, or several whose joined length is within the limit of a text."""
    if isinstance(value, str):
        return checks.text(value, field)
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidValue(field, f"must be text or a list of texts, not {clean(type(value).__name__, 100)}")
    several = checks.texts(value, field)
    checks.text(joined(several), field)
    return several[0] if len(several) == 1 else several


def _check_outcome(value: object, field: str) -> FileOutcome:
    outcome = checks.instance(value, field, FileOutcome)
    if outcome.metadata is None:
        return FileOutcome(error=checks.note(outcome.error, f"{field} error"))
    try:
        return FileOutcome(check_metadata(outcome.metadata, "metadata"))
    except InvalidValue as error:  # of one file, as if that had been read alone
        return FileOutcome(error=checks.note(str(error), f"{field} error"))


def _checked_outcomes(message: v1.ExtractMetadataBatchResponse) -> tuple[FileOutcome, ...]:
    """Check only outcomes large enough to break a limit: a few of thousands of files."""
    found = []
    harmless = in_force().harmless_bytes
    for index, one in enumerate(checks.within(message.outcomes, "outcomes")):
        outcome = _outcome(one)
        found.append(outcome if one.ByteSize() <= harmless else _check_outcome(outcome, f"outcomes[{index}]"))
    return tuple(found)


CAN_HANDLE: Rpc[[str, str], bool] = procedure(
    service=SERVICE,
    method="can_handle",
    path="/plugin.MetadataScraperService/CanHandle",
    request=pb.CanHandleRequest,
    response=pb.CanHandleResponse,
    encode_args=_can_handle_request,
    decode_args=lambda message: (message.file_path, message.mime_type),
    encode_value=lambda value: pb.CanHandleResponse(can_handle=value),
    decode_value=lambda message: message.can_handle,
    check=lambda value: checks.boolean(value, "can_handle"),
    idempotent=True,
    plain=True,
)
EXTRACT_METADATA: Rpc[[str], Mapping[str, str]] = procedure(
    service=SERVICE,
    method="extract_metadata",
    path="/plugin.MetadataScraperService/ExtractMetadata",
    request=pb.ExtractMetadataRequest,
    response=pb.ExtractMetadataResponse,
    encode_args=_extract_request,
    decode_args=lambda message: (message.file_path,),
    encode_value=lambda metadata: pb.ExtractMetadataResponse(metadata=metadata),
    decode_value=lambda message: dict(checks.within(message.metadata, "metadata")),
    check=lambda value: joined_fields(check_metadata(value, "metadata")),
    reports=Reports.ERROR,
    refuses=True,
    idempotent=True,
    plain=True,
)
GET_SUPPORTED_TYPES: Rpc[[], tuple[str, ...]] = procedure(
    service=SERVICE,
    method="get_supported_types",
    path="/plugin.MetadataScraperService/GetSupportedTypes",
    request=pb.GetSupportedTypesRequest,
    response=pb.GetSupportedTypesResponse,
    encode_args=pb.GetSupportedTypesRequest,
    encode_value=lambda types: pb.GetSupportedTypesResponse(types=types),
    decode_value=lambda message: tuple(checks.within(message.types, "types")),
    check=lambda value: checks.texts(value, "types"),
    idempotent=True,
    plain=True,
)
EXTRACT_METADATA_BATCH: Rpc[[Sequence[FileToRead]], tuple[FileOutcome, ...]] = procedure(
    service=SERVICE,
    method="extract_metadata_batch",
    path="/viewra.v1.MetadataBatchService/ExtractMetadataBatch",
    request=v1.ExtractMetadataBatchRequest,
    response=v1.ExtractMetadataBatchResponse,
    encode_args=_batch_request,
    decode_args=_batch_files,
    encode_value=lambda outcomes: v1.ExtractMetadataBatchResponse(outcomes=map(_outcome_message, outcomes)),
    decode_value=lambda message: tuple(map(_outcome, checks.within(message.outcomes, "outcomes"))),
    check=lambda value: checks.items(value, "outcomes", _check_outcome),
    plain=True,
    decode_and_check=_checked_outcomes,
)
