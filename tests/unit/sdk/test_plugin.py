"""What an author's class has before and after ``initialize``, and which services it counts as."""

from __future__ import annotations

import copy
import json

import pytest

from viewra.codec import lifecycle
from viewra.pb import plugin_pb2 as pb
from viewra.sdk import Plugin, PluginContext
from viewra.sdk.log import Logger
from viewra.sdk.servicers._handlers import _behaviour
from viewra.sdk.settings import Settings


class Scraper(Plugin):
    def can_handle(self, file_path: str, mime_type: str) -> bool:
        return True

    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {}

    def get_supported_types(self) -> list[str]:
        return []


class HalfScraper(Plugin):
    def extract_metadata(self, file_path: str) -> dict[str, str]:
        return {}


GETTERS = (
    "metadata_scraper_service",
    "scanner_hook_service",
    "database_service",
    "admin_page_service",
    "api_registration_service",
    "search_service",
)


def test_a_plugin_is_the_service_whose_methods_it_has() -> None:
    plugin = Scraper()
    offered = [name for name in GETTERS if getattr(plugin, name)() is not None]
    assert offered == ["metadata_scraper_service"]
    assert plugin.metadata_scraper_service() is plugin


def test_half_a_service_is_none_and_says_what_is_missing() -> None:
    records = []
    plugin = HalfScraper()
    plugin.bind(log=Logger(lambda level, message, fields: records.append((level, dict(fields)))))
    assert plugin.metadata_scraper_service() is None
    assert records == [
        ("warn", {"service": "MetadataScraperService", "missing": ["can_handle", "get_supported_types"]})
    ]


def test_context_before_initialize() -> None:
    with pytest.raises(RuntimeError, match="before the host has called initialize"):
        _ = Scraper().context
    assert Scraper().settings == {}


def test_initialize_may_be_overridden_without_super() -> None:
    class Mine(Plugin):
        def initialize(self, context: PluginContext) -> None:
            self.seen = self.settings.timeout

    plugin = Mine()
    context = PluginContext("mine", {"timeout": "5", "_json": json.dumps({"timeout": 5})})
    plugin.bind(context=context)
    plugin.initialize(context)
    assert plugin.seen == 5
    assert plugin.info().id == "mine"


def test_settings_are_typed_nested_and_read_only() -> None:
    settings = Settings({"a": 1, "b": {"c": [1, {"d": True}]}})
    assert settings.b.c[1].d is True
    assert settings["a"] == 1
    assert dict(settings) == {"a": 1, "b": settings.b}
    with pytest.raises(AttributeError, match=r"no setting 'x'; the manifest has: a, b"):
        _ = settings.x
    assert copy.copy(settings) == settings
    assert "1" not in repr(settings)


def test_logger_levels_and_fields() -> None:
    records = []
    log = Logger(lambda level, message, fields: records.append((level, message, dict(fields))), level="warn")
    log.info("not shown")
    log.bind(a=1).warning("shown", b=2)
    log.at_level("trace").trace("finest")
    assert records == [("warn", "shown", {"a": 1, "b": 2}), ("trace", "finest", {})]
    try:
        raise ValueError("x")
    except ValueError:
        log.exception("failed")
    assert "ValueError: x" in records[-1][2]["traceback"]


@pytest.mark.parametrize(("error", "level"), [(SystemExit("ffmpeg is missing"), "debug"), (OSError("no"), "error")])
def test_a_start_that_is_refused_is_no_mistake_in_the_code(error: BaseException, level: str) -> None:
    class Refusing(Plugin):
        def start(self) -> None:
            raise error

    class Context:
        def is_active(self) -> bool:
            return True

        def set_trailing_metadata(self, _metadata: object) -> None: ...

    records: list[str] = []
    log = Logger(lambda level, _message, _fields: records.append(level), level="debug")
    behave = _behaviour(lifecycle.START, Refusing().start, log)
    answer = pb.StartResponse.FromString(behave(b"", Context()))
    assert (answer.success, answer.error) == (False, str(error))
    assert records == [level]
