"""Secrets in requests: sent to their server alone, and seen in nothing that comes back or is kept."""

from __future__ import annotations

import gzip
import hmac
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.bridge.fetch.conftest import Rig
from tests.unit.bridge.fetch.serving import Said
from viewra.bridge.fetch.secrets import Hider
from viewra.errors import FetchFailed, NotFound, UsageError

SECRET = "s3/cr+t"


def test_a_secret_is_sent_and_never_seen(rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    rig.secrets["api.key"] = SECRET
    echo = Said(headers={"Cache-Control": "max-age=60", "X-Echo": f"<{SECRET}>"})

    rig.server.answers["/echo"] = lambda asked: Said(
        body=gzip.compress(f"{asked.path} {asked.headers['authorization']}".encode() * 3000),
        headers={**echo.headers, "Content-Encoding": "gzip"},
    )
    url = rig.server.url("/echo?key={secret:api.key}")
    found = rig.plugin().get(url, headers={"Authorization": "Bearer {secret:api.key}"})
    assert rig.server.asked[0].path == "/echo?key=s3%2Fcr%2Bt"
    assert rig.server.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert found.headers["x-echo"] == "<{secret:api.key}>"
    assert found.url == url
    assert found.text == "/echo?key={secret:api.key} Bearer {secret:api.key}" * 3000
    assert rig.plugin().get(url, headers={"Authorization": "Bearer {secret:api.key}"}).from_cache
    rig.server.answers["/echo"] = Said(raw=f"HTTP/1.1 {SECRET}\r\n\r\n".encode())
    with pytest.raises(FetchFailed) as failed:
        rig.plugin().get(f"{url}&x=2", retries=0)
    rig.fetcher.close()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "fetched").rglob("*") if path.is_file())
    for form in (SECRET, "s3%2Fcr%2Bt"):
        assert form not in f"{failed.value} {failed.value.hint} {caplog.text}"
        assert form.encode() not in kept
    rig.secrets["api.key"] = "another"
    rig.server.answers["/echo"] = Said(body=b"for the new key")
    assert rig.plugin().get(url, headers={"Authorization": "Bearer {secret:api.key}"}).body == b"for the new key"


def test_a_secret_goes_to_its_server_alone(rig: Rig) -> None:
    rig.secrets.update(key=SECRET, other="other")
    rig.names["localhost"] = ["127.0.0.1"]
    rig.hosts.append(f"localhost:{rig.server.port}")
    there = rig.server.url("/there", "localhost")
    rig.server.answers["/there"] = lambda asked: Said(body=repr(asked.headers).encode())
    rig.server.answers["/header"] = Said(302, headers={"Location": there})
    fetch = rig.plugin()
    headers = {"X-Key": "{secret:key}", "Cookie": "a=b", "Accept": "x/y", "Authorization": "Basic x"}
    seen = fetch.get(rig.server.url("/header"), headers=headers).text
    assert "x/y" in seen
    assert not [name for name in ("x-key", "cookie", "authorization", SECRET) if name in seen]
    for location in (f"{there}?x={SECRET}", f"{there}?x={{secret:key}}", "/there?x={secret:other}"):
        rig.server.answers["/url"] = Said(302, headers={"Location": location})
        with pytest.raises(UsageError, match="a redirect asks for the secret"):
            fetch.get(rig.server.url("/url?x={secret:key}"))
    rig.hosts.append("example.org")
    for url, more in (("http://example.org/?x={secret:key}", {}), ("http://example.org/", {"X-Key": "{secret:key}"})):
        with pytest.raises(UsageError, match="in clear text"):
            fetch.get(url, headers=more)
    with pytest.raises(NotFound, match="no secret setting 'none'"):
        fetch.get(rig.server.url("/?{secret:none}"))


def test_a_body_is_signed_by_a_secret_that_is_not_sent(rig: Rig) -> None:
    rig.secrets["key"] = SECRET
    rig.names["localhost"] = ["127.0.0.1"]
    rig.hosts.append(f"localhost:{rig.server.port}")
    rig.server.answers["/hook"] = lambda asked: Said(body=repr(asked.headers).encode())
    rig.server.answers["/moved"] = Said(308, headers={"Location": rig.server.url("/hook")})
    rig.server.answers["/away"] = Said(308, headers={"Location": rig.server.url("/hook", "localhost")})
    headers = {"X-Signature": "sha256={hmac-sha256:key}"}
    for path in ("/hook", "/moved"):
        seen = rig.plugin().post(rig.server.url(path), json={"a": "é"}, headers=headers)
        asked = rig.server.asked[-1]
        signature = hmac.new(SECRET.encode(), asked.body, "sha256").hexdigest()
        assert asked.headers["x-signature"] == f"sha256={signature}"
        assert SECRET not in seen.text + repr(asked.headers)
    assert "x-signature" not in rig.plugin().post(rig.server.url("/away"), data=b"x", headers=headers).text
    with pytest.raises(UsageError, match="signs in a header"):
        rig.plugin().post(rig.server.url("/hook?{hmac-sha256:key}"), data=b"x")
    with pytest.raises(NotFound, match="no secret setting 'none'"):
        rig.plugin().post(rig.server.url("/hook"), data=b"x", headers={"X-Signature": "{hmac-sha256:none}"})


@given(st.binary(max_size=60), st.lists(st.integers(1, 7)))
def test_secrets_across_parts_are_hidden(data: bytes, cuts: list[int]) -> None:
    whole = data + b"abcab" + data
    hider, parts, rest = Hider([(b"abcab", b"***")]), [], whole
    for cut in (*cuts, len(whole)):
        parts.append(hider.feed(rest[:cut]))
        rest = rest[cut:]
    assert b"abcab" not in b"".join([*parts, hider.end()])
