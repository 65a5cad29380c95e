"""The API: arguments and their checks, pages, ETags, problems, and that each answer has the shape that it promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import fields

from tests.eventually import eventually
from tests.unit.web.conftest import Served
from viewra.errors import PluginFault, PluginTimeout
from viewra.host.admin.operation import OPERATIONS
from viewra.web.accounts.identity import Scope
from viewra.web.api.endpoints import ENDPOINTS, PREFIX
from viewra.web.api.shapes import data_of, encoded
from viewra.web.work import Busy

NOT_BY_HTTP = {"assign", "install", "ping", "scan_notifications"}
"""Operations for the command line alone: it has settings as texts, and stages what is installed."""


class Caller:
    """Asks the API as an admin."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        headers = {**self._served.headers(), **more.pop("headers", {})}
        return self._served.client.request(method, PREFIX + path, headers=headers, **more)

    def get(self, path: str) -> Any:
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def api(served: Served) -> Caller:
    return Caller(served)


def test_every_operation_has_an_endpoint() -> None:
    offered = {endpoint.operation.name for endpoint in ENDPOINTS}
    assert {*OPERATIONS} - offered == NOT_BY_HTTP
    changing = {endpoint.operation.name for endpoint in ENDPOINTS if endpoint.operation.changes}
    looking = {one.operation.name for one in ENDPOINTS if one.method == "GET"}
    assert not changing & looking, "GET changes nothing, and nobody is told that it did"


def test_nobody_names_an_engine_over_the_network() -> None:
    """A cluster executes code in the host that uses it: only who may use the control socket chooses one."""
    takes = [one for one in ENDPOINTS if "engine" in {argument.name for argument in fields(one.operation.arguments)}]
    assert [one.path for one in takes] == ["/scans"]
    assert not [one.path for one in takes if "engine" in {argument.name for argument in one.given}]


def test_a_library_from_its_adding_to_its_end(api: Caller, served: Served, put: Callable[..., Path]) -> None:
    for number in range(5):
        put(f"{number}.mp3")
    put("broken.mp3")
    added = api("POST", "/libraries", json={"path": str(served.folder)})
    assert added.status_code == 201
    library_id = added.json()["id"]
    scan = api("POST", "/scans", json={"path": str(served.folder)}).json()
    eventually(lambda: api.get(f"/scans/{scan['scan_job_id']}")["status"] == "completed")
    ended = api.get(f"/scans/{scan['scan_job_id']}")
    assert (ended["counts"]["seen"], len(ended["failures"]), ended["finished_at"][-1]) == (6, 1, "Z")
    first = api.get("/files?limit=4")
    second = api.get(f"/files?limit=4&after={first['next']}")
    assert [len(first["items"]), len(second["items"]), second["next"]] == [4, 2, None]
    assert first["items"][0]["title"] == "0"
    assert api.get("/failures")["items"][0]["error"].endswith("this file is broken")
    assert api.get("/albums")["items"][0]["albumartist"] == "Bach"
    assert api.get("/search?q=artist:bach&plugins=false")["total"] == 5
    put("0.mp3").unlink()
    served.scan()
    assert [Path(one["path"]).name for one in api.get("/missing")["items"]] == ["0.mp3"]
    assert api("POST", "/missing/purge", json={}).json() == {"purged": 1}
    assert api("PATCH", f"/libraries/{library_id}/settings", json={"hidden": True}).json()["hidden"] is True
    moved = served.folder.rename(served.folder.with_name("moved"))
    assert api("POST", f"/libraries/{library_id}/move", json={"path": str(moved)}).json()["path"] == str(moved)
    assert api("DELETE", f"/libraries/{library_id}").json()["files"] == 5
    assert api.get("/libraries") == []
    assert api("GET", f"/libraries/{library_id}").status_code == 404


def test_the_numbers_are_those_after_the_last_scan_and_say_their_age(
    api: Caller, served: Served, put: Callable[..., Path]
) -> None:
    for number in range(3):
        put(f"{number}.mp3")
        scan = api("POST", "/scans", json={"path": str(served.folder)}).json()
        eventually(lambda: api.get(f"/scans/{scan['scan_job_id']}")["status"] == "completed")  # noqa: B023
        eventually(lambda: api.get("/stats")["files"] == number + 1)  # noqa: B023
    answer = api("GET", "/stats")
    assert int(answer.headers["age"]) >= 0
    assert api("GET", "/stats", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    api("DELETE", f"/libraries/{api.get('/libraries')[0]['id']}")
    assert api.get("/stats")["files"] == 0


def test_only_an_admin_decides_which_links_are_followed(api: Caller, served: Served) -> None:
    where = f"/libraries/{api('POST', '/libraries', json={'path': str(served.folder)}).json()['id']}/settings"
    operator = served.headers(Scope.OPERATE)
    assert api("PATCH", where, headers=operator, json={"follow_links": "inside"}).status_code == 403
    assert api("PATCH", where, headers=operator, json={"hidden": True}).status_code == 200
    assert api("PATCH", where, json={"follow_links": "inside"}).json()["follow_links"] == "inside"


def test_failures_and_missing_files_come_in_pages(api: Caller, served: Served, put: Callable[..., Path]) -> None:
    for number in range(5):
        put(f"broken {number}.mp3")
    served.scan()
    found, after = [], ""
    while True:
        page = api.get(f"/failures?limit=2{after}")
        found += [Path(one["path"]).name for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == [f"broken {number}.mp3" for number in range(5)]
    assert api("GET", f"/failures?after={api.get('/scans?limit=1')['next'] or 'x'}").status_code == 400


def test_a_name_that_is_not_utf8_is_readable(api: Caller, served: Served) -> None:
    (served.folder / "caf\udce9.mp3").write_bytes(b"x")
    served.scan()
    assert api.get("/files")["items"][0]["path"].endswith(r"caf\xe9.mp3")
    (served.folder / "caf\udce9.mp3").unlink()
    served.scan()
    assert api.get("/missing?limit=1")["items"][0]["path"].endswith(r"caf\xe9.mp3")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("GET", "/files?limt=3", None, 422, "'limt' is unknown here"),
        ("GET", "/files?limit=x", None, 422, "limit"),
        ("GET", "/files?limit=0", None, 400, "a page cannot have 0 rows"),
        ("GET", "/files?limit=99999999999999999999999", None, 422, "limit"),
        ("GET", "/files?q=%00", None, 422, "null character"),
        ("GET", "/files?after=x", None, 400, "cursor"),
        ("GET", "/files?q=sort:nothing", None, 400, "sort"),
        ("GET", "/search", None, 422, "q"),
        ("GET", "/search?q=a&offset=9223372036854775807", None, 400, "begin behind"),
        ("GET", "/search?q=a&limit=9223372036854775807", None, 400, "rows"),
        ("PATCH", "/plugins/reader/settings", b'{"values":' + b'{"a":' * 900 + b"1" + b"}" * 901, 422, "levels deep"),
        ("GET", "/files/0", None, 404, "no file with the id 0"),
        ("GET", "/files/x", None, 422, "media_file_id"),
        ("GET", "/plugins/nobody", None, 404, "there is no plugin 'nobody'"),
        ("GET", "/nowhere", None, 404, "there is nothing at /api/v1/nowhere"),
        ("POST", "/export", None, 405, "POST is not possible here"),
        ("GET", "/events?kind=scan", None, 422, "'kind' is unknown here"),
        ("POST", "/uploads?nam=x", None, 422, "'nam' is unknown here"),
        ("GET", "/plugins/reader/notifications", None, 404, "is not a listener"),
        ("PUT", "/plugins", None, 405, "PUT is not possible here"),
        ("POST", "/libraries", b'{"path": 5}', 422, "path"),
        ("POST", "/libraries", b"{}", 422, "path"),
        ("POST", "/libraries", b'{"path": "/nowhere/at/all"}', 400, "no such folder"),
        ("POST", "/libraries", b'{"path": "a\\u0000b"}', 422, "null character"),
        ("POST", "/libraries", b'{"path": "/x", "more": 1}', 422, "'more' is unknown here"),
        ("POST", "/libraries", b'{"path": ""}', 422, "not absolute"),
        ("POST", "/libraries", b'{"path": "../music"}', 422, "not absolute"),
        ("POST", "/missing/purge", b'{"missing_for": "999999999w"}', 400, "too long"),
        ("POST", "/libraries", b"[]", 422, "not a JSON object"),
        ("POST", "/libraries", b"{", 400, "not JSON"),
        ("POST", "/libraries", b"\xff", 400, "not JSON"),
        ("POST", "/libraries", b'"' + b"x" * 2_000_000 + b'"', 413, "at most"),
        ("POST", "/tokens", b'{"name": "a", "scope": "root"}', 422, "scope: expected read or operate or admin"),
        ("GET", "/plugins/reader/logs?level=loud", None, 422, "level: expected trace or debug"),
        ("POST", "/plugins/reader/disable", None, 400, "reader"),
        ("POST", "/scans/99/pause", None, 404, "no scan 99"),
    ],
)
def test_what_is_wrong_is_said(
    api: Caller, method: str, path: str, body: bytes | None, status: int, detail: str
) -> None:
    more: dict[str, Any] = {"content": body, "headers": {"Content-Type": "application/json"}} if body else {}
    answer = api(method, path, **more)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem = answer.json()
    assert detail in problem["detail"]
    assert (problem["status"], "Traceback" in answer.text) == (status, False)
    if status == 405:
        assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD"]  # in any order: Starlette has a set


def test_arguments_are_json_only(api: Caller) -> None:
    assert api("POST", "/libraries", data={"path": "/x"}).status_code == 415


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PluginFault("p", "it broke"), 502),
        (PluginTimeout("p", "too late"), 504),
        (Busy("busy"), 503),
        (ZeroDivisionError("secret detail"), 500),
    ],
)
def test_each_error_has_its_status(
    api: Caller, served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(served.host.dispatch, "run", fail)
    answer = api("GET", "/plugins")
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_an_answer_is_sent_once(api: Caller) -> None:
    tag = api("GET", "/libraries").headers["etag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        same = api("GET", "/libraries", headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert api("GET", "/libraries", headers={"If-None-Match": '"x"'}).status_code == 200
    assert api("HEAD", "/libraries").headers["etag"] == tag


def test_tokens_are_made_listed_and_revoked(api: Caller, served: Served) -> None:
    made = api("POST", "/tokens", json={"name": "car", "scope": "read"}).json()
    assert served.client.get(f"{PREFIX}/stats", headers={"Authorization": f"Bearer {made['token']}"}).status_code == 200
    assert {one["name"] for one in api.get("/tokens")} == {"car", f"of-{Scope.ADMIN}"}
    assert "token" not in api.get("/tokens")[0]
    assert api("DELETE", "/tokens/car").status_code == 204
    assert api("DELETE", "/tokens/car").status_code == 404


def test_values_become_json_whatever_they_are() -> None:
    value = {"a\udce9": [float("nan"), 10**30, b"\xff", (1, None), {"x": True}, float("inf")]}
    assert json.loads(encoded(value)) == {r"a\xe9": [None, 10**30, r"\xff", [1, None], {"x": True}, None]}
    assert data_of({3: object}) == {"3": "<class 'object'>"}


def test_monitors_are_answered(served: Served) -> None:
    assert served.client.get("/healthz").text == "ok\n"
    assert served.client.get("/readyz").text == "ready\n"
    text = served.client.get("/metrics", headers=served.headers(Scope.READ)).text
    assert 'viewra_plugin_up{plugin="reader"} 1.0' in text
    served.site.ready = False
    assert served.client.get("/readyz").status_code == 503


def test_all_times_are_iso_8601(served: Served) -> None:
    document = served.client.get("/api/v1/openapi.json").json()
    fields = [
        (f"{name}.{field}", schema)
        for name, one in document["components"]["schemas"].items()
        for field, schema in one.get("properties", {}).items()
        if field.endswith("_at") or field in {"at", "since", "next_run"}
    ]
    assert len(fields) > 10
    assert [name for name, schema in fields if "date-time" not in str(schema)] == []
    library = served.client.post("/api/v1/libraries", headers=served.headers(), json={"path": str(served.folder)})
    where = f"/api/v1/libraries/{library.json()['id']}"
    served.client.patch(f"{where}/settings", headers=served.headers(), json={"schedule": "@daily"})
    assert served.client.get(f"{where}/upkeep", headers=served.headers()).json()["next_run"].endswith("Z")
