"""The plugin's side of the metadata scraper; its mirror image is viewra/adapters/metadata_scraper.py."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from viewra.batch import extract_metadata_batch
from viewra.codec import metadata_scraper as codec
from viewra.sdk.servicers._handlers import Handler, handle
from viewra.services import MetadataScraperService
from viewra.types import FileOutcome, FileToRead


def handlers(service: MetadataScraperService) -> list[Handler]:
    """The procedures of the metadata scraper, single and in batches."""
    one_batch = threading.Lock()  # several at once would compete for the interpreter and delay single calls

    def batch(files: Sequence[FileToRead]) -> list[FileOutcome]:
        with one_batch:
            return extract_metadata_batch(service, files)

    return [
        handle(codec.CAN_HANDLE, service.can_handle),
        handle(codec.EXTRACT_METADATA, service.extract_metadata),
        handle(codec.GET_SUPPORTED_TYPES, service.get_supported_types),
        handle(codec.EXTRACT_METADATA_BATCH, batch),
    ]
