"""``EngineChoice``: which engine reads a scan's files, as the operator names it: ``local:4``, ``dask://scheduler:8786``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from viewra.errors import UsageError

MOST_PROCESSES = 256
_LOCAL = re.compile(r"local:([0-9]{1,4})")
_DASK = re.compile(r"dask://(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]@]+):([0-9]{1,5})/?")


@attrs.frozen
class TLS:
    """Files in PEM format: the authority that signed all certificates of the cluster, and the host's own certificate.

    ``""``: as dask is configured (``~/.config/dask``, ``DASK_DISTRIBUTED__COMM__TLS__…``).
    """

    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def given(self) -> bool:
        """Whether it is given here."""
        return bool(self.ca or self.cert or self.key)


@attrs.frozen
class EngineChoice:
    """``processes`` of this machine, or, if that is 0, the cluster whose scheduler is at ``host`` and ``port``.

    ``folders`` maps folders of this machine to where workers have them. ``plaintext`` accepts a cluster on the network
    without TLS.
    """

    processes: int = 0
    host: str = ""
    port: int = 0
    tls: TLS = attrs.field(factory=TLS)
    plaintext: bool = False
    folders: Mapping[str, str] = attrs.field(factory=dict)


def parse_engine(
    text: str, *, tls: TLS | None = None, plaintext: bool = False, maps: Sequence[str] = ()
) -> EngineChoice:
    """The engine that ``text`` names, with ``HERE=THERE`` for each folder in ``maps``; raises UsageError."""
    tls = tls or TLS()
    folders: dict[str, str] = {}
    for here, there in map(_folder, maps):
        if folders.setdefault(here, there) != there:
            raise UsageError(f"--map {here}=… is given twice", hint="all workers have a folder at one place")
    if found := _LOCAL.fullmatch(text):
        if not 1 <= int(found[1]) <= MOST_PROCESSES:
            raise UsageError(f"--engine {text}: from 1 to {MOST_PROCESSES} processes can be started")
        if folders or tls.given or plaintext:
            raise UsageError(
                "--map, --engine-tls-… and --accept-plaintext are for --engine dask://…", hint="leave them out"
            )
        return EngineChoice(int(found[1]))
    found = _DASK.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 65535:
        raise UsageError(f"--engine {text!r} names no engine", hint="write local:4, or dask://HOST:PORT")
    if tls.given and not (tls.ca and tls.cert and tls.key):
        raise UsageError("--engine-tls-ca, --engine-tls-cert and --engine-tls-key belong together")
    for file in (tls.ca, tls.cert, tls.key):
        if file and not Path(file).is_file():
            raise UsageError(f"{file}: there is no such file", hint="check --engine-tls-ca, -cert and -key")
    return EngineChoice(0, found[1].strip("[]"), int(found[2]), tls, plaintext, folders)


def _folder(text: str) -> tuple[str, str]:
    here, separator, there = text.partition("=/")  # a folder may have "=" in its name
    if not separator or not here.startswith("/"):
        raise UsageError(f"--map {text!r} maps no folder", hint="write --map /here=/there, with absolute paths")
    return os.path.normpath(here), os.path.normpath("/" + there)
