"""Plugins that share a host's HTTP: what one of them may not get, spoil or use up of another."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from tests.eventually import eventually
from tests.leftovers import Present
from tests.unit.bridge.fetch.conftest import Rig
from tests.unit.bridge.fetch.serving import Asked, Said
from viewra.bridge.call import HostCall
from viewra.bridge.fetch.traffic import Traffic
from viewra.errors import FetchFailed, HostTimeout, PermissionDenied, QuotaExceeded

KEPT = {"Cache-Control": "max-age=600"}


def test_what_one_got_from_inside_no_other_gets_of_the_cache(rig: Rig) -> None:
    rig.server.answers["/"] = Said(body=b"inside", headers=KEPT)
    rig.names["nas"] = ["127.0.0.1"]
    rig.hosts[:] = [f"nas:{rig.server.port}"]
    assert rig.plugin("one").get(rig.server.url("/", "nas")).body == b"inside"
    assert rig.plugin("one").get(rig.server.url("/", "nas")).from_cache
    rig.hosts[:] = [f"*:{rig.server.port}"]
    for plugin_id in ("two", "one"):
        with pytest.raises(PermissionDenied, match="not one of the public internet"):
            rig.plugin(plugin_id).get(rig.server.url("/", "nas"))


def test_what_anyone_may_get_is_shared_and_nothing_else(public: Rig) -> None:
    def says(asked: Asked) -> Said:
        return Said(body=asked.headers.get("authorization", "anyone").encode(), headers=KEPT)

    public.server.answers["/"] = says
    url = public.server.url("/", "a.example.org")
    mine = {"Authorization": "Bearer one"}
    assert public.plugin("one").get(url, headers=mine).body == b"Bearer one"
    two = public.plugin("two")
    assert (two.get(url).body, two.get(url, headers={"Authorization": "Bearer two"}).body) == (b"anyone", b"Bearer two")
    assert public.plugin("one").get(url).from_cache
    assert public.plugin("one").get(url, headers=mine).from_cache


def test_a_cookie_that_one_gets_no_other_gets(public: Rig) -> None:
    public.server.answers["/"] = lambda _asked: Said(
        headers={**KEPT, "Set-Cookie": f"session={len(public.server.asked)}"}
    )
    url = public.server.url("/", "a.example.org")
    cookies = [public.plugin(name).get(url).headers["set-cookie"] for name in ("one", "two")]
    assert cookies == ["session=1", "session=2"]
    known = {"ETag": '"v"', "Cache-Control": "max-age=0"}
    public.server.answers["/old"] = lambda asked: (
        Said(304, headers={**KEPT, "Set-Cookie": "session=3"})
        if asked.headers.get("if-none-match")
        else Said(body=b"v", headers=known)
    )
    url = public.server.url("/old", "a.example.org")
    found = [public.plugin(name).get(url) for name in ("one", "one", "two")]
    assert [(one.body, one.headers.get("set-cookie")) for one in found] == [(b"v", None)] * 3
    assert found[2].from_cache


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT"])
def test_another_method_does_not_spoil_what_others_get(public: Rig, method: str) -> None:
    public.server.answers["/"] = lambda asked: Said(body=asked.method.encode(), headers=KEPT)
    url = public.server.url("/", "a.example.org")
    public.plugin("one")(method, url)
    assert public.plugin("two").get(url).body == b"GET"


def test_headers_that_the_response_varies_with_are_told_apart(public: Rig) -> None:
    public.server.answers["/"] = lambda asked: Said(
        body=asked.headers["accept-language"].encode(), headers={**KEPT, "Vary": "Accept-Language"}
    )
    url = public.server.url("/", "a.example.org")
    for plugin_id, language in (("one", "de"), ("two", "en"), ("one", "en")):
        assert public.plugin(plugin_id).get(url, headers={"Accept-Language": language}).body == language.encode()
    public.server.answers["/any"] = lambda asked: Said(
        body=b"%d" % len(public.server.asked), headers={**KEPT, "Vary": "*"}
    )
    url = public.server.url("/any", "a.example.org")
    assert public.plugin("one").get(url).body != public.plugin("two").get(url).body


def test_names_that_are_never_resolved_take_no_more_than_so_many_threads(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewra.bridge.fetch.pools.RESOLVING", 3)
    over = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        over.wait(60)
        return []

    rig.fetcher._resolve = hang
    rig.hosts[:] = ["*"]
    fetch, said, before = rig.plugin(), [], Present()
    for number in range(6):
        with pytest.raises((HostTimeout, FetchFailed)) as failed:
            fetch.get(f"https://h{number}.example.org/", timeout_s=0.1, retries=0)
        said.append(str(failed.value))
    resolving = [thread for thread in before.threads() if thread.name == "fetch-resolve"]
    over.set()
    assert len(resolving) <= 3
    assert "names of this plugin are, without an answer" in said[-1]
    eventually(lambda: not any(thread.is_alive() for thread in resolving))
    with pytest.raises(FetchFailed, match="has no address"):
        fetch.get("https://h.example.org/", timeout_s=20, retries=0)


def test_asking_many_hosts_does_not_lift_the_limit_of_one(rig: Rig) -> None:
    now = [0.0]
    traffic, call = Traffic(now=lambda: now[0]), HostCall(rig.rights(), 1e9)
    rig.limits["requests_per_s"] = 1.0
    ask = partial(traffic.request, call=HostCall(rig.rights(), 0.001, now=lambda: 0.0))
    for _ in range(2):
        ask("a.example.org")
    with pytest.raises(QuotaExceeded, match="at most 1 requests a second"):
        ask("a.example.org")
    for number in range(4095):
        ask(f"h{number}.example.org")
    with pytest.raises(QuotaExceeded, match="4,096 hosts"):
        ask("one.more.example.org")
    with pytest.raises(QuotaExceeded, match="at most 1 requests a second"):
        ask("a.example.org")
    now[0] = 10.0
    traffic.request("one.more.example.org", call)
