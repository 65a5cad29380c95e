"""Counts the function calls inside viewra of a first call that starts a plugin, and of a change of its code.

Counted under ``sys.setprofile``, from the call until its outcome, on all threads but the host's ticker. The plugin is
confined, as it is by default. What a process does once (it compiles the sandbox's filter, and the code that plugins
import) is in ``first call in the process`` alone: ``first call`` is that of a second host, with its own database and
plugin.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import viewra
from benchmarks.reload import MANIFEST, PLUGIN
from viewra import Host, hookimpl

BASELINES = {"first call in the process": 669, "first call": 669, "reload": 8090, "reload with another manifest": 8090}
"""The numbers before settings, code and manifest were read once each."""
MOST = {"first call in the process": 1.0, "first call": 0.5, "reload": 0.06, "reload with another manifest": 0.25}
"""The limit, as a part of the baseline."""

_OWN = str(Path(viewra.__file__).parent)


def main(argv: list[str]) -> int:
    """Print the numbers and their ratio to the baselines; exit status 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks walks")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="show the N functions that are called most")
    options = parser.parse_args(argv)
    broken = False
    for name, walk in walks().items():
        calls = sum(walk.values())
        ratio = calls / BASELINES[name]
        files = {function.partition(":")[0] for function in walk}
        print(f"{name}: {calls} calls of {len(walk)} functions in {len(files)} files", end="; ")
        print(f"ratio {ratio:.2f} to {BASELINES[name]} (at most {MOST[name]})")
        for function, times in walk.most_common(options.most):
            print(f"  {times:5} {function}")
        broken |= ratio > MOST[name]
    return broken


def walks() -> dict[str, Counter[str]]:
    """The number of calls of each function in each case."""
    counter = Counting()
    threading.setprofile(counter.profile)  # for all threads that start from now on
    try:
        with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
            first, *_ = _walks(Path(scratch, "1"), counter, reloads=False)
            return dict(zip(BASELINES, (first, *_walks(Path(scratch, "2"), counter)), strict=True))
    finally:
        threading.setprofile(None)


def _walks(scratch: Path, counter: Counting, *, reloads: bool = True) -> list[Counter[str]]:
    directory = scratch / "plugins" / "searcher"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").write_text(PLUGIN.format(version=1))
    with Host(plugin_dirs=[directory.parent], data_dir=scratch / "data", watch=False) as host:
        plugin = host.plugins["searcher"]
        enabled = Enabled()
        host.pm.register(enabled)
        plugin.enable()
        assert enabled.told.wait(10)  # on a thread, which must not be counted with the call
        assert plugin.search is not None
        search = plugin.search.search
        found = [counter.of(lambda: search({"q": "x"}, 1, 0))]
        if not reloads:
            return found
        (directory / "main.py").write_text(PLUGIN.format(version=2))
        found.append(counter.of(lambda: host.plugins.code_changed(directory)))
        (directory / "plugin.cue").write_text(MANIFEST.replace("1.0.0", "1.1.0"))
        found.append(counter.of(lambda: host.plugins.code_changed(directory)))
        assert plugin.stats.reloads == 2
    return found


class Enabled:
    """Waits until the plugin's enabling was announced."""

    def __init__(self) -> None:
        self.told = threading.Event()

    @hookimpl
    def plugin_state_changed(self) -> None:
        """The first change of a state is that from disabled to ready."""
        self.told.set()


class Counting:
    """Counts calls of viewra's functions while some work is done."""

    def __init__(self) -> None:
        self._calls: Counter[str] | None = None

    def of(self, work: Callable[[], object]) -> Counter[str]:
        """The functions called meanwhile, on all threads."""
        calls = self._calls = Counter()
        sys.setprofile(self.profile)
        try:
            work()
        finally:
            sys.setprofile(None)
            self._calls = None
        return calls

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Count one call; the interpreter's profile function."""
        code, calls = frame.f_code, self._calls
        if calls is None or event != "call" or not code.co_filename.startswith(_OWN):
            return
        if threading.current_thread().name != "ticker":  # that one works as often as time passes
            calls[f"{code.co_filename[len(_OWN) + 1 :]}:{code.co_qualname}"] += 1
