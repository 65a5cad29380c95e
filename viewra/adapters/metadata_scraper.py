"""The host's side of the metadata scraper; its mirror image is viewra/sdk/servicers/metadata_scraper.py."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping

from viewra.adapters._contain import ServiceAdapter
from viewra.adapters._endpoint import Endpoint
from viewra.adapters._scraping import ScrapingSession, matches
from viewra.codec import metadata_scraper as codec
from viewra.errors import NotOffered
from viewra.hookspecs import hookimpl
from viewra.services import ScraperSession
from viewra.types import Result

_READS = "reads"  # the name under which an endpoint stores the types that the plugin reads, and whether in batches


class MetadataScraperClient:
    """One plugin's ``MetadataScraperService``; each method raises a PluginError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Whether it can read the file."""
        return self._endpoint.call(codec.CAN_HANDLE, file_path, mime_type)

    def extract_metadata(self, file_path: str) -> Mapping[str, str]:
        """The file's metadata."""
        return self._endpoint.call(codec.EXTRACT_METADATA, file_path)

    def get_supported_types(self) -> tuple[str, ...]:
        """The MIME types that it reads."""
        return self._endpoint.call(codec.GET_SUPPORTED_TYPES)


class MetadataScraperAdapter(ServiceAdapter):
    """One plugin behind the hooks of the metadata scraper."""

    capability = codec.SERVICE

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._types: tuple[str, tuple[str, ...]] | None = None  # by the hash of the code

    @hookimpl(wrapper=True)
    def can_handle(self, file_path: str, mime_type: str) -> Generator[None, list[Result[bool]], list[Result[bool]]]:
        """Ask whether it reads the file."""
        pending = self._begin(codec.CAN_HANDLE, file_path, mime_type)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def extract_metadata(
        self, file_path: str, mime_type: str
    ) -> Generator[None, list[Result[Mapping[str, str]]], list[Result[Mapping[str, str]]]]:
        """Read one file, if the plugin handles it."""
        pending = self._begin_work(lambda: self._extract(file_path, mime_type))
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def get_supported_types(
        self,
    ) -> Generator[None, list[Result[tuple[str, ...]]], list[Result[tuple[str, ...]]]]:
        """Ask for the MIME types that it reads."""
        pending = self._begin_work(self._supported_types)
        return self._add((yield), pending)

    @hookimpl(wrapper=True)
    def open_scraper(self) -> Generator[None, list[Result[ScraperSession]], list[Result[ScraperSession]]]:
        """Open a session for many files."""
        pending = self._begin_work(self._open)
        return self._add((yield), pending)

    def _supported_types(self) -> tuple[str, ...]:
        known = self._types
        if known is None or known[0] != self._endpoint.code_hash:
            types = self._endpoint.call(codec.GET_SUPPORTED_TYPES)
            known = self._types = (self._endpoint.code_hash, types)
        return known[1]

    def _extract(self, file_path: str, mime_type: str) -> Mapping[str, str]:
        types = self._supported_types()
        handled = matches(types, mime_type) if types else self._asked(file_path, mime_type)
        if not handled:
            raise NotOffered(self._endpoint.plugin_id, f"does not handle {mime_type}", call="extract_metadata")
        return self._endpoint.call(codec.EXTRACT_METADATA, file_path)

    def _asked(self, file_path: str, mime_type: str) -> bool:
        return self._endpoint.call(codec.CAN_HANDLE, file_path, mime_type)

    def _open(self) -> ScraperSession:
        """Open without a start if this code's types and batches are known: the scan may have no file for it."""
        known = self._endpoint.recall(_READS)
        if known is not None:
            reads = json.loads(known)
            return ScrapingSession(self._endpoint, tuple(reads["types"]), batches=reads["batches"])
        types = self._supported_types()
        batches = self._endpoint.serves(codec.EXTRACT_METADATA_BATCH)
        self._endpoint.remember(_READS, json.dumps({"types": types, "batches": batches}))
        return ScrapingSession(self._endpoint, types, batches=batches)
