"""The shipped plugins work in their sandbox, and get no more permissions than they request."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.thorough import thorough
from viewra import library
from viewra.errors import UsageError
from viewra.host import Host
from viewra.process.sandbox.machine import machine
from viewra.types import PluginState

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(machine().missing), reason=machine().missing or "-")]

EXAMPLES = Path(__file__).parents[2] / "examples"
MAY = {
    "artwork": ["filesystem:read", "library:read", "library:write", "network:fetch"],
    "audio_tags": ["filesystem:read"],
    "duplicates": ["filesystem:read", "library:read"],
    "file_names": ["filesystem:read"],
    "image_info": ["filesystem:read"],
    "library_history": [],
    "lyrics": ["filesystem:read", "library:read", "library:write", "network:fetch"],
    "media_info": ["filesystem:read"],
    "musicbrainz_enricher": ["network:fetch", "library:read", "library:write"],
    "notify_webhook": ["events:subscribe"],
    "opensubsonic": ["library:read", "events:publish"],
    "replaygain": ["filesystem:read", "library:read", "library:write"],
    "sidecars": ["filesystem:read"],
    "tmdb": ["filesystem:read", "library:read", "library:write", "network:fetch"],
}


@pytest.mark.shipped
def test_they_read_the_same_files_as_without_one(tmp_path: Path, fresh_database: Path) -> None:
    for sandbox in ("off", "auto"):
        (tmp_path / sandbox).mkdir(mode=0o700)
        shutil.copy(fresh_database, tmp_path / sandbox)
    outside, inside = known(tmp_path, "off"), known(tmp_path, "auto")
    assert len(inside) > 20
    assert inside == outside


@thorough
@pytest.mark.shipped
def test_those_that_opt_in_start_in_one(tmp_path: Path) -> None:
    with Host(data_dir=tmp_path / "data", watch=False) as host:
        opting = [one for one in host.plugins.values() if one.manifest is not None and one.manifest.opt_in]
        assert len(opting) == 8
        for plugin in opting:
            plugin.enable()
            plugin.load()
            assert (plugin.state, plugin.reason) == (PluginState.RUNNING, "")
            assert plugin.sandbox is not None
            assert plugin.sandbox.backend == "landlock+seccomp"


def known(tmp_path: Path, sandbox: str) -> dict[str, object]:
    """What a scan of the examples finds, by path: each field, with all that was said of it and by whom."""
    found: dict[str, object] = {}
    with Host(data_dir=tmp_path / sandbox, watch=False, sandbox=sandbox) as host:
        for plugin in host.plugins.values():
            assert plugin.manifest is not None
            if not plugin.manifest.opt_in:  # those work on when the scan has ended
                plugin.enable()
            assert [one.name for one in plugin.permissions if one.granted] == MAY[plugin.id]
        host.scan(EXAMPLES)
        for plugin in host.plugins.values():
            assert plugin.sandbox is not None
            assert plugin.sandbox.backend == ("off" if sandbox == "off" else "landlock+seccomp")
            if sandbox != "off":
                assert plugin.sandbox.rules is not None
                assert not plugin.sandbox.rules.network
                assert plugin.sandbox.rules.write == ()
        for path in sorted(EXAMPLES.rglob("*")):
            try:
                file = library.show(host.engine, str(path))
            except UsageError:  # not a file, or none that is scanned
                continue
            # Where no priority says whose word counts, it is that of the one who read last: no difference.
            said = {name: dict([(one.plugin, one.value), *one.others]) for name, one in file.metadata.items()}
            found[str(path)] = (file.mime_type, said)
    return found
