"""``self.host.metadata``: what this plugin found about files elsewhere; needs the permission ``library:write``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from viewra.codec.host import metadata as codec
from viewra.sdk.host.asking import Client

Metadata = Mapping[str, str | Sequence[str]]


class HostMetadata(Client):
    """Adds to the library's metadata, with this plugin as the source, as a scraper does.

    Where plugins differ, the operator's order and the manifests' priorities decide, as they do for scrapers.
    """

    def put(self, media_file_id: int, metadata: Metadata) -> None:
        """Say this of a file, in place of what this plugin has put before.

        Empty: it says nothing of the file any more, so what it has read of it as a scraper is forgotten, too. The
        names and forms of fields are those of docs/vocabulary.md. Raises NotFound for a file that is not there,
        UsageError for values that metadata cannot have.
        """
        self.put_many({media_file_id: metadata})

    def put_many(self, files: Mapping[int, Metadata]) -> None:
        """As ``put``, for files by id, a hundred at a time: each hundred whole or not at all."""
        given = [{"id": number, "metadata": {**metadata}} for number, metadata in files.items()]
        for begin in range(0, len(given), codec.MAX_FILES):
            self._ask(codec.PUT, {"files": given[begin : begin + codec.MAX_FILES]})
