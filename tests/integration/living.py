"""A plugin that does what calls ask for, and a host that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from viewra import Host
from viewra.types import PluginState

from .conftest import States

CODE = """
    import os, signal, sys, threading, time
    from viewra.sdk import Health, Plugin, SearchCapabilities, SearchResponse, SearchResult, serve

    class P(Plugin):
        def initialize(self, context):
            self.home = context.base_path
            with open(self.home + "/starts", "a") as file:
                file.write(f"{os.getpid()}\\n")
            if os.path.exists(self.home + "/broken"):
                print("cannot find my dictionary", file=sys.stderr)
                os._exit(4)

        def health(self):
            if os.path.exists(self.home + "/unwell"):
                return Health(False, "the remote site is down")
            return Health(True)

        def search(self, query, limit, offset):
            what = query.get("q", "")
            if what == "die":
                for number in range(30):
                    print(f"last words {number}", file=sys.stderr)
                sys.stderr.flush()
                os.kill(os.getpid(), signal.SIGSEGV)
                time.sleep(10)  # the signal may take a moment
            if what == "die once" and not os.path.exists(self.home + "/died"):
                open(self.home + "/died", "w").close()
                os._exit(5)
            if what == "hang": time.sleep(3600)
            if what == "grow": self.hoard = [*getattr(self, "hoard", ()), bytearray(os.urandom(1)) * 20_000_000]
            if what == "fault": raise ValueError("no")
            if what == "hold":
                while not os.path.exists(self.home + "/go"): time.sleep(0.005)
            return SearchResponse((SearchResult("1", str(os.getpid())),), 1)

        def get_search_capabilities(self):
            return SearchCapabilities(("q",))

    serve(P())
"""


@contextmanager
def running(tmp_path: Path, states: States, **options: object) -> Iterator[Host]:
    with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", **options) as host:  # type: ignore[arg-type]
        host.pm.register(states)
        if host.plugins["p"].state is PluginState.DISABLED:
            host.plugins["p"].enable()
        yield host


def ask(host: Host, what: str = "x") -> str:
    """The pid of the process that answers."""
    search = host.plugins["p"].search
    assert search is not None
    return search.search({"q": what}, 10, 0).results[0].title


def home(tmp_path: Path) -> Path:
    return tmp_path / "data" / "plugins" / "p"


def starts(tmp_path: Path) -> list[str]:
    return (home(tmp_path) / "starts").read_text().split()
