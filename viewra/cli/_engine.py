"""The options that have workers read the files of a scan."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from viewra.cli._control import whole
from viewra.errors import UsageError

_engine = click.option(
    "--engine",
    "chosen",
    metavar="ENGINE",
    help="Have workers read the files: dask://HOST:PORT, the scheduler of a dask cluster, or local:N, for N processes.",
)
_map = click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="HERE=THERE",
    help="The workers find the folder HERE as THERE (repeatable).",
)
_ca = click.option(
    "--engine-tls-ca", "ca", default="", metavar="FILE", help="The authority of the cluster's certificates."
)
_cert = click.option(
    "--engine-tls-cert", "cert", default="", metavar="FILE", help="This host's certificate for the cluster."
)
_key = click.option("--engine-tls-key", "key", default="", metavar="FILE", help="The key of that certificate.")
_plaintext = click.option(
    "--accept-plaintext", "plaintext", is_flag=True, help="Use a cluster on the network without TLS all the same."
)


def engine_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that scans and may have workers read the files."""

    @functools.wraps(function)
    def parsed(
        *arguments: Any,
        chosen: str | None,
        maps: tuple[str, ...],
        ca: str,
        cert: str,
        key: str,
        plaintext: bool,
        **options: Any,
    ) -> Any:
        readers = None
        if chosen is not None:
            from viewra.host.workers.choice import TLS, parse_engine  # light start

            readers = parse_engine(
                chosen, tls=TLS(*(one and whole(one) for one in (ca, cert, key))), plaintext=plaintext, maps=maps
            )
        elif maps or ca or cert or key or plaintext:
            raise UsageError("--map, --engine-tls-… and --accept-plaintext are for --engine", hint="add --engine")
        return function(*arguments, readers=readers, **options)

    return _engine(_map(_ca(_cert(_key(_plaintext(parsed))))))
