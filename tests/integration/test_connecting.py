"""How host and plugins connect: plain, encrypted, by TCP, with a group that may use the sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from viewra import Host
from viewra.errors import PluginFault
from viewra.host import Connecting

pytestmark = pytest.mark.process

SCRAPER = """
    import os, sys
    from viewra.sdk import Plugin, serve

    class Scraper(Plugin):
        def can_handle(self, file_path, mime_type):
            return True

        def get_supported_types(self):
            return ["audio/*"]

        def extract_metadata(self, file_path):
            if file_path == "/fail": raise ValueError("cannot read it")
            return {name: os.environ.get(name, "") for name in ("PLUGIN_CLIENT_CERT", "PLUGIN_NETWORK")}

    serve(Scraper())
"""

OpenHost = Callable[[Connecting], Host]


@pytest.fixture
def open_host(tmp_path: Path, make_plugin: Callable[..., Path]) -> Iterator[OpenHost]:
    make_plugin("scraper", SCRAPER)
    with ExitStack() as hosts:

        def opened(connecting: Connecting) -> Host:
            host = Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", connecting=connecting)
            hosts.enter_context(host)
            host.plugins["scraper"].enable()
            host.plugins["scraper"].load()
            return host

        yield opened


def sockets(host: Host) -> list[str]:
    """The unix sockets on which the plugin listens."""
    process = psutil.Process(host.plugins["scraper"].pid)
    return sorted({str(c.laddr) for c in process.net_connections("unix") if "/plugin" in str(c.laddr)})


def keys_below(directory: Path) -> list[Path]:
    files = [path for path in directory.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000]
    return [path for path in files if b"PRIVATE KEY" in path.read_bytes()]


def calls(host: Host) -> dict[str, str]:
    scraper = host.plugins["scraper"].metadata_scraper
    assert scraper is not None
    with pytest.raises(PluginFault, match="cannot read it"):
        scraper.extract_metadata("/fail")
    return dict(scraper.extract_metadata("/a"))


def test_unix_sockets_are_the_default(open_host: OpenHost) -> None:
    host = open_host(Connecting())
    assert calls(host) == {"PLUGIN_CLIENT_CERT": "", "PLUGIN_NETWORK": ""}
    (socket,) = sockets(host)
    assert stat.S_IMODE(Path(socket).stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(Path(socket).parent.stat().st_mode) == 0o700


def test_encrypted_unix_sockets(open_host: OpenHost, tmp_path: Path) -> None:
    host = open_host(Connecting(auto_mtls=True))
    assert calls(host)["PLUGIN_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")
    (socket,) = sockets(host)
    assert keys_below(Path(socket).parents[1]) == []
    assert keys_below(tmp_path) == []
    host.plugins["scraper"].restart()
    assert calls(host)["PLUGIN_CLIENT_CERT"]
    assert not Path(socket).exists()


def test_each_run_has_a_certificate_of_its_own(open_host: OpenHost) -> None:
    host = open_host(Connecting(auto_mtls=True))
    first = calls(host)["PLUGIN_CLIENT_CERT"]
    host.plugins["scraper"].restart()
    assert calls(host)["PLUGIN_CLIENT_CERT"] != first


def test_a_port_is_on_the_loopback_in_the_range_and_always_encrypted(open_host: OpenHost) -> None:
    host = open_host(Connecting(network="tcp", ports=(23_400, 23_499)))
    seen = calls(host)
    assert seen["PLUGIN_NETWORK"] == "tcp"
    assert seen["PLUGIN_CLIENT_CERT"].startswith("-----BEGIN CERTIFICATE-----")
    listening = [
        connection.laddr
        for connection in psutil.Process(host.plugins["scraper"].pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert [(ip.removeprefix("::ffff:"), 23_400 <= port <= 23_499) for ip, port in listening] == [("127.0.0.1", True)]
    assert sockets(host) == []


def test_a_group_may_use_the_sockets(open_host: OpenHost) -> None:
    group = os.getgroups()[0] if os.getgroups() else os.getgid()
    host = open_host(Connecting(socket_group=str(group)))
    (socket,) = sockets(host)
    status = Path(socket).stat()
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, group)
    assert calls(host)


def test_closing_leaves_nothing(open_host: OpenHost) -> None:
    host = open_host(Connecting(auto_mtls=True))
    (socket,) = sockets(host)
    pid = host.plugins["scraper"].pid
    assert pid is not None
    host.close()
    assert not psutil.pid_exists(pid)
    assert not Path(socket).parent.exists()
