"""A beets plugin, ported: there, a listener of ``item_imported`` set the flexible field ``decade`` of the item."""

from __future__ import annotations

from collections.abc import Mapping

from viewra.sdk import Plugin, serve


class Decades(Plugin):
    """Adds the decade of its year to each file."""

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """In place of ``item_imported``: new and changed files."""
        year = metadata.get("date", "")[:4]
        if year.isdecimal():
            decade = f"{int(year) // 10}0{self.settings.suffix}"
            self.host.metadata.put(media_file_id, {"decade": decade})  # in place of item["decade"] and item.store()

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """In place of ``import_begin``."""

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """In place of ``import``, at the end."""


if __name__ == "__main__":
    serve(Decades())
