"""Variables that a plugin's environment has, and variables that it never has."""

from __future__ import annotations

import os

import pytest

from viewra.process import plugin_environment


def test_only_what_is_allowed_is_inherited() -> None:
    host = {
        "PATH": "/bin",
        "LC_TIME": "C",
        "TZ": "UTC",
        "AWS_SECRET_ACCESS_KEY": "s",
        "PYTHONPATH": "/x",
        "LD_PRELOAD": "y",
    }
    assert plugin_environment({"COOKIE": "c"}, host) == {
        "PATH": "/bin",
        "LC_TIME": "C",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "GRPC_ENABLE_FORK_SUPPORT": "0",
        "COOKIE": "c",
    }


def test_what_the_caller_gives_wins() -> None:
    assert plugin_environment({"TMPDIR": "/private"}, {"TMPDIR": "/tmp"})["TMPDIR"] == "/private"


def test_the_hosts_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s")
    environment = plugin_environment({})
    assert environment["PATH"] == os.environ["PATH"]
    assert "SECRET_TOKEN" not in environment
