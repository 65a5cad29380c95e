"""A fake plugin with all of viewra's services: answers as a test tells it, and records its calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from viewra.sdk import (
    AdminPage,
    APIRoute,
    Health,
    Plugin,
    PluginContext,
    PluginInfo,
    SearchCapabilities,
    SearchResponse,
    SearchResult,
)
from viewra.sdk.http import Response
from viewra.sdk.http.answering import begun, sent
from viewra.services import EXTENSIONS, SERVICES, Service
from viewra.types import Area, Event, FoundPicture, Later, RequestPart, Resized, ResponsePart, Task

T = TypeVar("T")


class FakePlugin(Plugin):
    """``calls`` lists every call as ``(method, arguments)``; ``on`` maps a method's name to its replacement.

    A function in ``on`` is called with the method's arguments, an exception is raised, any other value is returned.
    ``offers`` limits the services to the named ones, as a manifest's capabilities do.
    """

    def __init__(
        self, plugin_id: str = "fake", *, on: Mapping[str, Any] | None = None, offers: Sequence[str] | None = None
    ) -> None:
        self.plugin_id = plugin_id
        self.on = dict(on or {})
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._offers = offers
        self._changed = threading.Condition()

    def wait_for_call(self, method: str, *, count: int = 1, timeout_s: float = 10.0) -> None:
        """Wait until ``method`` has been called ``count`` times. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.called(method)) >= count, timeout_s):
                raise TimeoutError(f"{method} was called {len(self.called(method))} times, not {count}")

    def called(self, method: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of ``method``, in order."""
        return [arguments for name, arguments in self.calls if name == method]

    # ---- lifecycle ----

    def initialize(self, context: PluginContext) -> None:
        """Remember the call."""
        self._do("initialize", None, context)

    def start(self) -> None:
        """Remember the call."""
        self._do("start", None)

    def stop(self) -> None:
        """Remember the call."""
        self._do("stop", None)

    def info(self) -> PluginInfo:
        """Return its id and a version."""
        return self._do("info", PluginInfo(self.plugin_id, name="Fake", version="1.2.3"))

    def health(self) -> Health:
        """Report that it is healthy."""
        return self._do("health", Health(healthy=True))

    # ---- services ----

    def can_handle(self, file_path: str, mime_type: str) -> bool:
        """Accept every file except ``*.txt``."""
        return self._do("can_handle", not file_path.endswith(".txt"), file_path, mime_type)

    def extract_metadata(self, file_path: str) -> Mapping[str, str]:
        """Return the file's name as its title; fail if the name contains ``broken`` or ``missing``."""
        if ("broken" in file_path or "missing" in file_path) and "extract_metadata" not in self.on:
            self._do("extract_metadata", None, file_path)
            raise ValueError("cannot read it")
        title = file_path.rpartition("/")[2].encode("utf-8", "replace").decode()
        return self._do("extract_metadata", {"title": title}, file_path)

    def get_supported_types(self) -> Sequence[str]:
        """Return all audio types."""
        return self._do("get_supported_types", ("audio/*",))

    def on_media_file_scanned(self, media_file_id: int, file_path: str, metadata: Mapping[str, str]) -> None:
        """Remember the call."""
        self._do("on_media_file_scanned", None, media_file_id, file_path, dict(metadata))

    def on_scan_started(self, scan_job_id: int, library_id: int, library_path: str) -> None:
        """Remember the call."""
        self._do("on_scan_started", None, scan_job_id, library_id, library_path)

    def on_scan_completed(self, scan_job_id: int, library_id: int, stats: Mapping[str, str]) -> None:
        """Remember the call."""
        self._do("on_scan_completed", None, scan_job_id, library_id, dict(stats))

    def get_models(self) -> Sequence[str]:
        """Return one table."""
        return self._do("get_models", ("fakes",))

    def migrate(self, connection_string: str) -> None:
        """Remember the call."""
        self._do("migrate", None, connection_string)

    def rollback(self, connection_string: str) -> None:
        """Remember the call."""
        self._do("rollback", None, connection_string)

    def get_admin_pages(self) -> Sequence[AdminPage]:
        """Return one page."""
        return self._do("get_admin_pages", (AdminPage("overview", "Fake", "/overview"),))

    def register_routes(self, base_path: str) -> None:
        """Remember the call."""
        self._do("register_routes", None, base_path)

    def get_registered_routes(self) -> Sequence[APIRoute]:
        """Return one route."""
        return self._do("get_registered_routes", (APIRoute("/things", "GET", "All things"),))

    def search(self, query: Mapping[str, str], limit: int, offset: int) -> SearchResponse:
        """Return one hit, with the query as its title."""
        hit = SearchResult("1", query.get("q", ""), score=0.5)
        found = (hit,) if limit and not offset else ()
        return self._do("search", SearchResponse(found, 1, has_more=False), dict(query), limit, offset)

    def get_search_capabilities(self) -> SearchCapabilities:
        """Return that it searches all fields, with paging."""
        return self._do("get_search_capabilities", SearchCapabilities(("q",), supports_pagination=True, max_results=50))

    def handle_http(self, parts: Iterator[RequestPart], wanted: Callable[[], bool]) -> Iterator[ResponsePart]:
        """Answer with the method and the path, as HTML in pages; ``on`` gets the head and the body, and responds."""
        del wanted
        head, body = begun(parts)
        whole = b"".join(body)
        as_page = Response.html if head.area is Area.PAGE else Response.text
        response = self._do("handle_http", as_page(f"{head.method} {head.path}"), head, whole)
        yield from sent(response, with_body=head.method != "HEAD")

    def find_pictures(self, file_path: str) -> Sequence[FoundPicture]:
        """Return one picture, which nobody has stored."""
        return self._do("find_pictures", (FoundPicture("front", "0" * 64),), file_path)

    def resize_picture(self, data: bytes, size: int) -> Resized:
        """Return the picture as it is."""
        return self._do("resize_picture", Resized(data or b"?", "image/png", 1, 1), data, size)

    def execute_task(self, task: Task) -> Later | None:
        """Remember the call."""
        return self._do("execute_task", None, task)

    def on_event(self, event: Event) -> None:
        """Remember the call."""
        self._do("on_event", None, event)

    def offers(self, capability: str) -> FakePlugin | None:
        """Return the plugin itself if it may offer this service."""
        return self if self._offers is None or capability in self._offers else None

    def _do(self, method: str, default: T, *arguments: Any) -> T:
        with self._changed:
            self.calls.append((method, arguments))
            self._changed.notify_all()
        answer: Any = self.on.get(method, default)
        if isinstance(answer, BaseException):
            raise answer
        return cast("T", answer(*arguments) if callable(answer) else answer)


def _getter(service: Service) -> Callable[[FakePlugin], FakePlugin | None]:
    return lambda plugin: plugin.offers(service.capability)


for _service in (*SERVICES, *EXTENSIONS):
    setattr(FakePlugin, f"{_service.name}_service", _getter(_service))
