"""Plugins uploaded through the API and the pages: looked at, then installed by the digest of what was seen."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from starlette.testclient import TestClient

from tests.unit.web.conftest import PASSWORD, Served, fill_disk
from viewra.host.packages import publishing, uploads
from viewra.web import uploading
from viewra.web.accounts.identity import Scope

MANIFEST = """
id: "lyrics"
name: "Lyrics <b>"
version: "VERSION"
entry_points: main: "main.py"
capabilities: search_service: true
permissions: [{resource: "network", actions: ["fetch"], hosts: ["example.org"], reason: "asks for words"}]
"""
UPLOADS, FORM = "/api/v1/uploads", "/admin/plugins/install-file"


@attrs.define
class Desk:
    served: Served
    folder: Path

    def pack(self, version: str = "1.0.0") -> bytes:
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        (source / "plugin.cue").write_text(MANIFEST.replace("VERSION", version))
        (source / "main.py").write_text("print()\n")
        (self.folder / f"lyrics-{version}.zip").unlink(missing_ok=True)
        return publishing.pack(source, self.folder).read_bytes()

    def broken(self) -> bytes:
        """An archive whose manifest has mistakes."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("plugin.cue", 'id: "lyrics"\n')
        return content.getvalue()

    def send(self, content: bytes, status: int = 201, scope: Scope = Scope.ADMIN, kind: str = "application/zip") -> Any:
        headers = {**self.served.headers(scope), "content-type": kind}
        answer = self.served.client.post(f"{UPLOADS}?name=lyrics.zip", content=content, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def ask(self, method: str, path: str, status: int = 200, **arguments: Any) -> Any:
        body = arguments if method == "POST" else None
        answer = self.served.client.request(method, path, headers=self.served.headers(), json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def kept(self) -> list[Path]:
        staged = self.served.host.data_dir / "plugin-packages" / ".staged"
        return (
            [path for path in staged.rglob("*") if path.is_file() and path.name != ".in-use"] if staged.exists() else []
        )


@pytest.fixture
def desk(served: Served, tmp_path: Path) -> Desk:
    (tmp_path / "packed").mkdir()
    return Desk(served, tmp_path / "packed")


@pytest.fixture
def person(desk: Desk) -> TestClient:
    """One who is signed in."""
    desk.served.site.accounts.set_password(PASSWORD)
    client = desk.served.client
    client.follow_redirects = True
    client.post("/admin/sign-in", data={"password": PASSWORD})
    return client


def test_an_archive_is_looked_at_and_then_installed(desk: Desk) -> None:
    archive = desk.pack()
    sent = desk.send(archive)
    assert sent["upload_id"] == hashlib.sha256(archive).hexdigest()
    assert (sent["package"]["id"], sent["package"]["source"]) == ("lyrics", "lyrics.zip")
    assert not sent["package"]["permissions"][0]["granted"]
    one = f"{UPLOADS}/{sent['upload_id']}"
    assert desk.ask("GET", one) == sent["package"]
    assert "lyrics" not in desk.served.host.plugins
    refused = desk.ask("POST", one, 400, digest="0" * 64, untried=True)
    assert "is not what its preview has shown" in refused["detail"]
    done = desk.ask("POST", one, digest=sent["package"]["digest"], untried=True, enable=False, grant_requested=True)
    assert done["said"].startswith("lyrics 1.0.0 was installed")
    assert desk.served.host.plugins["lyrics"].permissions[0].granted
    assert desk.kept() == []  # it is not needed any more
    upgrade = desk.ask("GET", "/api/v1/plugins/lyrics/upgrade", 400)
    assert "was uploaded" in upgrade["detail"]

    newer = desk.send(desk.pack("1.1.0"))
    assert (newer["package"]["installed"], newer["package"]["version"]) == ("1.0.0", "1.1.0")
    assert desk.ask("DELETE", f"{UPLOADS}/{newer['upload_id']}", 204) is None
    assert "upload the file again" in desk.ask("DELETE", f"{UPLOADS}/{newer['upload_id']}", 404)["hint"]
    assert desk.kept() == []


def test_what_is_no_package_is_refused_and_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is no ZIP archive" in desk.send(b"PK nothing", 400)["detail"]
    assert desk.send(desk.broken(), 422)["detail"].startswith("plugin.cue:1:1: ")
    desk.send(b"x", 415, kind="text/plain")
    assert "no boundary" in desk.send(b"x", 400, kind="multipart/form-data")["detail"]
    monkeypatch.setattr(uploading, "LARGEST", 1000)
    assert "at most 1,000 bytes" in desk.send(b"x" * 1001, 413)["detail"]
    assert "at most 1,000 bytes" in desk.send(b"x" * 1_000_000, 413)["detail"]

    fill_disk(monkeypatch)
    assert "No space left on device" in desk.send(b"x", 503)["detail"]
    assert desk.kept() == []


def test_only_an_admin_uploads(desk: Desk, person: TestClient) -> None:
    desk.send(b"x", 403, Scope.OPERATE)
    files = {"file": ("lyrics.zip", desk.pack())}
    assert "of this session" in person.post(FORM, files=files, data={"csrf_token": "0" * 64}).text
    behind = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n--b--\r\n'
    assert (
        person.post(FORM, content=behind, headers={"content-type": "multipart/form-data; boundary=b"}).status_code
        == 403
    )
    assert desk.kept() == []


def test_the_page_uploads_a_file_and_installs_it(desk: Desk, person: TestClient) -> None:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', person.get("/admin/plugins/install").text)
    assert found is not None
    csrf = {"csrf_token": found[1]}
    shown = person.post(FORM, data=csrf, files={"file": ("../x y.zip", desk.pack())})
    assert "Lyrics &lt;b&gt;" in shown.text
    assert "send web requests through viewra to example.org" in shown.text
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', shown.text)
    assert digest is not None
    how = {**csrf, "digest": digest[1], "untried": "on", "grant": "on"}
    done = person.post(shown.url.path, data=how)
    assert "lyrics 1.0.0 was installed" in done.text
    assert "the uploaded file upload.zip" in done.text
    assert "upload the file again" in person.post(shown.url.path, data=how).text
    assert "no ZIP archive" in person.post(FORM, data=csrf, files={"file": ("x.zip", b"junk")}).text
    assert person.post(FORM, data=csrf, files={"other": (None, b"junk")}).status_code == 400


def test_archives_are_kept_for_a_while_and_not_beyond_the_host(tmp_path: Path) -> None:
    now = [0.0]
    kept = uploads.Uploads(tmp_path, clock=lambda: now[0])

    def keep(content: bytes) -> str:
        incoming = kept.begin()
        incoming.write(content)
        return kept.keep(incoming, "a.zip")

    def there() -> list[bytes]:
        return sorted(path.read_bytes() for path in tmp_path.rglob("a.zip"))

    for number in range(uploads.KEPT + 1):
        keep(b"%d" % number)
    keep(b"4")
    assert there() == [b"1", b"2", b"3", b"4"]
    now[0] = uploads.LASTS_S
    kept.forget_old()
    assert there() == []
    keep(b"5")
    left = tmp_path / "plugin-packages" / ".staged" / "package-of-a-killed-host"
    left.mkdir()
    (left / ".in-use").touch()
    uploads.Uploads(tmp_path).forget_killed()
    assert (left.exists(), there()) == (False, [b"5"])
    kept.close()
    assert not list(tmp_path.rglob("a.zip"))
