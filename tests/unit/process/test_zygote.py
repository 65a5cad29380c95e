"""Plugins that a zygote starts are what spawned ones are, and the zygote itself gives nothing away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import psutil
import pytest

from tests.eventually import eventually
from viewra.process import Child, LaunchPlan, Spawner, ZygoteUse, plugin_environment, template

pytestmark = pytest.mark.process

PORTRAIT = """
from viewra.sdk import serve
import json, os, random, resource, signal, sys, tempfile, uuid
same = {
    "environment": {k: v for k, v in os.environ.items() if k not in ("VIEWRA_PROCESS", "VIEWRA_STDOUT")},
    "argv": sys.argv, "path": sys.path, "directory": os.getcwd(), "name": __name__, "file": __file__,
    "cache": sys.pycache_prefix, "flags": [sys.flags.isolated, sys.flags.no_site, sys.flags.hash_randomization],
    "signals": {n: str(signal.getsignal(n)) for n in signal.valid_signals()},
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "umask": os.umask(0o77), "descriptors": sorted(os.listdir("/proc/self/fd")), "session": os.getsid(0) == os.getpid(),
    "limits": {n: resource.getrlimit(n) for n in range(15)}, "threads": len(os.listdir("/proc/self/task")),
    "stdout": [sys.stdout.line_buffering, sys.stdout.write_through, sys.stdout.encoding, sys.stdout.seekable()],
    "guardian": os.getpgid(os.getppid()) == os.getppid(), "host": open(f"/proc/{os.getppid()}/stat").read().split()[3],
    "comm": open("/proc/self/comm").read(), "mark": os.environ["VIEWRA_PROCESS"] in open("/proc/self/environ").read(),
    "shown": __file__ in open("/proc/self/cmdline").read(), "modules": "tests" in sys.modules,
}
own = [random.random(), os.urandom(8).hex(), str(uuid.uuid4()), next(tempfile._get_candidate_names())]
print("SAME " + json.dumps(same, default=str), file=sys.stderr)
print("OWN " + json.dumps(own), file=sys.stderr)
"""


NONE: Mapping[str, str] = {}


@attrs.frozen
class Starts:
    """Starts scripts as plugins, by zygotes and without."""

    folder: Path
    spawners: Mapping[ZygoteUse, Spawner]

    def start(
        self, code: str, lines: list[str], use: ZygoteUse = "always", variables: Mapping[str, str] = NONE
    ) -> Child:
        script = self.folder / "main.py"
        script.write_text(code)
        plan = LaunchPlan((sys.executable, str(script)), plugin_environment(variables), self.folder, script=True)
        return self.spawners[use].launch(plan, on_line=lambda _, line: lines.append(line))

    def run(self, code: str, use: ZygoteUse = "always", variables: Mapping[str, str] = NONE) -> list[str]:
        """What it writes until its end; checks that the zygote is used if it should."""
        lines: list[str] = []
        child = self.start(code, lines, use, variables)
        assert child.origin.kind == ("zygote" if use == "always" else "spawn"), child.origin
        assert child.wait(60) == 0, lines
        return lines


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    spawners: dict[ZygoteUse, Spawner] = {"always": Spawner(zygote="always"), "off": Spawner()}
    yield Starts(tmp_path_factory.mktemp("plugin"), spawners)
    for spawner in spawners.values():
        spawner.close()


@pytest.fixture(autouse=True)
def nothing_is_left() -> None:
    """The zygote lasts for the module."""


def zygote_of(starts: Starts) -> template.Template:
    found = starts.spawners["always"]._zygote._template
    assert found is not None
    return found


def portrait(lines: list[str]) -> tuple[dict[str, object], list[object]]:
    found = {word: json.loads(rest) for word, _, rest in (line.partition(" ") for line in lines)}
    return found["SAME"], found["OWN"]


def test_a_forked_plugin_finds_itself_as_a_spawned_one_does_but_with_chances_of_its_own(starts: Starts) -> None:
    variables = {"PYTHONPYCACHEPREFIX": "/nowhere", "VIEWRA_COOKIE": "x", "TZ": "UTC"}
    spawned, _ = portrait(starts.run(PORTRAIT, "off", variables))
    one, chances = portrait(starts.run(PORTRAIT, variables=variables))
    _, others = portrait(starts.run(PORTRAIT, variables=variables))
    assert one == spawned
    assert not set(map(str, chances)).intersection(map(str, others))


FIND = """
from viewra.sdk import serve
import re, sys
wanted = bytes.fromhex(REVERSED)[::-1]
found = 0
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        start, end = (int(one, 16) for one in line.split()[0].split("-"))
        if line.split()[1].startswith("rw"):
            memory.seek(start)
            found += memory.read(end - start).count(wanted)
print("FOUND", found - 1, file=sys.stderr)  # less the one that it looks for
"""


def test_no_plugin_finds_another_ones_secret_in_its_memory(starts: Starts) -> None:
    secret = b"a secret of another plugin"
    starts.run("from viewra.sdk import serve", variables={"SECRET": secret.decode()})
    (line,) = starts.run(FIND.replace("REVERSED", repr(secret[::-1].hex())))
    assert line == "FOUND 0"


WAIT = """
from viewra.sdk import serve
import sys, threading
print("runs", file=sys.stderr)
threading.Event().wait(60)
"""


def test_a_zygote_that_is_killed_is_followed_by_another_and_its_plugins_go_on(starts: Starts) -> None:
    lines: list[str] = []
    child = starts.start(WAIT, lines)
    eventually(lambda: "runs" in lines)
    killed = zygote_of(starts).process
    killed.kill()
    assert starts.run("from viewra.sdk import serve") == []
    assert zygote_of(starts).process.pid != killed.pid
    assert killed.returncode == -signal.SIGKILL
    assert not child.ended
    child.kill()


def test_its_code_changes(starts: Starts, tmp_path: Path) -> None:
    starts.run("from viewra.sdk import serve")
    (file := tmp_path / "code.py").touch()
    before = zygote_of(starts)
    starts.spawners["always"]._zygote._template = attrs.evolve(before, files={str(file): (0, 0, 0)})
    starts.run("from viewra.sdk import serve")
    assert zygote_of(starts).process.pid != before.process.pid
    assert before.process.poll() == 0


LEAVES = """
from viewra.sdk import serve
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("left", os.getpid(), file=sys.stderr)
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""


def test_what_a_forked_plugin_leaves_ends_although_its_guardian_was_killed(starts: Starts) -> None:
    """Its forks show the mark of their start, by which they are found, although they never executed anything."""
    lines: list[str] = []
    child = starts.start(LEAVES, lines)
    eventually(lambda: lines)
    os.kill(psutil.Process(child.pid).ppid(), signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(int(lines[0].split()[1])))


def test_a_zygote_that_does_not_answer_is_ended_and_followed_by_another(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts.run("from viewra.sdk import serve")
    stopped = zygote_of(starts).process
    os.kill(stopped.pid, signal.SIGSTOP)
    monkeypatch.setattr(template, "_FORK_S", 0.1)
    assert starts.run("from viewra.sdk import serve") == []
    assert stopped.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("viewra.sdk", "tests.unit.process.has_thread"), "the zygote refused to fork: it has 2 threads"),
        (("viewra.nothing",), "the zygote did not start: ModuleNotFoundError: No module named 'viewra.nothing'"),
    ],
)
def test_a_zygote_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], reason: str
) -> None:
    monkeypatch.setattr(template, "PRELOADED", names)
    monkeypatch.setattr(template, "site", FakeSite(str(Path(__file__).parents[3])))
    spawner = Spawner(zygote="always")
    try:
        starts = Starts(tmp_path, {"always": spawner})
        child = starts.start("from viewra.sdk import serve", [])
        assert child.wait(60) == 0
        assert (child.origin.kind, child.origin.reason) == ("spawn", reason)
    finally:
        spawner.close()


@attrs.frozen
class FakeSite:
    """A ``site`` with a folder of the user's own packages."""

    folder: str
    ENABLE_USER_SITE: bool = True

    def getusersitepackages(self) -> str:
        return self.folder


PROGRAM = """
import sys
from viewra.process import LaunchPlan, Spawner, plugin_environment
spawner = Spawner(zygote="always")
plan = LaunchPlan((sys.executable, {script!r}), plugin_environment({{}}), script=True)
child = spawner.launch(plan, on_line=lambda *_: None)
print(spawner._zygote._template.process.pid, child.pid, flush=True)
child.wait()
"""


def test_nothing_outlives_a_host_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(WAIT)
    with subprocess.Popen([sys.executable, "-c", PROGRAM.format(script=str(script))], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        pids = list(map(int, host.stdout.readline().split()))
        assert len(pids) == 2
        host.kill()
    eventually(lambda: not any(map(psutil.pid_exists, pids)))
