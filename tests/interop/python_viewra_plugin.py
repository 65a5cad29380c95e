"""A plugin made with viewra.sdk that offers several services, for the Go host in go/viewrahost.

Its arguments are the versions that it speaks; without any it leaves that to ``serve``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from python_plugin import ask, register

from viewra.sdk import Plugin, PluginInfo, SearchCapabilities, SearchResponse, SearchResult, serve
from viewra.types import PluginContext
from viewra.types.values import Value


class Everything(Plugin):
    def __init__(self, version: int = 1) -> None:
        self.version = version
        self.told: list[str] = []

    def initialize(self, context: PluginContext) -> None:
        self.log.warning("take care", number=42, plugin=context.plugin_id)

    def info(self) -> PluginInfo:
        return PluginInfo(id="in_python", name=f"version {self.version}", capabilities=("search_service",))

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return mime_type == "audio/flac"

    def get_supported_types(self) -> list[str]:
        return ["audio/flac"]

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        if file_path == "/fail":
            raise ValueError("cannot read it")
        sys.stdout.write(f"printed {file_path}\n")
        sys.stderr.write("printed to stderr\n")
        return {"title": file_path, "answer": str(self.settings["answer"])}

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        self.told.append("started")

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, Value]) -> None:
        self.told.append(f"{media_file_id} {file_path} {metadata['title']}")

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        self.told.append("completed")

    def get_models(self) -> list[str]:
        return ["Track"]

    def migrate(self, connection_string: str) -> None:
        raise OSError("read-only file system")

    def rollback(self, connection_string: str) -> None:
        pass

    def get_search_capabilities(self) -> SearchCapabilities:
        return SearchCapabilities(supported_fields=("title",))

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        if "accept" in query:
            number = self.broker.next_id()
            self.broker.serve(number, lambda server: register(server, str.upper))
            title = str(number)
        elif "dial" in query:
            connection = self.broker.dial(int(query["dial"]))
            try:
                title = ask(connection.channel, "from the plugin")
            finally:
                connection.close()
        else:
            title = f"{query['title']} {limit} {offset}, {'; '.join(self.told)}"
        return SearchResponse((SearchResult("1", title, score=0.25),), total_count=1)


if __name__ == "__main__":
    versions = [int(argument) for argument in sys.argv[1:]]
    if versions:
        serve(versions={version: Everything(version) for version in versions})
    else:
        serve(Everything())
