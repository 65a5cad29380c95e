"""Reloads of plugins that hold what only one process can hold: the old process ends before the new one starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.reloading import Callers, running, version, write
from viewra.types import PluginState

from .conftest import States

pytestmark = pytest.mark.process

STOPS = """
    import threading
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            self.over = threading.Event()
            {initialize}

        def stop(self):
            self.over.set()

        def search(self, query, limit, offset):
            if self.over.wait(float(query["s"])):
                raise RuntimeError("stopped under a call")
            return SearchResponse((SearchResult("x", str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


# ---- one after the other ----

HOLDER = """
    import os, socket
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}

    class P(Plugin):
        def initialize(self, context):
            self.lock = socket.socket(socket.AF_UNIX)
            self.lock.bind("\\0" + context.base_path)  # what only one process can hold
            {initialize}

        def search(self, query, limit, offset):
            return SearchResponse((SearchResult(str(os.getpid()), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@pytest.fixture
def holder(make_plugin: Callable[..., Path]) -> Path:
    extra = 'runtime: {reload: "restart", restart: max: 100}'
    directory = make_plugin("p", "", capabilities=("search_service",), extra=extra, may=("filesystem:write",))
    write(directory, 1, code=HOLDER)
    return directory


def test_what_only_one_process_can_hold_is_handed_over_and_calls_wait(
    tmp_path: Path, holder: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            for number in (2, 3):
                write(holder, number, code=HOLDER)
                eventually(lambda number=number: callers.latest == number)  # type: ignore[misc]
        assert callers.failures == []


def test_the_old_code_serves_again_when_the_new_one_does_not_start_in_its_place(
    tmp_path: Path, holder: Path, states: States
) -> None:
    with running(tmp_path, states) as host:
        plugin = host.plugins["p"]
        assert version(host) == 1
        with Callers(host) as callers:
            write(holder, 2, 'raise RuntimeError("no dictionary")', code=HOLDER)
            eventually(lambda: "no dictionary" in plugin.reason and plugin.state is PluginState.RUNNING)
            assert version(host) == 1
            plugin.restart()  # the code on disk is still the one that does not start
            assert version(host) == 1
            write(holder, 3, code=HOLDER)
            eventually(lambda: callers.latest == 3)
        assert callers.failures == []
        assert plugin.path == holder


QUIESCES = """
    import time
    from pathlib import Path
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    VERSION = {version}
    HERE = Path(__file__).parent

    class P(Plugin):
        quiescing = False

        def initialize(self, context):
            {initialize}

        def quiesce(self):
            self.quiescing = True
            while not (HERE / ".asked").exists():
                time.sleep(0.005)
            (HERE / ".quiesced").touch()
            if (HERE / ".fail").exists():
                raise OSError("the port is stuck")

        def stop(self):
            (HERE / ".stopped").write_text(str(self.quiescing))

        def search(self, query, limit, offset):
            if self.quiescing:
                (HERE / ".asked").touch()
            return SearchResponse((SearchResult(str(self.quiescing), str(VERSION)),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@pytest.mark.parametrize("fails", [False, True])
def test_a_plugin_quiesces_while_it_still_answers_and_is_then_replaced_in_any_case(
    tmp_path: Path, holder: Path, states: States, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    write(holder, 1, code=QUIESCES)
    if fails:
        (holder / ".fail").touch()
    with running(tmp_path, states, watch=False) as host:
        assert version(host) == 1
        with Callers(host) as callers:
            write(holder, 2, code=QUIESCES)
            host.plugins["p"].reload()  # it would not end quiescing before it has been asked something meanwhile
            assert (holder / ".quiesced").exists()
            assert (holder / ".stopped").read_text() == "True"
            assert version(host) == 2
        assert callers.failures == []
    assert ("did not quiesce" in caplog.text and "the port is stuck" in caplog.text) is fails
