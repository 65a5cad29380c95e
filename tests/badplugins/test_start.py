"""Plugins whose start goes wrong, each at another step: reported with step, reason and last output; nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.leftovers import Present
from viewra.errors import HandshakeError, PluginUnavailable
from viewra.testing import subprocess_plugin

pytestmark = pytest.mark.process

HANDSHAKE = """
import os, socket, sys, time
def address(): return os.environ["PLUGIN_UNIX_SOCKET_DIR"] + "/plugin1"
def say(line, end="\\n"):
    sys.stdout.write(line + end); sys.stdout.flush()
"""
SERVER = (
    HANDSHAKE
    + """
from viewra.sdk import Plugin, serve
"""
)

BAD = {
    "says nothing": (HANDSHAKE + "time.sleep(3600)", "handshake", "no handshake line within 2 s"),
    "says garbage": (HANDSHAKE + "say('hello world'); time.sleep(3600)", "handshake", "hello world"),
    "half a line": (
        HANDSHAKE + "say('1|1|unix|/tmp/x', end=''); time.sleep(3600)",
        "handshake",
        "did not finish its line",
    ),
    "netrpc": (HANDSHAKE + "say('1|1|unix|/tmp/x|netrpc|'); time.sleep(3600)", "handshake", "netrpc"),
    "four fields": (HANDSHAKE + "say('1|1|unix|/tmp/x'); time.sleep(3600)", "handshake", "netrpc"),
    "three fields": (HANDSHAKE + "say('1|1|unix'); time.sleep(3600)", "handshake", "3 of at least 4 fields"),
    "another core version": (HANDSHAKE + "say('2|1|unix|/tmp/x|grpc'); time.sleep(3600)", "handshake", "core protocol"),
    "another version": (HANDSHAKE + "say('1|7|unix|/tmp/x|grpc'); time.sleep(3600)", "handshake", "version 7"),
    "exits quietly": (HANDSHAKE + "sys.exit(0)", "handshake", "exit status 0"),
    "exits with a traceback": (HANDSHAKE + "raise ValueError('out of luck')", "handshake", "exit status 1"),
    "no such socket": (HANDSHAKE + "say(f'1|1|unix|{address()}|grpc|'); time.sleep(3600)", "connect", "No such file"),
    "an open port": (HANDSHAKE + "say('1|1|tcp|127.0.0.1:1|grpc|'); time.sleep(3600)", "connect", "TCP"),
    "not a socket": (
        HANDSHAKE + "open(address(), 'w').close(); say(f'1|1|unix|{address()}|grpc|'); time.sleep(3600)",
        "connect",
        "not a socket",
    ),
    "dies after the line": (
        HANDSHAKE + "s = socket.socket(socket.AF_UNIX); s.bind(address()); s.listen()\n"
        "say(f'1|1|unix|{address()}|grpc|'); sys.exit(4)",
        "connect",
        "exit status 4",
    ),
    "closes every connection": (
        HANDSHAKE + "s = socket.socket(socket.AF_UNIX); s.bind(address()); s.listen()\n"
        "say(f'1|1|unix|{address()}|grpc|')\nwhile True: s.accept()[0].close()",
        "connect",
        "",
    ),
    "accepts and is silent": (
        HANDSHAKE + "s = socket.socket(socket.AF_UNIX); s.bind(address()); s.listen()\n"
        "say(f'1|1|unix|{address()}|grpc|'); time.sleep(3600)",
        "health",
        "within",
    ),
    "hangs in initialize": (
        SERVER + "class P(Plugin):\n    def initialize(self, context): time.sleep(3600)\nserve(P())",
        "initialize",
        "did not answer",
    ),
    "refuses to initialize": (
        SERVER + "class P(Plugin):\n    def initialize(self, context): raise ValueError('no licence')\nserve(P())",
        "initialize",
        "no licence",
    ),
    "dies in initialize": (
        SERVER + "class P(Plugin):\n    def initialize(self, context): os._exit(7)\nserve(P())",
        "initialize",
        "exit status 7",
    ),
    "fails in start": (
        SERVER + "class P(Plugin):\n    def start(self): raise OSError('port is taken')\nserve(P())",
        "start",
        "port is taken",
    ),
    "fails in info": (
        SERVER + "class P(Plugin):\n    def info(self): return 'a text'\nserve(P())",
        "info",
        "must be a PluginInfo",
    ),
}


WAITED_FOR = {
    "says nothing": 2,
    "says garbage": 5,
    "half a line": 5,
    "accepts and is silent": 5,
    "hangs in initialize": 8,
}
"""Those that use up the time of their start, with that time in seconds: what comes before needs some of it."""


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


@pytest.mark.parametrize("name", BAD)
def test_bad_start(name: str, make_plugin: Callable[..., Path]) -> None:
    code, step, reason = BAD[name]
    directory = make_plugin("bad", code, extra=f"runtime: start_timeout_s: {WAITED_FOR.get(name, 60)}")
    before, family = Present(), children()
    with pytest.raises(PluginUnavailable, match=f"did not start, at the step {step}: ") as caught:  # noqa: SIM117
        with subprocess_plugin(directory):
            pass
    cause = caught.value.__cause__
    assert isinstance(cause, HandshakeError)
    assert cause.step == step
    assert reason in str(caught.value)
    if "traceback" in name:
        assert "ValueError: out of luck" in cause.output
    assert children() <= family, "reaped"
    before.nothing_is_left(descriptors=3)  # gRPC keeps a few of its own


def test_line_that_comes_after_the_start_timeout(make_plugin: Callable[..., Path]) -> None:
    code = HANDSHAKE + "time.sleep(1.5); say(f'1|1|unix|{address()}|grpc|'); time.sleep(3600)"
    directory = make_plugin("late", code, extra="runtime: start_timeout_s: 1")
    family = children()
    with pytest.raises(PluginUnavailable, match="no handshake line within 1 s"), subprocess_plugin(directory):
        pass
    assert children() <= family, "reaped"


def test_entry_point_that_cannot_be_run(make_plugin: Callable[..., Path]) -> None:
    directory = make_plugin("bad", "")
    manifest = directory / "plugin.cue"
    manifest.write_text(manifest.read_text().replace("main.py", "main.bin"))
    (directory / "main.bin").write_text("not a program")
    with pytest.raises(PluginUnavailable, match=r"main\.bin: Permission denied"), subprocess_plugin(directory):
        pass
    (directory / "main.bin").chmod(0o755)
    with pytest.raises(PluginUnavailable, match="Exec format error"), subprocess_plugin(directory):
        pass
    (directory / "main.bin").unlink()
    with pytest.raises(PluginUnavailable, match="No such file"), subprocess_plugin(directory):
        pass


def test_a_failed_start_is_not_tried_again_at_once(make_plugin: Callable[..., Path]) -> None:
    code = HANDSHAKE + "open('../started', 'a').write('x'); sys.exit(1)"
    marker = make_plugin("bad", code, may=("filesystem:write",)).parent / "started"
    from viewra import Host

    with Host(plugin_dirs=[marker.parent], data_dir=marker.parent.parent / "data") as host:
        host.plugins["bad"].enable(grant_requested=True)
        for _ in range(5):
            results = host.hook.get_supported_types()
            error = next(result.error for result in results if result.plugin_id == "bad")
            assert error is not None
            assert "exit status 1" in str(error)
    assert len(marker.read_text()) < 5
