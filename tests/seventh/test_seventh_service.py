"""A service of a program's own: described once, it is there in every way in which a plugin runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from viewra import Host
from viewra.errors import PluginFault
from viewra.sdk import Plugin
from viewra.services import SERVICES, Service, Services
from viewra.testing import in_process, loopback, subprocess_plugin

HERE = str(Path(__file__).parent)
CODE = """
    from lyrics_home import WITH_LYRICS
    from viewra.sdk import Plugin, serve

    class Singer(Plugin):
        def lyrics(self, title):
            if not title:
                raise ValueError("which song?")
            return f"la la {title}"

        def get_registered_routes(self):
            return []

    serve(Singer(), services=WITH_LYRICS)
"""


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(HERE)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "lyrics_home"]:
        del sys.modules[name]


@pytest.fixture
def services() -> Services:
    from lyrics_home import WITH_LYRICS

    return WITH_LYRICS


class Singer(Plugin):
    def lyrics(self, title: str) -> str:
        if not title:
            raise ValueError("which song?")
        return f"la la {title}"


class Choir(Singer):
    pass


class Translator(Singer):
    def translate(self, title: str) -> str:
        return f"in English: {title}"


class Elsewhere(Plugin):
    def lyrics_service(self) -> Translator:
        return Translator()


Run = Callable[..., AbstractContextManager[Any]]


@pytest.mark.parametrize("run", [in_process, loopback])
def test_it_has_a_client_and_a_check_suite(run: Run, services: Services) -> None:
    with run(Singer(), services=services) as plugin:
        services["lyrics"].check(plugin.lyrics, title="Lorelei")
        assert plugin.lyrics.lyrics("Lorelei") == "la la Lorelei"
        assert plugin.lyrics.translate("Lorelei") is None, "an extension is optional"
        assert plugin.search is None
        with pytest.raises(PluginFault, match="which song"):
            plugin.lyrics.lyrics("")


@pytest.mark.parametrize("run", [in_process, loopback])
def test_a_getter_gives_another_object_and_extensions_are_found(run: Run, services: Services) -> None:
    with run(Elsewhere(), services=services) as plugin:
        assert plugin.lyrics.translate("Lorelei") == "in English: Lorelei"


@pytest.mark.parametrize("run", [in_process, loopback])
def test_a_host_that_does_not_know_it_has_no_such_client(run: Run) -> None:
    with (
        run(Singer()) as plugin,
        pytest.raises(AttributeError, match="nor is there a service"),
    ):
        _ = plugin.lyrics


@pytest.mark.process
@pytest.mark.usefixtures("quick_hosts")
def test_through_a_hook_in_a_process_and_in_the_hosts_own(
    make_plugin: Callable[..., Path], tmp_path: Path, services: Services
) -> None:
    directory = make_plugin("singer", CODE, capabilities=("lyrics_service", "api_registration"))
    shutil.copytree(Path(HERE) / "lyrics_home", directory / "lyrics_home")  # a plugin reads its own folder alone
    with Host(plugin_dirs=[directory.parent], data_dir=tmp_path / "data", services=services) as host:
        host.plugins["singer"].enable()
        host.register(Choir())
        assert "lyrics_service" in host.plugins["singer"].services, "claimed, before its first start"
        results = host.pm.hook.lyrics(title="Lorelei")
        assert [(result.plugin_id, result.unwrap()) for result in results] == [
            ("singer", "la la Lorelei"),
            ("choir", "la la Lorelei"),
        ]


@pytest.mark.process
def test_a_process_of_its_own(make_plugin: Callable[..., Path], services: Services) -> None:
    directory = make_plugin("singer", CODE, capabilities=("lyrics_service",))
    shutil.copytree(Path(HERE) / "lyrics_home", directory / "lyrics_home")
    with subprocess_plugin(directory, services=services) as plugin:
        assert "lyrics_service" in plugin.services
        assert plugin.client("lyrics").lyrics("Lorelei") == "la la Lorelei"


def test_two_services_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        _ = SERVICES + Services(Service("search", "OtherService", "other", capability="other"))


@pytest.mark.process
def test_a_plugin_that_does_not_offer_it_imports_nothing_of_it() -> None:
    program = f"""
import sys
sys.path.insert(0, {HERE!r})
from lyrics_home import WITH_LYRICS
from viewra.sdk import Plugin
from viewra.sdk.servicers import Lifecycle, all_handlers
plugin = Plugin()
all_handlers(plugin, Lifecycle(plugin, plugin.log), WITH_LYRICS)
print(*[name for name in sys.modules if name.startswith("lyrics_home.")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
