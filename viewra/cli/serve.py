"""``viewra serve``: the admin pages and the HTTP API, until Ctrl-C or a signal."""

from __future__ import annotations

import ipaddress
import threading
from pathlib import Path

import click

from viewra.cli import _garbage
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line
from viewra.errors import UsageError
from viewra.library.interrupt import Escalation, handled

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8096

_REMEDY = (
    "first set a password: run viewra serve on 127.0.0.1 and open the link that it prints, or run viewra password; "
    "then use --tls-cert and --tls-key, or a proxy with https in front (--forwarded-allow-ips)"
)
_IN_CLEAR = (
    "viewra: passwords and tokens cross the network in clear text: use --tls-cert and --tls-key, or a proxy with https "
    "in front (--forwarded-allow-ips)"
)


@click.command("serve")
@click.option("--host", default=DEFAULT_HOST, show_default=True, metavar="ADDRESS", help="Listen on this address.")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one.")
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Use https with this certificate.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="The key of the certificate.")
@click.option(
    "--forwarded-allow-ips",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy whose X-Forwarded-For and -Proto headers are believed; addresses, networks, separated by commas.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Answer only requests to this name, and to localhost (repeatable).",
)
@click.option("--no-watch", is_flag=True, help="Neither notice changes in libraries nor scan them by their schedules.")
@json_option
@click.pass_obj
def command(
    options: Options,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    names: tuple[str, ...],
    no_watch: bool,
    as_json: bool,
) -> None:
    """Run the host, its plugins, the admin pages and the HTTP API, until Ctrl-C.

    Changes in libraries are noticed and scanned, as are libraries with a schedule (viewra library set).

    Without a password it listens on this machine only, and prints a link with which you set one.
    """
    from viewra.web.app import build  # here: no other command pays for a web server
    from viewra.web.serving.server import TLS, Server, log_like_viewra
    from viewra.web.serving.service_manager import inherited
    from viewra.web.serving.sockets import address_of, is_loopback, listen
    from viewra.web.site import Exposure, Site

    if (tls_cert is None) != (tls_key is None):
        raise UsageError("--tls-cert and --tls-key belong together")
    tls = TLS(tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None
    trusted = _proxies(proxies)
    cancel = threading.Event()
    servers: list[Server] = []

    def stop() -> None:
        print_line("stopping: the last requests are answered", err=True)
        for one in servers:
            one.stop()

    with handled(Escalation(cancel, stop)), options.host(lasting=True) as running:
        log_like_viewra()
        sockets = inherited() or listen(host, port)
        try:
            local = is_loopback(sockets)
            exposure = Exposure(secure=tls is not None, hosts=_hosts(names, local=local and not trusted))
            site = Site(running, exposure=exposure)
            ready = site.accounts.has_password()
            if not ready and not local:
                raise UsageError(f"without a password viewra serves this machine only, not {host}", hint=_REMEDY)
            if not local and tls is None and not trusted:
                print_line(_IN_CLEAR, err=True)
            url = f"{'https' if tls else 'http'}://{address_of(sockets[0])}/admin/"
            link = None if ready else f"{url}setup?key={site.accounts.new_link()}"
            server = Server(
                build(site), site.hub, on_ready=lambda: _begin(url, link, as_json=as_json), proxies=trusted, tls=tls
            )
            servers.append(server)
            if not no_watch:
                running.keep_current()
            if not cancel.is_set():
                server.run(sockets)
        finally:
            for one in sockets:
                one.close()


def _proxies(given: tuple[str, ...]) -> list[str]:
    """The addresses and networks of proxies. Raises UsageError: a server would ignore what is neither."""
    found = [one.strip() for several in given for one in several.split(",") if one.strip()]
    for one in found:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise UsageError(
                f"--forwarded-allow-ips {one}: {error}",
                hint="name the addresses of your proxies, such as 127.0.0.1 or 10.0.0.0/24: whose headers are believed "
                "can pretend to be anybody",
            ) from error
    return found


def _begin(url: str, link: str | None, *, as_json: bool) -> None:
    _garbage.keep()  # a search through all of it would hold up requests
    _tell(url, link, as_json=as_json)


def _tell(url: str, link: str | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"url": url, "setup_url": link}, indent=None)
        return
    print_line(f"viewra serves {url}")
    if link is not None:
        print_line(f"set a password here, once: {link}")


def _hosts(names: tuple[str, ...], *, local: bool) -> frozenset[str]:
    """The names by which requests may reach the site; none: any."""
    return (
        frozenset({name.lower() for name in names} | {"localhost", "127.0.0.1", "::1"})
        if names or local
        else frozenset()
    )
