"""A plugin that its author works on: tried in a throw-away host after each change, and run under a debugger."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from tests.eventually import eventually
from viewra import Host
from viewra.authoring.debugger import choose, debugged, unhurried
from viewra.authoring.dev import Development
from viewra.authoring.naming import services_named
from viewra.authoring.scaffold import write_plugin
from viewra.authoring.targets import Target
from viewra.authoring.traces import OwnLine
from viewra.authoring.trial import Trial, try_out
from viewra.authoring.workshop import Workshop, open_workshop
from viewra.errors import UsageError, ViewraError
from viewra.host import Plugin

pytestmark = pytest.mark.process

SONG = "Music/Erik Satie/Gymnopédies/Erik Satie - Lent et triste.mp3"


@attrs.define
class Told:
    """Remembers what an author would see."""

    trials: list[Trial] = attrs.field(factory=list)
    failures: list[tuple[str, str]] = attrs.field(factory=list)
    waited: threading.Event = attrs.field(factory=threading.Event)

    def started(self, plugin: Plugin, seconds: float) -> None:
        del plugin, seconds

    def failed(self, plugin: Plugin, error: ViewraError, line: OwnLine | None) -> None:
        del plugin
        self.failures.append((str(error), str(line)))

    def tried(self, trial: Trial) -> None:
        self.trials.append(trial)

    def waiting(self) -> None:
        self.waited.set()


@pytest.fixture
def target(tmp_path: Path, quick_hosts: None) -> Target:
    del quick_hosts
    services = services_named(["metadata_scraper", "scanner_hook", "search"])
    return Target(write_plugin("mine", services, tmp_path / "mine").path, host_knows=False)


@pytest.fixture
def workshop(target: Target) -> Iterator[Workshop]:
    with open_workshop(target.manifest(), make_host, settings={"max_results": 7}) as opened:
        yield opened


def make_host(plugins: Path, data_dir: Path) -> Host:
    return Host(plugin_dirs=[plugins], data_dir=data_dir, watch=False, log_level="debug")


def replace(target: Target, old: str, new: str, file: str = "mine_plugin/plugin.py") -> None:
    path = target.directory / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_each_change_is_tried(target: Target, workshop: Workshop) -> None:
    told = Told()
    development = Development(workshop, target, told)
    assert development.once()
    (trial,) = told.trials
    said = {file.path: file for file in trial.files}
    assert said[SONG].fields == {"artist": "Erik Satie", "title": "Lent et triste"}
    assert (trial.total, trial.pending, trial.reads) == (5, 0, ("audio/*",))
    assert trial.search is not None
    assert trial.search.max_results == 7
    assert not development.once(), "the same code is not tried again"
    workshop.plugin.settings.change({"separator": "-"})
    assert development.once()
    assert {file.path: file for file in told.trials[-1].files}[SONG].fields["artist"] == "Erik Satie"

    broken = 'if "triste" in path.name: raise RuntimeError("too slow")'
    replace(target, "        artist, separator,", f"        {broken}\n        artist, separator,")
    assert development.once()
    failed = {file.path: file for file in told.trials[-1].files}[SONG]
    assert (failed.error, str(failed.line).partition(":")[0]) == ("too slow", "mine_plugin/plugin.py")
    assert failed.line is not None
    assert failed.line.text == broken

    replace(target, 'raise RuntimeError("too slow")', '__import__("os")._exit(3)')
    assert development.once()
    assert "exit status 3" in {file.path: file for file in told.trials[-1].files}[SONG].error
    replace(target, '__import__("os")._exit(3)', "pass")
    assert development.once()
    assert (told.trials[-1].problems, told.failures) == ((), [])

    pid = workshop.plugin.pid
    replace(target, "class MinePlugin", "clas MinePlugin")
    replace(target, "0.1.0", "x", "plugin.cue")
    replace(target, '"x"', '"0.2.0"', "plugin.cue")
    assert development.once()
    message, line = told.failures[-1]
    assert "did not start" in message
    assert line.endswith("clas MinePlugin(Plugin):")
    assert workshop.plugin.pid == pid, "the code before goes on"
    replace(target, "0.2.0", "x", "plugin.cue")
    assert development.once()
    assert "expected a semantic version" in told.failures[-1][0]
    assert told.failures[-1][1] == "None", "the line of an older failure says nothing of this one"


def test_a_signal_ends_it(target: Target, workshop: Workshop) -> None:
    told = Told()

    def interrupt() -> None:
        told.waited.wait(60)
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    Development(workshop, target, told).run()
    assert len(told.trials) == 1


def test_a_call_that_hangs_does_not_hold_up_the_end(target: Target) -> None:
    hangs = '__import__("logging").getLogger(__name__).info("it hangs"); __import__("threading").Event().wait()'
    replace(target, '        """Say by what it can be searched."""', f"        {hangs}")
    told, ended = Told(), threading.Event()
    with open_workshop(target.manifest(), make_host, prepare=unhurried) as opened:

        def interrupt() -> None:
            eventually(lambda: any("it hangs" in record.message for record in opened.plugin.logs))
            signal.raise_signal(signal.SIGTERM)
            if not ended.wait(60):
                signal.raise_signal(signal.SIGTERM)  # the second one interrupts

        threading.Thread(target=interrupt, daemon=True).start()
        Development(opened, target, told).run()
        ended.set()
    assert (told.trials, told.failures) == ([], [])


def test_under_a_debugger(target: Target) -> None:
    lines: list[str] = []
    manifest = target.manifest()
    with (
        open_workshop(manifest, make_host, prepare=unhurried) as workshop,
        debugged(manifest, "pdb", 0, lines.append, wait=False) as running,
    ):
        record = running.wait_for_record(threading.Event())
        assert record is not None
        workshop.plugin.attach(record)
        assert workshop.plugin.pid == running.process.pid
        assert workshop.plugin.runtime.call_timeout_s["default"] == 86_400
        assert {file.path: file for file in try_out(workshop).files}[SONG].fields["title"] == "Lent et triste"
        running.end_soon()
        assert running.process.wait(30) is not None
    assert any("a scan began" in line for line in lines)


def test_which_debugger(target: Target, make_plugin: Callable[..., Path]) -> None:
    manifest = target.manifest()
    assert choose(manifest, None, lambda _python: True) == "debugpy"
    assert choose(manifest, None, lambda _python: False) == "pdb"
    assert choose(manifest, "pdb", lambda _python: True) == "pdb"
    with pytest.raises(UsageError, match="debugpy is not installed"):
        choose(manifest, "debugpy", lambda _python: False)
    binary = make_plugin("binary", "")
    (binary / "main.py").rename(binary / "main")
    (binary / "main").chmod(0o755)
    replace(Target(binary, host_knows=False), "main.py", "main", "plugin.cue")
    with pytest.raises(UsageError, match="no Python program"):
        choose(Target(binary, host_knows=False).manifest(), None, lambda _python: True)
