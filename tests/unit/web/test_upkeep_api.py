"""What keeps a host in order over HTTP: fsck, exports, databases and their backups, the password."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.eventually import eventually
from tests.unit.web.conftest import PASSWORD, Served
from viewra.db.tables import file_metadata
from viewra.web.accounts.identity import Scope
from viewra.web.api import export
from viewra.web.api.endpoints import PREFIX


def ask(served: Served, method: str, path: str, scope: Scope = Scope.ADMIN, **more: Any) -> Any:
    return served.client.request(method, PREFIX + path, headers=served.headers(scope), **more)


def test_fsck_finds_and_repairs_in_the_background(served: Served, put: Callable[..., Path]) -> None:
    put("a.mp3")
    served.scan()
    assert ask(served, "GET", "/fsck").status_code == 404
    assert ask(served, "POST", "/fsck", Scope.OPERATE, json={}).status_code == 403
    with served.host.engine.begin() as connection:
        connection.execute(sa.update(file_metadata).values(data="damaged"))

    def verified(**arguments: bool) -> Any:
        assert ask(served, "POST", "/fsck", json=arguments).status_code == 202
        eventually(lambda: not ask(served, "GET", "/fsck").json()["running"])
        return ask(served, "GET", "/fsck").json()

    found = verified()
    assert (found["ok"], found["findings"][0]["check"]) == (False, "metadata")
    repaired = verified(repair=True)
    assert repaired["ok"] is True
    assert all(one["repaired"] or one["harmless"] for one in repaired["findings"])
    assert verified()["findings"] == []


def test_one_fsck_runs_at_a_time_and_the_hosts_end_ends_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = served.host.verifier
    began: list[str] = []

    def verify(_engine: object, *, repair: bool, step: Callable[[str, int], object]) -> list[Any]:
        while True:
            step("files", 1)
            began.append("files")

    monkeypatch.setattr("viewra.library.verify", verify)
    assert ask(served, "POST", "/fsck", json={}).json()["running"] is True
    eventually(lambda: began)
    assert ask(served, "GET", "/fsck").json()["step"] == "files"
    assert ask(served, "POST", "/fsck", json={}).status_code == 409
    verifier.close()
    assert "viewra ended" in ask(served, "GET", "/fsck").json()["error"]


def test_an_export_is_sent_in_parts(served: Served, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LINES_A_PART", 2)
    for number in range(7):
        put(f"{number}.mp3")
    served.scan()
    rows = ask(served, "GET", "/export", Scope.READ).json()
    assert [row["metadata"]["title"] for row in rows] == [str(number) for number in range(7)]
    answer = ask(served, "GET", "/export?format=csv&q=title:3")
    assert answer.headers["content-type"].startswith("text/csv")
    assert [row["title"] for row in csv.DictReader(answer.text.splitlines())] == ["3"]
    assert ask(served, "GET", "/export?format=m3u8").text.count("#EXTINF") == 7
    monkeypatch.setattr(export, "_parts", None)
    asked = served.client.head(f"{PREFIX}/export?format=csv", headers=served.headers(Scope.READ))
    assert (asked.status_code, asked.headers["content-type"][:8]) == (200, "text/csv"), "and no file was read for it"
    for wrong in ("format=xml", "limit=3", "q=%00"):
        assert ask(served, "GET", f"/export?{wrong}").status_code == 422, wrong
    assert ask(served, "GET", "/export?q=sort:nothing").status_code == 400
    assert served.client.get(f"{PREFIX}/export").status_code == 401


def test_the_hosts_database_is_described_and_backed_up(served: Served) -> None:
    found = ask(served, "GET", "/databases/host", Scope.READ).json()
    assert (found["up_to_date"], found["differences"], found["backups"]) == (True, [], [])
    assert all(one["applied"] for one in found["revisions"])
    assert ask(served, "POST", "/databases/host/backups", Scope.OPERATE, json={}).status_code == 403
    made = ask(served, "POST", "/databases/host/backups")
    assert made.status_code == 201
    assert Path(made.json()["path"]).read_bytes().startswith(b"SQLite format 3")
    assert ask(served, "GET", "/databases/host").json()["backups"] == [made.json()]
    assert ask(served, "GET", "/databases/nobody").status_code == 404
    assert ask(served, "POST", "/plugins/reader/database/upgrade").status_code == 400, "it has none"


def test_the_password_is_changed_by_who_knows_it(served: Served) -> None:
    served.site.accounts.set_password(PASSWORD)
    session = served.site.accounts.new_session()

    def change(old: str, new: str, scope: Scope = Scope.ADMIN) -> int:
        return int(ask(served, "PUT", "/password", scope, json={"old": old, "new": new}).status_code)

    assert change(PASSWORD, "another good one", Scope.OPERATE) == 403
    assert change("a wrong guess", "another good one") == 400
    assert change(PASSWORD, "short") == 400
    assert served.site.accounts.session(session) is not None
    assert change(PASSWORD, "another good one") == 204
    assert served.site.accounts.session(session) is None
    assert served.site.accounts.sign_in("another good one", "")
    assert [change("a wrong guess", "x" * 12) for _ in range(8)][-1] == 429
