"""Targets of requests that name the host, as well as the path."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.datastructures import Headers

from tests.unit.web.conftest import Listening
from tests.unit.web.test_serving import HEALTH, ask
from viewra.web.targets import TargetMiddleware


def test_a_target_with_a_host_is_served(listening: Listening) -> None:
    with listening.connect() as connection:
        answer = ask(connection, HEALTH.replace(b"/healthz", b"HTTP://LocalHost:8096/healthz?x=/y"))
        assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        (b"http://other:81/a%2Fb", "/a/b", "other:81"),
        (b"https://other", "/", "other"),
        (b"/http://other/a", "/http://other/a", "asked"),
        (b"http://one@other/a", "http://one@other/a", "asked"),
        (b"ftp://other/a", "ftp://other/a", "asked"),
        (b"*", "*", "asked"),
    ],
)
def test_the_host_in_a_target_counts(target: bytes, path: str, host: str) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["path"], Headers(scope=scope)["host"]))

    plain = {"type": "http", "path": target.decode().replace("%2F", "/"), "raw_path": target}
    scope = {**plain, "headers": [(b"host", b"asked")]}
    asyncio.run(TargetMiddleware(app)(scope, None, None))  # type: ignore[arg-type]
    assert seen == [(path, host)]
