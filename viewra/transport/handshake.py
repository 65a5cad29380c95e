"""Both ends of go-plugin's handshake: the line that a plugin prints, the variables that a host sets, the version.

Other modules handle processes, sockets and certificates. The rules are those of go-plugin's code.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import attrs

from viewra.errors import HandshakeError
from viewra.text import shown

CORE_VERSION = 1
"""Version of the handshake itself; no other exists."""

MIN_PORT, MAX_PORT = 10000, 25000
"""The range from which a plugin picks a TCP port, unless the host sets another."""

RUN_BY_HAND = (
    "This program is a plugin: a host starts it and calls it. It does nothing when run by hand.\n"
    "Put its directory into the host's plugin directory and start the host instead."
)
"""The message of a plugin that was started without a host."""

REQUEST = "viewra: this plugin asks for the stream of host services"
"""The line on stdout, after the handshake, with which a plugin asks a viewra host to open that stream."""

ENV_VERSIONS = "PLUGIN_PROTOCOL_VERSIONS"
ENV_MIN_PORT = "PLUGIN_MIN_PORT"
ENV_MAX_PORT = "PLUGIN_MAX_PORT"
ENV_CLIENT_CERT = "PLUGIN_CLIENT_CERT"
ENV_MULTIPLEX = "PLUGIN_MULTIPLEX_GRPC"
ENV_SOCKET_DIR = "PLUGIN_UNIX_SOCKET_DIR"
ENV_SOCKET_GROUP = "PLUGIN_UNIX_SOCKET_GROUP"
ENV_NETWORK = "PLUGIN_NETWORK"
"""Viewra's own variable: ``tcp`` asks the plugin for a TCP port. go-plugin in Go chooses by operating system only."""

_SHORTEST_CERT = 51  # characters; go-plugin treats a shorter value as padding, which old plugins sent
_NUMBER = re.compile(r"[0-9]{1,9}\Z", re.ASCII)
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def _ascending(versions: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(versions)))


@attrs.frozen
class HandshakeConfig:
    """The values on which both ends must agree.

    ``cookie_key`` and ``cookie_value`` are an environment variable and its value. It is not a secret: it only tells a
    plugin that a host started it. ``versions`` are the versions of the application's protocol that this end speaks, in
    any order.
    """

    cookie_key: str
    cookie_value: str
    versions: tuple[int, ...] = attrs.field(converter=_ascending)

    def __attrs_post_init__(self) -> None:
        if not self.versions:
            raise ValueError("a handshake needs at least one version")


class Handshake(NamedTuple):
    """One parsed handshake line.

    ``address`` is a socket's path (``network`` "unix") or ``host:port`` ("tcp"). ``cert`` is the plugin's certificate
    in DER, empty without AutoMTLS. ``multiplex`` is whether the plugin can multiplex, None if the line lacks the field.
    """

    app_version: int
    network: str
    address: str
    core_version: int = CORE_VERSION
    protocol: str = "grpc"
    cert: bytes = b""
    multiplex: bool | None = None

    def format(self) -> str:
        """The line, without its line end. Raises ValueError for an address that cannot stand in a line."""
        if not self.address or any(char in self.address for char in "|\r\n"):
            raise ValueError(f"a handshake line cannot carry the address {self.address!r}")
        cert = base64.b64encode(self.cert).decode("ascii").rstrip("=")
        fields = [str(self.core_version), str(self.app_version), self.network, self.address, self.protocol, cert]
        if self.multiplex is not None:
            fields.append("true" if self.multiplex else "false")
        return "|".join(fields)

    @classmethod
    def parse(cls, line: str | bytes) -> Handshake:
        """Parse a plugin's line; fields beyond the seventh are ignored.

        Raises HandshakeError (step ``handshake``), which names the wrong field and the remedy.
        """
        text = (line.decode("utf-8", "backslashreplace") if isinstance(line, bytes) else line).strip()
        fields = text.split("|")
        if len(fields) < 4:
            raise _wrong(text, f"has {len(fields)} of at least 4 fields", "it must be 1|version|network|address|grpc|")
        core, version, network, address = fields[:4]
        protocol = fields[4] if len(fields) > 4 else "netrpc"
        if core != str(CORE_VERSION):
            raise _wrong(
                text,
                f"is of core protocol version {shown(core)}, this host speaks {CORE_VERSION}",
                "rebuild the plugin with a current go-plugin",
            )
        if not _NUMBER.match(version):
            raise _wrong(text, f"has the protocol version {shown(version)}, which is not a number")
        if network not in {"unix", "tcp"}:
            raise _wrong(text, f"names the network {shown(network)}, which is neither unix nor tcp")
        if not _is_address(network, address):
            raise _wrong(text, f"has {shown(address)}, which is not an address on {network}")
        if protocol != "grpc":
            raise _wrong(
                text,
                f"asks for the protocol {shown(protocol)}",
                "serve the plugin over gRPC: plugin.DefaultGRPCServer in Go",
            )
        return cls(
            app_version=int(version),
            network=network,
            address=address,
            cert=_certificate(text, fields[5] if len(fields) > 5 else ""),
            multiplex=_boolean(fields[6]) if len(fields) > 6 else None,
        )

    def require_version(self, config: HandshakeConfig) -> None:
        """Raise HandshakeError (step ``handshake``) if this host does not speak the version that the plugin chose."""
        if self.app_version not in config.versions:
            ours = ", ".join(map(str, config.versions))
            raise HandshakeError(
                f"it speaks protocol version {self.app_version}, this host speaks {ours}",
                step="handshake",
                hint="install a version of the plugin made for this host",
            )


def environment(
    config: HandshakeConfig,
    *,
    socket_dir: str,
    socket_group: str = "",
    min_port: int = MIN_PORT,
    max_port: int = MAX_PORT,
    network: str = "unix",
    client_cert: str = "",
) -> dict[str, str]:
    """The variables that a host adds to a plugin's environment.

    ``socket_dir`` is where the plugin makes its socket, ``socket_group`` a group (name or number) that may connect to
    it, ``client_cert`` the host's certificate in PEM, which turns AutoMTLS on. ``network`` "tcp" asks for a TCP port in
    the range instead of a socket; pass ``client_cert`` with it, since any local process can connect to a port.
    """
    variables = {
        config.cookie_key: config.cookie_value,
        ENV_MIN_PORT: str(min_port),
        ENV_MAX_PORT: str(max_port),
        ENV_VERSIONS: ",".join(map(str, config.versions)),
        ENV_SOCKET_DIR: socket_dir,
    }
    if socket_group:
        variables[ENV_SOCKET_GROUP] = socket_group
    if network != "unix":
        variables[ENV_NETWORK] = network
    if client_cert:
        variables[ENV_CLIENT_CERT] = client_cert
    return variables


def check_cookie(environ: Mapping[str, str], config: HandshakeConfig) -> bool:
    """Whether a host started this plugin; if not, the plugin prints ``RUN_BY_HAND`` and exits with status 1."""
    return environ.get(config.cookie_key) == config.cookie_value


def negotiate(environ: Mapping[str, str], config: HandshakeConfig) -> int:
    """The version that a plugin speaks with its host: the highest common one, else its own lowest.

    In the second case the host refuses the plugin with a message that names both sides' versions.
    """
    offered = {int(item) for item in environ.get(ENV_VERSIONS, "").split(",") if _NUMBER.match(item.strip())}
    return max(offered.intersection(config.versions), default=min(config.versions))


def _wrong(line: str, what: str, hint: str | None = None) -> HandshakeError:
    shown = line if len(line) <= 200 else line[:200] + "…"
    return HandshakeError(f"its handshake line {what}: {shown!r}", step="handshake", hint=hint)


def _is_address(network: str, address: str) -> bool:
    if network == "unix":
        return address.startswith("/") and "\0" not in address
    host, _, port = address.rpartition(":")
    return bool(host) and _NUMBER.match(port) is not None and 0 < int(port) < 65536


def _certificate(line: str, text: str) -> bytes:
    if len(text) < _SHORTEST_CERT:
        return b""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except ValueError as error:  # binascii.Error is a ValueError, and so is the error for text that is not ASCII
        raise _wrong(line, f"has a certificate that is not base64 ({error})") from error


def _boolean(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None
