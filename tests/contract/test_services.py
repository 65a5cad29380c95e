"""One suite, every way to run a plugin in this process: called directly, and over real gRPC."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from viewra.cli._logging import JSONFormatter
from viewra.errors import PluginFault
from viewra.testing import (
    FakePlugin,
    PluginUnderTest,
    check_admin_page,
    check_api_registration,
    check_database,
    check_metadata_scraper,
    check_scanner_hook,
    check_search,
    in_process,
    loopback,
)
from viewra.types import AdminPage, APIRoute, Health, PluginInfo, SearchResponse, SearchResult

Run = Callable[[FakePlugin], AbstractContextManager[PluginUnderTest]]


@pytest.fixture(params=[in_process, loopback], ids=["in_process", "loopback"])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.param
    return chosen


def test_metadata_scraper(run: Run) -> None:
    with run(FakePlugin()) as plugin:
        check_metadata_scraper(
            plugin.metadata_scraper, good={"/music/a.flac": {"title": "a.flac"}}, bad=["/music/broken.flac"]
        )


def test_scanner_hook(run: Run) -> None:
    fake = FakePlugin()
    with run(fake) as plugin:
        check_scanner_hook(plugin.scanner_hook, files=["/music/a.flac", "/music/b.flac"])
    assert fake.called("on_scan_started") == [(1, 1, "/music")] * 2
    assert fake.called("on_media_file_scanned")[0] == (1, "/music/a.flac", {"title": "Für Elise", "artist": "瀧廉太郎"})


def test_database(run: Run) -> None:
    fake = FakePlugin()
    with run(fake) as plugin:
        check_database(plugin.database, "sqlite:////tmp/other.db")
        assert plugin.database is not None
        plugin.database.migrate()
        assert fake.called("migrate")[-1] == (plugin.context.database_url,)


def test_admin_page(run: Run) -> None:
    with run(FakePlugin()) as plugin:
        check_admin_page(plugin.admin_page)


def test_api_registration(run: Run) -> None:
    with run(FakePlugin()) as plugin:
        check_api_registration(plugin.api_registration)


def test_absolute_routes_become_relative(run: Run) -> None:
    routes = [
        APIRoute("/api/plugins/under_test/x", "get"),
        APIRoute("y", "POST"),
        APIRoute("/api/plugins/other", "GET"),
    ]
    with run(FakePlugin(on={"get_registered_routes": routes})) as plugin:
        assert plugin.api_registration is not None
        found = plugin.api_registration.get_registered_routes()
    assert [(route.method, route.path) for route in found] == [
        ("GET", "/x"),
        ("POST", "/y"),
        ("GET", "/api/plugins/other"),
    ]


def test_search(run: Run) -> None:
    with run(FakePlugin()) as plugin:
        check_search(plugin.search, query={"q": "für elise"})


def test_lifecycle(run: Run) -> None:
    fake = FakePlugin()
    with run(fake) as plugin:
        assert plugin.info() == PluginInfo("fake", name="Fake", version="1.2.3")
        assert plugin.health() == Health(healthy=True)
        assert fake.settings == {}
        assert fake.context == plugin.context
    assert [name for name, _ in fake.calls if name in {"initialize", "start", "stop"}] == [
        "initialize",
        "start",
        "stop",
    ]


def test_service_that_is_not_offered_has_no_client(run: Run) -> None:
    with run(FakePlugin(offers=["search_service"])) as plugin:
        assert plugin.search is not None
        assert plugin.metadata_scraper is None
        assert plugin.scanner_hook is None
        assert plugin.database is None
        assert plugin.admin_page is None
        assert plugin.api_registration is None


@pytest.mark.parametrize(
    ("method", "answer", "field"),
    [
        ("extract_metadata", {"title": 3}, "metadata[title]"),
        ("extract_metadata", {"title": "\udcff"}, "metadata[title]"),
        ("extract_metadata", {"title": "x" * 70_000}, "metadata[title]"),
        ("extract_metadata", {str(n): "" for n in range(5_000)}, "metadata"),
        ("extract_metadata", "text", "metadata"),
        ("get_supported_types", "audio/flac", "types"),
        ("can_handle", "yes", "can_handle"),
    ],
)
def test_answer_that_is_not_valid(run: Run, method: str, answer: object, field: str) -> None:
    arguments = {"extract_metadata": ("/a",), "get_supported_types": (), "can_handle": ("/a", "audio/flac")}[method]
    with run(FakePlugin(on={method: answer})) as plugin:
        with pytest.raises(PluginFault, match="under_test") as caught:
            getattr(plugin.metadata_scraper, method)(*arguments)
        assert field in str(caught.value)
        assert plugin.health().healthy, "the plugin lives on"


@pytest.mark.parametrize("score", [1.5, -0.1, float("nan"), "high"])
def test_score_out_of_range(run: Run, score: float) -> None:
    response = SearchResponse([SearchResult("1", "x", score=score)], 1)
    with run(FakePlugin(on={"search": response})) as plugin:
        assert plugin.search is not None
        with pytest.raises(PluginFault, match=r"results\[0\]\.score"):
            plugin.search.search({"q": "x"}, 10, 0)


class _OddError(Exception):
    pass


@pytest.mark.parametrize("error", [_OddError("no luck"), SystemExit(3), KeyError("x"), RecursionError()])
def test_whatever_an_author_raises_is_a_fault(run: Run, error: BaseException) -> None:
    with run(FakePlugin(on={"extract_metadata": error, "get_supported_types": error})) as plugin:
        assert plugin.metadata_scraper is not None
        for call in (
            lambda: plugin.metadata_scraper.extract_metadata("/a"),
            plugin.metadata_scraper.get_supported_types,
        ):
            with pytest.raises(PluginFault) as caught:
                call()
            assert caught.value.kind == type(error).__name__
            assert caught.value.plugin_id == "under_test"


def test_causes_cross_and_the_traceback_is_in_the_plugins_log(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_arguments: object) -> None:
        try:
            raise OSError("disk is gone")
        except OSError as error:
            raise ValueError("cannot read") from error

    caplog.set_level(logging.DEBUG, "viewra")  # a test of the command line may have set another level
    with run(FakePlugin(on={"extract_metadata": fail, "search": fail})) as plugin:
        assert plugin.metadata_scraper is not None
        assert plugin.search is not None
        for call, level in (
            (lambda: plugin.metadata_scraper.extract_metadata("/a"), logging.DEBUG),
            (lambda: plugin.search.search({"q": "x"}, 1, 0), logging.ERROR),
        ):
            with pytest.raises(PluginFault, match="cannot read") as caught:
                call()
            fault = caught.value
            assert (fault.kind, fault.causes) == ("ValueError", ("OSError: disk is gone",))
            assert fault.__cause__ is not None
            assert "Traceback" not in str(fault)
            (record,) = [one for one in caplog.records if getattr(one, "fields", {}).get("call_id") == fault.call_id]
            assert (record.name, record.levelno) == ("viewra.plugin.under_test", level)
            assert vars(record)["fields"]["call"] == fault.call
            written = vars(record)["fields"].get("traceback") or JSONFormatter().format(record)
            assert "OSError: disk is gone" in written
            assert "in fail" in written


@pytest.mark.parametrize(
    ("on", "field"),
    [
        ({"get_admin_pages": [AdminPage("", "title", "/a")]}, "id"),
        ({"get_admin_pages": [AdminPage("a", "title", "/../etc/passwd")]}, "path"),
        ({"get_registered_routes": [APIRoute("", "GET")]}, "path"),
        ({"get_registered_routes": [APIRoute("/x/../../y", "GET")]}, "path"),
        ({"get_registered_routes": [APIRoute("/x", "FETCH")]}, "method"),
        ({"search": SearchResponse([SearchResult("", "x")])}, "id"),
    ],
)
def test_what_is_required_and_what_leaves_its_base(run: Run, on: dict[str, object], field: str) -> None:
    with run(FakePlugin(on=on)) as plugin:
        admin_page, routes, search = plugin.admin_page, plugin.api_registration, plugin.search
        assert admin_page is not None
        assert routes is not None
        assert search is not None
        calls: dict[str, Callable[[], object]] = {
            "get_admin_pages": lambda: admin_page.get_admin_pages(),
            "get_registered_routes": lambda: routes.get_registered_routes(),
            "search": lambda: search.search({"q": "x"}, 1, 0),
        }
        with pytest.raises(PluginFault, match=field):
            calls[next(iter(on))]()
