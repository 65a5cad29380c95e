"""What ``--engine`` and its options name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from viewra.errors import UsageError
from viewra.host.workers.choice import TLS, EngineChoice, parse_engine


def test_processes_of_this_machine() -> None:
    assert parse_engine("local:4") == EngineChoice(4)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("dask://scheduler:8786", "scheduler", 8786),
        ("dask://10.0.0.7:1/", "10.0.0.7", 1),
        ("dask://[::1]:8786", "::1", 8786),
    ],
)
def test_a_cluster(text: str, host: str, port: int) -> None:
    chosen = parse_engine(text, maps=["/srv/music=/mnt/nas/music", "/b=/c=d"], plaintext=True)
    assert (chosen.processes, chosen.host, chosen.port, chosen.plaintext) == (0, host, port, True)
    assert chosen.folders == {"/srv/music": "/mnt/nas/music", "/b": "/c=d"}


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("local:0", {}, "from 1 to 256"),
        ("local:257", {}, "from 1 to 256"),
        ("local:many", {}, "names no engine"),
        ("dask://scheduler", {}, "names no engine"),
        ("dask://scheduler:0", {}, "names no engine"),
        ("dask://scheduler:65536", {}, "names no engine"),
        ("dask://user@scheduler:8786", {}, "names no engine"),
        ("dask://scheduler:8786/path", {}, "names no engine"),
        ("tcp://scheduler:8786", {}, "names no engine"),
        ("", {}, "names no engine"),
        ("local:2", {"maps": ["/a=/b"]}, "are for --engine dask"),
        ("local:2", {"plaintext": True}, "are for --engine dask"),
        ("dask://s:1", {"maps": ["/a"]}, "maps no folder"),
        ("dask://s:1", {"maps": ["/a=/b", "/a/=/c"]}, "given twice"),
        ("dask://s:1", {"maps": ["a=/b"]}, "maps no folder"),
        ("dask://s:1", {"maps": ["/a=b"]}, "maps no folder"),
        ("dask://s:1", {"tls": TLS(ca="/etc/hostname")}, "belong together"),
        ("dask://s:1", {"tls": TLS("/nowhere", "/nowhere", "/nowhere")}, "there is no such file"),
    ],
)
def test_what_names_no_engine_is_refused(text: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_engine(text, **options)


@pytest.mark.parametrize(
    ("text", "here", "there"),
    [
        ("/a/../b/=/c//d/", "/b", "/c/d"),
        ("/a=b=/c", "/a=b", "/c"),
        ("/=/mnt", "/", "/mnt"),
        ("/mnt=/", "/mnt", "/"),
    ],
)
def test_a_map_of_folders(text: str, here: str, there: str) -> None:
    assert parse_engine("dask://s:1", maps=[text, text]).folders == {here: there}


def test_files_for_tls(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    for file in files:
        file.touch()
    tls = TLS(*map(str, files))
    assert parse_engine("dask://scheduler:8786", tls=tls).tls == tls
