"""Plugins that write to stdout before they serve: the handshake line still arrives, and the output is logged."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from viewra.testing import subprocess_plugin

pytestmark = pytest.mark.process

TRICKS = {
    "nothing": "",
    "text without a line end": "print('half a line', end='', flush=True)",
    "text in the buffer": "sys.stdout.write('half a line')",
    "bytes past the buffer": "os.write(1, b'half a line')",
    "replaced": "sys.stdout = io.StringIO()",
    "both replaced": "sys.stdout = sys.__stdout__ = io.StringIO()",
    "None": "sys.stdout = sys.__stdout__ = None",
    "closed": "sys.stdout.close()",
    "its descriptor closed": "os.close(1)",
    "its descriptor is a file": "os.close(1); open(os.devnull, 'w')",
    "redirected to stderr": "os.dup2(2, 1)",
    "a logger instead": "sys.stdout = type('L', (io.TextIOBase,), {'write': lambda s, t: sys.stderr.write(t)})()",
    "a broken one": "sys.stdout = sys.__stdout__ = type('B', (), {'flush': lambda _: 1 / 0})()",
    "another handshake line": "print('1|1|tcp|evil|grpc|', flush=True)",
    "another, past the buffer": "os.write(1, b'1|1|unix|/nowhere|grpc\\n')",
    "a program's handshake line": "os.system('echo \"1|1|unix|/nowhere|grpc\"')",
}
EARLY = "import os; os.write(1, b'1|1|tcp|evil|grpc|\\n')"
CODE = """
    import io, os, sys
    from viewra.sdk import Plugin, serve
    class P(Plugin): pass
    {}
    serve(P())
"""


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_the_handshake_line_arrives(make_plugin: Callable[..., Path], trick: str) -> None:
    with subprocess_plugin(make_plugin("odd", CODE.format(trick), capabilities=())) as plugin:
        assert plugin.state == "running"
        messages = [record.message for record in plugin.logs]
        if "half a line" in trick:
            assert "half a line" in messages, "by itself, not as a part of the handshake line"
        assert "" not in messages, "setting the line apart leaves no empty record"


def test_a_line_before_the_sdk_is_imported_is_not_taken_for_its_own(make_plugin: Callable[..., Path]) -> None:
    code = f"{EARLY}\n{textwrap.dedent(CODE.format(''))}"
    with subprocess_plugin(make_plugin("odd", code, capabilities=())) as plugin:
        assert plugin.state == "running"
        assert "1|1|tcp|evil|grpc|" in [record.message for record in plugin.logs]


def test_stdout_is_its_own_again_once_it_serves(make_plugin: Callable[..., Path]) -> None:
    code = """
        import os, subprocess, sys
        from viewra.sdk import Plugin, serve

        class P(Plugin):
            def can_handle(self, file_path, mime_type):
                return True

            def extract_metadata(self, file_path):
                return {}

            def get_supported_types(self):
                helper = "import viewra.sdk; print('of a helper that imports the SDK')"
                said = subprocess.check_output([sys.executable, "-c", helper], text=True)
                return [str(os.path.sameopenfile(1, 2)), said]

        serve(P())
    """
    with subprocess_plugin(make_plugin("odd", code, capabilities=("metadata_scraper",))) as plugin:
        assert plugin.metadata_scraper is not None
        assert plugin.metadata_scraper.get_supported_types() == ("False", "of a helper that imports the SDK\n")


def test_without_any_stdout_it_ends_with_one_line(tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text(textwrap.dedent(CODE.format("")))
    env = {"VIEWRA_PLUGIN": "viewra_plugin_magic_cookie_v1", "PLUGIN_UNIX_SOCKET_DIR": str(tmp_path)}
    command = ["sh", "-c", f"exec {sys.executable} {main} >&-"]
    done = subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        1,
        "cannot write the handshake line to stdout: Bad file descriptor\n",
    )


@pytest.mark.parametrize("trick", ["", "sys.stdout.close()", "os.close(1); open(os.devnull, 'w')", "os.dup2(2, 1)"])
def test_it_is_the_first_line_for_other_hosts(tmp_path: Path, trick: str) -> None:
    main = tmp_path / "main.py"
    main.write_text(textwrap.dedent(CODE.format(trick)))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("VIEWRA_")},
        "VIEWRA_PLUGIN": "viewra_plugin_magic_cookie_v1",
        "PLUGIN_UNIX_SOCKET_DIR": str(tmp_path),
        "PLUGIN_PROTOCOL_VERSIONS": "1",
    }
    with subprocess.Popen([sys.executable, str(main)], env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        rest = process.stdout.read()
        assert process.wait(60) == 0
    assert first.startswith(b"1|1|unix|" + os.fsencode(tmp_path))
    assert first.endswith(b"|grpc|\n")
    assert rest == b""
