"""Packages in a running host: an upgrade under calls, one that does not start, and an environment of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.reloading import CODE, Callers, version, write
from tests.wheels import write_sdk_needs, write_wheel
from viewra import Host
from viewra.errors import PluginError
from viewra.host.environments.origins import Origins
from viewra.host.installing import Consent
from viewra.host.packages.sources import fetch
from viewra.host.packages.staging import staged
from viewra.testing import subprocess_plugin

pytestmark = pytest.mark.process

HIDDEN = "[one for one in ('sqlalchemy', 'pluggy', 'click') if importlib.util.find_spec(one)]"
IN_AN_ENVIRONMENT = CODE.replace("import os, time", "import importlib.util, os, shout, sys, time").replace(
    "(str(os.getpid()), str(VERSION))", f"(str(os.getpid()), shout.loud(VERSION), sys.prefix, str({HIDDEN}))"
)


def become(source: Path, number: int, code: str = "pass") -> Path:
    lines = (source / "plugin.cue").read_text().splitlines()
    lines = [f'version: "1.{number}.0"' if line.startswith("version") else line for line in lines]
    (source / "plugin.cue").write_text("\n".join(lines) + "\n")
    write(source, number, code, IN_AN_ENVIRONMENT)
    return source


def install(host: Host, source: Path) -> None:
    with staged(host.data_dir, lambda folder, _told: fetch(str(source), folder)) as package:
        host.plugins.install(package.directory, package.origin, Consent())


def test_a_package_from_its_installation_to_its_end(tmp_path: Path, make_plugin: Callable[..., Path]) -> None:
    source = make_plugin("p", "", capabilities=("search_service",), parent=tmp_path / "source")
    (source / "requirements.txt").write_text("shout == 1.0\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_sdk_needs(wheels)
    write_wheel(wheels, "shout", "1.0", {"shout.py": b"def loud(what):\n    return str(what)\n"})
    data = tmp_path / "data"
    origins = Origins((str(wheels),), no_index=True)
    with Host(data_dir=data, packages=origins, sandbox="auto") as host:
        install(host, become(source, 1))
        host.plugins["p"].enable()
        search = host.plugins["p"].search
        assert search is not None
        hit = search.search({}, 1, 0).results[0]
        assert (hit.title, hit.album) == ("1", "[]")
        assert Path(hit.artist).is_relative_to(data / "environments" / "p")
        with Callers(host, threads=4) as callers:
            eventually(lambda: callers.calls > 0)
            install(host, become(source, 2))
            callers.oldest = 2
            eventually(lambda: callers.latest == 2)
            with pytest.raises(PluginError, match=r"version 1\.3\.0 was tried and is not installed: .*step initialize"):
                install(host, become(source, 3, 'raise ValueError("no luck")'))
            (source / "requirements.txt").write_text("shout == 2.0\n")
            with pytest.raises(Exception, match=r"requirements\.txt:1:1: shout==2\.0 cannot be installed"):
                install(host, become(source, 4))
        assert (callers.failures, callers.too_old) == ([], [])
        assert host.plugins.roll_back("p").record.version == "1.1.0"
        assert version(host) == 1
        assert host.plugins["p"].stats.crashes == 0
        host.plugins.uninstall("p", keep_data=False)
        assert not any(one.name == "p" for one in data.rglob("*"))
    (source / "requirements.txt").write_text("shout == 1.0\n")
    with subprocess_plugin(source, packages=origins) as checked:  # as viewra plugins check --run does
        assert checked.search is not None
        assert checked.search.search({}, 1, 0).results[0].album == "[]"
