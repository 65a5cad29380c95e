"""What an operator chose, and the configuration of a plugin that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from viewra.host.database.databases import PluginDatabases
from viewra.host.installed.choices import Chosen
from viewra.host.installed.discovery import Found, Place
from viewra.host.installed.grants import Grant, asked
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.confining import Backend, Confining
from viewra.manifest import Permission, Runtime

from .conftest import MANIFEST, manifest_of
from .test_confining import ABLE

READ = Permission("filesystem", ("read",), {"paths": ["/music"]})
WIDER = Permission("filesystem", ("read",), {"paths": ["/music", "/films"]})
EVERYWHERE = Permission("filesystem", ("read",), {})
FETCHES = Permission("network", ("fetch",), {"hosts": ["api.example"]})
PUBLISHES = Permission("events", ("publish",), {"names": ["scan.*"]})
LIBRARY = Permission("library", ("read",), {})


def found_with(directory: Path, *permissions: Permission, runtime: Runtime | None = None) -> Found:
    directory.mkdir(exist_ok=True)
    file = directory / "plugin.cue"
    file.write_text(MANIFEST)
    manifest = attrs.evolve(manifest_of(MANIFEST), file=file, permissions=permissions)
    return Found("p", directory, Place.GIVEN, attrs.evolve(manifest, runtime=runtime or manifest.runtime))


class Operator:
    """What the operator chose, and may choose anew."""

    def __init__(self) -> None:
        self.granted: set[str] = set()
        self.libraries = ["/music"]
        self.chosen: Mapping[str, object] = {}

    def grants(self, found: Found) -> Sequence[Grant]:
        assert found.manifest is not None
        return [attrs.evolve(one, granted=one.name in self.granted) for one in asked(found.manifest)]

    def choose(self, found: Found) -> Chosen:
        runtime = found.manifest.runtime if found.manifest is not None else Runtime()
        return attrs.evolve(Chosen(runtime=runtime), **self.chosen)  # type: ignore[arg-type]


def configuration_of(
    scratch: Path,
    operator: Operator,
    *permissions: Permission,
    backend: Backend = "landlock",
    runtime: Runtime | None = None,
) -> RunConfiguration:
    """The configuration of a plugin in ``scratch`` that asks for these permissions."""
    installation = Installation(found_with(scratch / "p", *permissions, runtime=runtime), data_dir=scratch / "data")
    confining = Confining(
        (), backend, grants=operator.grants, libraries=lambda: tuple(operator.libraries), machine=ABLE
    )
    return RunConfiguration(
        installation,
        chosen=operator.choose,
        databases=PluginDatabases(scratch / "data"),
        confining=confining,
        log_level="info",
    )
