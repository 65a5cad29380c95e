"""``self.host.fetch``: requests, answers, redirects, retries, the cache, and its limits."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import partial

import attrs
import pytest

from tests.unit.bridge.fetch.conftest import Rig
from tests.unit.bridge.fetch.serving import Asked, Said
from viewra.bridge import Fetching
from viewra.bridge.bucket import Bucket
from viewra.bridge.fetch.retries import pause_s
from viewra.errors import FetchFailed, PermissionDenied, QuotaExceeded, UsageError
from viewra.sdk.host.fetch import Fetch
from viewra.testing import FakeFetch, FakeHostServices
from viewra.types import Fetched


def test_an_answer(rig: Rig) -> None:
    rig.server.answers["/a"] = Said(201, gzip.compress(b'{"x": 1}'), {"Content-Encoding": "gzip", "X-A": "b"})
    found = rig.plugin().get(rig.server.url("/a"), params={"q": "a b"}, headers={"Accept": "application/json"})
    assert (found.status, found.ok, found.json(), found.size) == (201, True, {"x": 1}, 8)
    assert found.headers["x-a"] == "b"
    assert found.url == rig.server.url("/a?q=a+b")
    asked = rig.server.asked[0]
    assert (asked.method, asked.path, asked.headers["accept"]) == ("GET", "/a?q=a+b", "application/json")
    assert asked.headers["user-agent"].startswith("one viewra/")
    assert asked.headers["user-agent"].endswith(" (ops@example.org)")
    assert rig.plugins["one"].received > 0


def test_bodies(rig: Rig) -> None:
    rig.server.answers["/a"] = Said()
    fetch, url = rig.plugin(), rig.server.url("/a")
    fetch.post(url, json={"a": "é"})
    fetch.post(url, form={"a": "b c"}, headers={"Content-Type": "text/x"})
    fetch("PUT", url, data=b"\x00")
    assert [(one.method, one.headers.get("content-type"), one.body) for one in rig.server.asked] == [
        ("POST", "application/json", b'{"a": "\\u00e9"}'),
        ("POST", "text/x", b"a=b+c"),
        ("PUT", None, b"\x00"),
    ]
    rig.server.answers["/latin"] = Said(404, "é".encode("latin-1"), {"Content-Type": "text/plain; charset=latin-1"})
    assert fetch.get(rig.server.url("/latin")).text == "é"
    rig.server.answers["/odd"] = Said(body=b"a", headers={"X-A": "\xe9", "Content-Type": "text/plain; charset=idna"})
    odd = fetch.get(rig.server.url("/odd"))
    assert (odd.headers["x-a"], odd.text) == ("\xe9", "a")
    with pytest.raises(FetchFailed, match="status 404"):
        fetch.get(rig.server.url("/latin")).require_ok()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda fetch: fetch.get("ftp://x/"), "only http and https"),
        (lambda fetch: fetch.get("http://a b/"), "control characters"),
        (lambda fetch: fetch.get("http://u:p@x/"), "a name and a password"),
        (lambda fetch: fetch.get("http:///x"), "not a URL"),
        (lambda fetch: fetch("TRACE", "http://x/"), "method: must be one of"),
        (lambda fetch: fetch.get("http://x/", headers={"Host": "y"}), "Host is the host's to set"),
        (lambda fetch: fetch.get("http://x/", headers={"Proxy-Authorization": "y"}), "the host's to set"),
        (lambda fetch: fetch.get("http://x/", headers={"A": "b\r\nC: d"}), "letters that a header cannot have"),
        (lambda fetch: fetch.get("http://x/", headers={"A b": "c"}), "is not the name of a header"),
        (lambda fetch: fetch.get("http://x/", timeout_s=0), "timeout_s: must be a number"),
        (lambda fetch: fetch.get("http://x/", max_bytes=2**40), "max_bytes: must be a whole number"),
        (lambda fetch: fetch.post("http://x/", data=b"a", json=1), "has one body"),
        (lambda fetch: fetch.post("http://x/", json=float("nan")), "cannot be written as JSON"),
        (lambda fetch: fetch.to_asset("http://127.0.0.1/"), "keeps no assets"),
    ],
)
def test_what_is_wrong_is_said(rig: Rig, ask: Callable[[Fetch], object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(rig.plugin())


def test_redirects_are_followed_as_browsers_do(rig: Rig) -> None:
    rig.server.answers["/post"] = Said(303, headers={"Location": "b?x=1#part"})
    rig.server.answers["/b"] = Said(body=b"done")
    rig.server.answers["/kept"] = Said(307, headers={"Location": "/b"})
    fetch = rig.plugin()
    found = fetch.post(rig.server.url("/post"), data=b"body", headers={"X-Key": "k"})
    assert (found.url, found.body) == (rig.server.url("/b?x=1"), b"done")
    assert fetch.post(rig.server.url("/kept"), data=b"body").body == b"done"
    assert [(one.method, one.body, one.headers.get("x-key")) for one in rig.server.asked] == [
        ("POST", b"body", "k"),
        ("GET", b"", "k"),
        ("POST", b"body", None),
        ("POST", b"body", None),
    ]
    rig.server.answers["/round"] = Said(302, headers={"Location": "/round"})
    with pytest.raises(FetchFailed, match="more than 10 redirects"):
        fetch.get(rig.server.url("/round"))


def test_a_redirect_is_returned_to_who_wants_none(rig: Rig) -> None:
    rig.server.answers["/post"] = Said(301, headers={"Location": "https://elsewhere.example/"}, body=b"moved")
    for ask in (rig.plugin().post, partial(rig.plugin(), "GET")):
        found = ask(rig.server.url("/post"), redirects=False)
        assert (found.status, found.headers["location"], found.body) == (301, "https://elsewhere.example/", b"moved")
        assert found.url == rig.server.url("/post")


def test_what_may_help_is_tried_again(rig: Rig) -> None:
    answers = [Said(503, headers={"Retry-After": "0"}), Said(429, headers={"Retry-After": "0"}), Said(body=b"now")]

    def next_one(_asked: Asked) -> Said:
        return answers.pop(0)

    rig.server.answers["/busy"] = next_one
    fetch = rig.plugin()
    assert fetch.get(rig.server.url("/busy")).body == b"now"
    answers += [Said(503, headers={"Retry-After": "0"}), Said(body=b"not reached")]
    assert fetch.post(rig.server.url("/busy")).status == 503, "it may have been done"
    answers[:0] = [Said(503, headers={"Retry-After": "1000"})]
    assert fetch.get(rig.server.url("/busy")).status == 503, "there is no time for the pause that it wants"


def test_pauses_grow_or_are_what_the_server_wishes() -> None:
    assert [0.25 * 2**n <= pause_s(n, {}) <= 0.5 * 2**n for n in range(5)] == [True] * 5
    assert pause_s(200, {}) <= 60
    assert pause_s(0, {"retry-after": "7"}) == 7
    assert pause_s(0, {"retry-after": formatdate(1_000_007, usegmt=True)}, now=1_000_000) == 7
    assert pause_s(0, {"retry-after": formatdate(0, usegmt=True)}, now=1_000_000) == 0
    assert pause_s(0, {"retry-after": "soon"}) <= 0.5


def test_a_connection_that_breaks_is_tried_again(rig: Rig) -> None:
    answers: Iterable[Said] = iter([Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Said(body=b"whole")])
    rig.server.answers["/breaks"] = lambda _asked: next(iter(answers))
    assert rig.plugin().get(rig.server.url("/breaks")).body == b"whole"
    rig.server.answers["/breaks"] = Said(raw=b"nonsense\r\n\r\n")
    with pytest.raises(FetchFailed, match=r"GET .*/breaks: illegal status line"):
        rig.plugin().get(rig.server.url("/breaks"), retries=0)


def test_the_cache_of_all(public: Rig) -> None:
    fresh, old = (public.server.url(path, "a.example.org") for path in ("/fresh", "/old"))
    public.server.answers["/fresh"] = Said(body=b"1", headers={"Cache-Control": "max-age=60"})
    first, second = (public.plugin(name).get(fresh) for name in ("one", "two"))
    assert (first.from_cache, second.from_cache, second.body, second.size) == (False, True, b"1", 1)
    public.server.answers["/old"] = lambda asked: (
        Said(304) if asked.headers.get("if-none-match") else Said(body=b"v", headers={"ETag": '"v"'})
    )
    assert [public.plugin().get(old).body for _ in range(2)] == [b"v", b"v"]
    assert [one.path for one in public.server.asked] == ["/fresh", "/old", "/old"]
    assert public.plugin().get(fresh, headers={"Cache-Control": "no-cache"}).from_cache is False


def test_what_is_a_plugins_own_is_cached_for_it_alone(rig: Rig) -> None:
    rig.server.answers["/mine"] = lambda asked: Said(
        body=asked.headers["x-user"].encode(), headers={"Cache-Control": "max-age=60"}
    )

    def ask(plugin: str, user: str) -> tuple[bytes, bool]:
        found = rig.plugin(plugin).get(rig.server.url("/mine"), headers={"X-User": user})
        return found.body, found.from_cache

    assert [ask("one", "a"), ask("one", "a")] == [(b"a", False), (b"a", True)]
    assert [ask("one", "b"), ask("two", "a")] == [(b"b", False), (b"a", False)]
    rig.fetcher.forget("one")
    assert ask("one", "a") == (b"a", False)
    assert ask("two", "a") == (b"a", True)


def test_a_damaged_cache_is_made_anew(rig: Rig) -> None:
    folder = rig.fetcher._directory
    assert folder is not None
    folder.mkdir()
    (folder / "shared.db").write_bytes(b"no database" * 1000)
    rig.server.answers["/fresh"] = Said(body=b"1", headers={"Cache-Control": "max-age=60"})
    assert [rig.plugin().get(rig.server.url("/fresh")).from_cache for _ in range(2)] == [False, True]


def test_a_host_is_not_asked_too_often(rig: Rig) -> None:
    rig.server.answers["/a"] = Said()
    rig.limits["requests_per_s"] = 0.001
    assert rig.plugin().get(rig.server.url("/a"), timeout_s=5).ok
    with pytest.raises(QuotaExceeded, match=r"at most 0.001 requests a second of this plugin"):
        rig.plugin().get(rig.server.url("/a"), timeout_s=5)
    rig.server.answers["/a"] = Said()
    assert rig.plugin("two").get(rig.server.url("/a")).ok, "each plugin has its own"


def test_buckets() -> None:
    now = [0.0]
    bucket = Bucket(10, 2, now=lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [0, 0, pytest.approx(0.1)]
    assert bucket.take(within_s=0.1) == pytest.approx(0.2)
    assert bucket.take(within_s=0.2) == pytest.approx(0.2), "the one before was not taken"
    now[0] += 60
    bucket.pause(5)
    assert [bucket.take(), bucket.take()] == pytest.approx([5, 5.1])


def test_bytes_are_limited(rig: Rig) -> None:
    rig.server.answers["/big"] = Said(body=b"x" * 200_000)
    rig.limits["network_kb_s"] = 1024
    for _ in range(2):
        rig.plugin().get(rig.server.url("/big"))
    assert rig.plugins["one"].received == 400_000
    rig.limits["network_kb_s"] = 1
    with pytest.raises(Exception, match="longer than the call allows"):
        rig.plugin().get(rig.server.url("/big"), timeout_s=0.2)


def test_other_certificates_and_proxies(make: Callable[[Fetching], Rig]) -> None:
    for wrong in ({"proxy": "socks5://x"}, {"proxy": "http://"}, {"ca": "/nowhere"}, {"contact": "a\nb"}):
        with pytest.raises(UsageError):
            Fetching(**wrong)
    proxy = make(Fetching(proxy="off"))
    proxied = make(Fetching(proxy=f"http://127.0.0.1:{proxy.server.port}"))
    proxied.server.answers["/near"] = Said(body=b"without a proxy")
    assert proxied.plugin().get(proxied.server.url("/near")).body == b"without a proxy"
    proxied.hosts[:] = ["example.org"]
    proxied.server.answers["http://example.org/a"] = Said(body=b"by proxy")
    assert proxied.plugin().get("http://example.org/a").body == b"by proxy"
    proxied.names["example.org"] = ["127.0.0.1"]
    with pytest.raises(PermissionDenied, match=r"127\.0\.0\.1, which is not one of the public internet"):
        proxied.plugin().get("http://example.org/a")


def test_the_environment_names_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example.org")
    assert Fetching().proxy_for("https", "example.org") == "http://proxy:3128"
    assert Fetching().proxy_for("https", "inside.example.org") == ""
    assert Fetching(proxy="off").proxy_for("https", "example.org") == ""


def test_the_fake(rig: Rig) -> None:
    fake = FakeFetch({"http://x/a": b"body", "http://x/b": Fetched(404, "", {}), "http://x/c": FetchFailed("gone")})
    host = FakeHostServices(fetch=fake)
    assert host.fetch.get("http://x/a", headers={"X-Key": "{secret:k}"}).body == b"body"
    assert host.fetch.get("http://x/b").status == 404
    assert b"".join(host.assets.read(host.fetch.to_asset("http://x/a").asset_id)) == b"body"
    assert attrs.astuple(fake.requests[0]) == ("GET", "http://x/a", {"x-key": "{secret:k}"}, b"", True)
    for url in ("http://x/c", "http://x/d"):
        with pytest.raises(FetchFailed):
            host.fetch.get(url)
    with pytest.raises(PermissionDenied, match="needs the permission network:fetch"):
        FakeHostServices(granted=()).fetch.get("http://x/a")
