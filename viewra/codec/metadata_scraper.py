"""``plugin.MetadataScraperService``, and ``viewra.v1.MetadataBatchService``, its form for many files in one call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from viewra.codec import checks
from viewra.codec.rpc import Reports, Rpc, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.services import SERVICES
from viewra.types import FileOutcome, FileToRead

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


def _outcome_message(outcome: FileOutcome) -> v1.FileOutcome:
    if outcome.metadata is not None:
        return v1.FileOutcome(metadata=v1.Metadata(fields=outcome.metadata))
    return v1.FileOutcome(error=outcome.error) if outcome.error else v1.FileOutcome(not_handled=True)


def _outcome(message: v1.FileOutcome) -> FileOutcome:
    if message.HasField("metadata"):
        return FileOutcome(dict(checks.within(message.metadata.fields, "metadata")))
    return FileOutcome(error=message.error)


def _check_outcome(value: object, field: str) -> FileOutcome:
    outcome = checks.instance(value, field, FileOutcome)
    if outcome.metadata is None:
        return FileOutcome(error=checks.note(outcome.error, f"{field} error"))
    return FileOutcome(checks.text_map(outcome.metadata, f"{field} metadata"))


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
    check=lambda value: checks.text_map(value, "metadata"),
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
)
