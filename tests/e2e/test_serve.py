"""``viewra serve`` as a service manager, a person and the command beside it use it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx2
import pytest

from tests.conftest import MakePlugin
from tests.e2e.conftest import MUSIC, Viewra, finished, start
from tests.eventually import eventually
from tests.forking import Forked
from viewra.web.serving.sockets import listen

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

PASSWORD = "a few easy words"
SLOW = """
    import time
    from viewra.sdk import Plugin, serve
    class Slow(Plugin):
        def can_handle(self, file_path, mime_type): return True
        def extract_metadata(self, file_path):
            time.sleep(0.02)
            return {"title": "x"}
        def get_supported_types(self): return ["audio/*"]
    serve(Slow())
"""


@attrs.frozen
class Serving:
    """A running ``viewra serve``: its process, the link that sets the password, and a client of it."""

    process: Forked
    setup: str
    client: httpx2.Client

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def serving(data_dir: Path, *options: str | Path, env: dict[str, str] | None = None) -> Iterator[Serving]:
    with start(data_dir, *options, "serve", "--port", "0", "--json", env=env) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        with httpx2.Client(base_url=said["url"].removesuffix("/admin/"), timeout=30) as client:
            yield Serving(process, said["setup_url"], client)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_from_the_first_start_to_the_end(data_dir: Path, viewra: Viewra, tmp_path: Path) -> None:
    shutil.copytree(MUSIC, tmp_path / "music")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        with serving(data_dir, env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as it:
            assert manager.recv(100) == b"READY=1"
            link = it.setup.rpartition("=")[2]
            form = {"key": link, "password": PASSWORD, "again": PASSWORD}
            assert it.client.post("/admin/setup", data=form).status_code == 303
            assert it.get("libraries") == []
            token = viewra("token", "create", "car", "--scope", "read", "--json").data["token"]
            scanned = viewra("scan", tmp_path / "music", "--json")
            assert (scanned.status, scanned.data["status"], scanned.data["files"]["new"]) == (0, "completed", 21)
            it.client.cookies.clear()
            it.client.headers["Authorization"] = f"Bearer {token}"
            assert it.get("files?limit=1")["items"][0]["path"].startswith(str(tmp_path))
            (tmp_path / "music").rename(tmp_path / "moved")
            assert viewra("library", "move", tmp_path / "music", tmp_path / "moved").status == 0
            assert viewra("library", "remove", "1").out.startswith("removed library 1")
            assert viewra("token", "revoke", "car").status == 0
            assert it.client.get("/api/v1/stats").status_code == 401
            it.process.send_signal(signal.SIGTERM)
            done = finished(it.process)
            assert (done.status, "Traceback" in done.err) == (0, False)
            assert manager.recv(100) == b"STOPPING=1"


def test_ctrl_c_beside_it_cancels_the_scan_there(data_dir: Path, make_plugin: MakePlugin, tmp_path: Path) -> None:
    slow = make_plugin("slow", SLOW)
    (tmp_path / "music").mkdir()
    for number in range(400):
        (tmp_path / "music" / f"{number}.mp3").write_bytes(b"x")
    with serving(data_dir, "--sandbox", "off", "--plugins", slow.parent) as it:
        it.client.post(
            "/admin/setup", data={"key": it.setup.rpartition("=")[2], "password": PASSWORD, "again": PASSWORD}
        )
        assert finished(start(data_dir, "plugins", "enable", "slow", "--grant-requested")).status == 0
        with start(data_dir, "scan", tmp_path / "music", "--json") as scan:
            eventually(lambda: ((it.get("scans")["items"] or [{}])[0].get("progress") or {}).get("done"))
            scan.send_signal(signal.SIGINT)
            out, err = scan.communicate(timeout=60)
            report = json.loads(out)
            assert (scan.wait(), report["status"], report["unread"] > 0) == (1, "cancelled", True)
            assert "stopping" in err
        assert it.get("scans/1")["status"] == "cancelled"
        assert it.client.get("/readyz").status_code == 200


def test_what_cannot_be_served_is_said(viewra: Viewra, tmp_path: Path) -> None:
    refused = viewra("serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.status == 2
    assert "without a password viewra serves this machine only" in refused.err
    assert all(word in refused.err for word in ("viewra password", "--tls-cert", "--forwarded-allow-ips"))
    (taken,) = listen("127.0.0.1", 0)
    with taken:
        refused = viewra("serve", "--port", str(taken.getsockname()[1]), "--json")
    assert (refused.status, "another program listens there" in refused.data["error"]["hint"]) == (1, True)
    assert viewra("serve", "--tls-cert", tmp_path / "a.pem").status == 2
    assert viewra("serve", "--port", "0", "--tls-cert", tmp_path / "a.pem", "--tls-key", tmp_path / "a.pem").status == 2
    assert viewra("password", "--stdin").status == 2
