"""How the host connects to a dask scheduler: with TLS, or without on this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, cast

from distributed.security import Security

from viewra.errors import UsageError, ViewraError
from viewra.host.workers.choice import EngineChoice


def security_of(choice: EngineChoice) -> Security | None:
    """TLS as given, or as dask is configured; None for a connection without.

    Raises UsageError for one without TLS that leaves this machine, unless that is accepted: plans have settings with
    secrets, and who can speak to a scheduler can execute code on its workers and on the host.
    """
    tls = choice.tls
    if tls.given:
        return _usable(
            Security(require_encryption=True, tls_ca_file=tls.ca, tls_client_cert=tls.cert, tls_client_key=tls.key)
        )
    configured: Any = Security()
    if configured.tls_ca_file and configured.tls_client_cert:
        configured.require_encryption = True
        return _usable(configured)
    if not choice.plaintext and not _is_local(choice.host, choice.port):
        raise UsageError(
            f"without TLS viewra connects to dask schedulers of this machine only, not to {choice.host}",
            hint="use --engine-tls-ca, --engine-tls-cert and --engine-tls-key, or configure dask's TLS "
            "(docs/scaling.md); on a network that you trust: --accept-plaintext",
        )
    return None


def address_of(choice: EngineChoice, security: Security | None) -> str:
    """The scheduler's address, as dask writes it."""
    host = f"[{choice.host}]" if ":" in choice.host else choice.host
    return f"{'tls' if security is not None else 'tcp'}://{host}:{choice.port}"


def _usable(security: Any) -> Security:
    """It, if its files are what they should be; raises UsageError."""
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        files = ", ".join(str(one) for one in (security.tls_ca_file, security.tls_client_cert, security.tls_client_key))
        raise UsageError(
            f"TLS cannot be used with {files}: {error}",
            hint="an authority, a certificate and its key are needed, in PEM format (docs/scaling.md)",
        ) from error
    return cast("Security", security)


def _is_local(host: str, port: int) -> bool:
    """Whether all addresses of this name are this machine's own alone. Raises ViewraError for an unknown name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ViewraError(f"{host} is not known: {error}", hint="check --engine dask://HOST:PORT") from error
    return all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_loopback for one in found)
