"""Operators' commands for plugins: check, configure, pin, enable one of several."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Viewra
from viewra.codec.protocol import DEBUG

pytestmark = pytest.mark.process

SEARCH = """
    from viewra.sdk import Plugin, SearchCapabilities, SearchResponse, SearchResult, serve
    class P(Plugin):
        def search(self, query, limit, offset):
            return SearchResponse([SearchResult("1", f"{self.settings.greeting} {query['q']}", score=1)], 1)
        def get_search_capabilities(self): return SearchCapabilities(["q"])
    serve(P())
"""
SETTINGS = """
settings: {
	greeting: string | *"hello"
	times:    int & >=1 & <=3 | *1
	token?:   string @secret()
}
"""


@pytest.fixture
def directory(make_plugin: Callable[..., Path]) -> Path:
    return make_plugin("finder", SEARCH, capabilities=("search_service",), extra=SETTINGS)


@pytest.fixture
def mine(viewra: Viewra, directory: Path) -> Viewra:
    return lambda *arguments, **options: viewra("--plugins", str(directory.parent), *arguments, **options)


def test_check(viewra: Viewra, directory: Path) -> None:
    fine = viewra("plugins", "check", directory, "--run")
    assert (fine.status, fine.out.splitlines()[-1]) == (0, f"{directory}: fine")
    manifest = directory / "plugin.cue"
    manifest.write_text(
        manifest.read_text().replace("main.py", "mian.py").replace("type:", "//").replace('"1.0.0"', "3")
        + "\ntpye: 1\n"
    )
    broken = viewra("plugins", "check", directory, "--json")
    assert broken.status == 1
    assert not broken.data["ok"]
    assert {error["field"] for error in broken.data["errors"]} == {"version", "entry_points.main", "tpye"}
    assert set(broken.data["errors"][0]) == {"file", "line", "column", "field", "message"}
    shown = viewra("plugins", "check", directory).out
    assert re.search(r"plugin\.cue:3:10: version: expected a semantic version.*\n +version: 3\n +\^", shown)
    assert "did you mean" in shown


def test_check_run_compares_what_is_offered(viewra: Viewra, directory: Path) -> None:
    manifest = directory / "plugin.cue"
    manifest.write_text(manifest.read_text().replace("search_service: true", "admin_page: true"))
    code = directory / "main.py"
    routes = "\n    def get_registered_routes(self):\n        return []\n\n    def search(self"
    code.write_text(code.read_text().replace("\n    def search(self", routes))
    report = viewra("plugins", "check", directory, "--run", "--json")
    assert report.status == 1
    assert [error["field"] for error in report.data["errors"]] == ["capabilities.admin_page"]
    unclaimed, unknown, mute = report.data["warnings"]
    assert [unclaimed["field"], unknown["field"]] == ["capabilities.api_registration", "capabilities.search_service"]
    assert (mute["field"], "has no HttpService" in mute["message"]) == ("capabilities.api_registration", True)


def test_settings_reach_the_plugin(mine: Viewra) -> None:
    assert mine("plugins", "enable", "finder").status == 0
    assert mine("search", "x", "--json").data["results"][0]["title"] == "hello x"
    rows = mine("plugins", "settings", "finder", "greeting=good day", "token=secret", "--json").data
    assert {row["key"]: (row["value"], row["source"], row["secret"]) for row in rows} == {
        "greeting": ("good day", "operator", False),
        "times": (1, "manifest", False),
        "token": (None, "operator", True),
    }
    assert mine("search", "x", "--json").data["results"][0]["title"] == "good day x"
    refused = mine("plugins", "settings", "finder", "times=9")
    assert refused.status == 1
    assert re.search(r"plugin\.cue:\d+:\d+: settings\.times: 9 is not <=3", refused.err)
    assert mine("plugins", "settings", "finder", "--unset", "greeting").status == 0
    assert mine("search", "x", "--json").data["results"][0]["title"] == "hello x"
    assert "(secret)" in mine("plugins", "settings", "finder").out


def test_a_hook_is_called_by_hand(mine: Viewra) -> None:
    call = ("plugins", "call", "finder", "search")
    disabled = mine(*call, "query.q=x")
    assert disabled.status == 1
    assert "viewra plugins enable finder" in disabled.err
    assert mine("plugins", "enable", "finder").status == 0
    answer = mine(*call, "query.q=x", "--json").data
    assert (answer["plugin"], answer["hook"], answer["value"]["results"][0]["title"]) == ("finder", "search", "hello x")
    shown = mine(*call, "query.q=x")
    assert re.search(r"total_count +1", shown.out)
    assert re.search(r"1 +hello x", shown.out)
    wrong = mine(*call, "query=x")
    assert (wrong.status, wrong.out) == (2, "")
    assert "query is a map of texts" in wrong.err


def test_the_one_in_force_and_the_one_it_hides_are_listed(
    mine: Viewra, make_plugin: Callable[..., Path], data_dir: Path
) -> None:
    make_plugin("finder", SEARCH, capabilities=("search_service",), parent=data_dir / "plugin-packages")
    rows = [row for row in mine("plugins", "list", "--json").data if row["id"] == "finder"]
    assert [row["state"] for row in rows] == ["disabled", "disabled"]
    assert "hidden by" in rows[1]["reason"]
    assert rows[1]["path"].startswith(str(data_dir))


def test_pin(mine: Viewra, directory: Path) -> None:
    mine("plugins", "enable", "finder")
    assert "SHA-256" in mine("plugins", "pin", "finder").out
    assert mine("search", "x", "--json").data["total"] == 1
    (directory / "main.py").write_text((directory / "main.py").read_text() + "\n# changed\n")
    refused = mine("search", "x")
    assert "differs from its pin" in refused.err
    assert mine("plugins", "unpin", "finder").status == 0
    assert mine("search", "x", "--json").data["total"] == 1


def test_a_plugin_that_is_run_by_hand(mine: Viewra, directory: Path) -> None:
    argv = [sys.executable, str(directory / "main.py")]
    with subprocess.Popen(argv, env={**os.environ, DEBUG: "1"}, stderr=subprocess.PIPE, text=True) as by_hand:
        assert by_hand.stderr is not None
        found = re.search(r"'ID=(\{.*\})'", by_hand.stderr.readline())
        assert found is not None
        attached = ("--reattach", f"finder={found[1]}")
        assert mine(*attached, "search", "x", "--json").data["results"][0]["title"] == "hello x"
        info = mine("plugins", *attached, "info", "finder", "--json").data
        assert (info["state"], info["pid"]) == ("running", by_hand.pid)
        by_hand.terminate()
    gone = mine(*attached, "search", "x")
    assert gone.status == 1
    assert "could not be attached to" in gone.err
