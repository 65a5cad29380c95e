"""A plugin's author is told which permission is missing."""

from __future__ import annotations

import errno
import os
import urllib.error

import pytest

from viewra.denied import CONFINED, advice, explained


def raised_in(file: str, error: OSError, *names: str) -> OSError:
    """The error as code of this file gets it from the kernel, in a function that uses these names."""
    code = compile(f"def act():\n    raise error\n    {', '.join(('None', *names))}", f"/usr/lib/{file}", "exec")
    scope: dict[str, object] = {"error": error}
    exec(code, scope)
    act = scope["act"]
    assert callable(act)
    with pytest.raises(OSError, match="permitted") as found:
        act()
    return found.value


def no_permission(number: int, path: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), path) if path is not None else OSError(number, os.strerror(number))


@pytest.fixture(autouse=True)
def _confined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFINED, "lyrics network:fetch")


def test_a_file_needs_filesystem() -> None:
    assert advice(no_permission(errno.EACCES, "/music/a.lrc")) == (
        "its sandbox needs filesystem:read or filesystem:write: ask for that in plugin.cue (permissions), "
        "then viewra plugins grant lyrics filesystem:read"
    )


@pytest.mark.parametrize("granted", ["filesystem:read", "filesystem:write", "filesystem:read filesystem:write"])
def test_a_file_elsewhere_is_outside_of_the_grant(monkeypatch: pytest.MonkeyPatch, granted: str) -> None:
    monkeypatch.setenv(CONFINED, f"lyrics {granted}")
    assert advice(no_permission(errno.EACCES, "/root/x")).startswith("outside of what it was granted")


@pytest.mark.parametrize(("file", "names"), [("subprocess.py", ()), ("main.py", ("os.fork",))])
def test_a_program_needs_spawn(file: str, names: tuple[str, ...]) -> None:
    assert "needs process:spawn:" in advice(raised_in(file, no_permission(errno.EPERM), *names))


def test_a_connection_needs_network() -> None:
    error = raised_in("socket.py", no_permission(errno.EPERM))
    assert "needs network:external or network:listen:" in advice(error)
    assert "needs network:external or network:listen:" in advice(urllib.error.URLError(error))


def test_a_server_needs_listen() -> None:
    assert "needs network:listen:" in advice(no_permission(errno.EACCES))


def test_the_cause_is_what_counts() -> None:
    error = ValueError("cannot read it")
    error.__cause__ = no_permission(errno.EACCES, "/music/a.flac")
    assert "filesystem:read" in advice(error)


def test_it_follows_the_message() -> None:
    assert explained(no_permission(errno.EACCES, "/a")).startswith(
        "[Errno 13] Permission denied: '/a': its sandbox needs"
    )
    assert explained(ValueError("no")) == "no"


def test_what_nobody_may_is_said() -> None:
    assert advice(no_permission(errno.EPERM, "/music/a.flac")) == "no plugin may do that in its sandbox"


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "no", "/x"), KeyError()])
def test_other_errors_have_none(error: Exception) -> None:
    assert advice(error) == ""


def test_outside_a_sandbox_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFINED)
    assert advice(no_permission(errno.EACCES, "/music/a.lrc")) == ""


def test_an_error_that_names_a_file_that_is_not_utf8_can_be_sent() -> None:
    assert explained(ValueError("no good file: /srv/\udcff.mp3")) == "no good file: /srv/\\udcff.mp3"
