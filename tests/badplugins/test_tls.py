"""Plugins that use TLS wrongly or name another process's socket: refused, and never connected to in plaintext."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.thorough import some
from viewra import Host
from viewra.errors import HandshakeError, PluginUnavailable
from viewra.host import Connecting

pytestmark = pytest.mark.process

SERVE = """
import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from viewra.transport import mtls
from viewra.transport.endpoint import Place, listen
from viewra.transport.handshake import Handshake

def serve(shown, used=None):
    '''Listen, encrypted as `used` or not at all, and announce `shown` as the certificate.'''
    server = grpc.server(ThreadPoolExecutor(2))
    checks = health.HealthServicer()
    checks.set("plugin", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    trust = used and mtls.trust(used, os.environ["PLUGIN_CLIENT_CERT"].encode())
    listener = listen(server, Place.from_environ(os.environ), trust=trust)
    server.start()
    print(Handshake(1, listener.network, listener.address, cert=shown).format(), flush=True)
    threading.Event().wait()

mine, other = mtls.new_identity(), mtls.new_identity()
"""

OTHERS_HOST = """
stranger = mtls.new_identity().cert_pem.decode()
os.environ["PLUGIN_CLIENT_CERT"] = stranger
"""

BAD = {
    "shows no certificate": (SERVE + "serve(b'')", "handshake", "sent no certificate"),
    "shows garbage": (SERVE + "serve(b'x' * 200, mine)", "handshake", "cannot be read"),
    "shows what is not base64": (
        SERVE + "print('1|1|unix|/tmp/x|grpc|' + '%' * 80, flush=True); threading.Event().wait()",
        "handshake",
        "not base64",
    ),
    "shows one certificate and uses another": (SERVE + "serve(other.cert, mine)", "connect", ""),
    "shows a certificate and speaks plaintext": (SERVE + "serve(mine.cert)", "connect", ""),
    "trusts another host": (SERVE + OTHERS_HOST + "serve(mine.cert, mine)", "connect", ""),
}


@pytest.fixture
def start(tmp_path: Path, make_plugin: Callable[..., Path]) -> Callable[..., HandshakeError]:
    """Start a plugin that must be refused; gives the error, after a look at what is left."""

    def start(code: str, connecting: Connecting) -> HandshakeError:
        make_plugin("bad", code, extra="runtime: start_timeout_s: 15")
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        with Host(plugin_dirs=[tmp_path / "plugins"], data_dir=tmp_path / "data", connecting=connecting) as host:
            host.plugins["bad"].enable()
            with pytest.raises(PluginUnavailable) as caught:
                host.plugins["bad"].load()
            assert {child.pid for child in psutil.Process().children(recursive=True)} <= before, "reaped"
        assert isinstance(caught.value.__cause__, HandshakeError)
        return caught.value.__cause__

    return start


CONNECTING = [pytest.param(Connecting(auto_mtls=True), id="unix"), pytest.param(Connecting(network="tcp"), id="tcp")]


@pytest.mark.parametrize("connecting", some(CONNECTING))
@pytest.mark.parametrize("name", BAD)
def test_refused(name: str, connecting: Connecting, start: Callable[..., HandshakeError]) -> None:
    code, step, reason = BAD[name]
    error = start(code, connecting)
    assert (error.step, reason in str(error)) == (step, True), error


def test_a_socket_of_another_process(tmp_path: Path, start: Callable[..., HandshakeError]) -> None:
    path = tmp_path / "s"
    code = f"import socket, sys\ns = socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen()\n"
    code += "print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline()
        error = start(f"import time\nprint('1|1|unix|{path}|grpc|', flush=True)\ntime.sleep(3600)", Connecting())
        assert error.step == "connect"
        assert f"belongs to another process, {stranger.pid} of user {os.getuid()}" in str(error)
        assert stranger.poll() is None, "it is not ours to end"
        stranger.communicate()
