"""Each host service as a plugin has it: in this process, over loopback, over single calls; of a fake and of a host."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import pytest

from tests.conftest import POSTGRESQL, postgresql_database
from tests.host_services import BODY, GRANTED, SUITE, TITLE, Given
from tests.unit.assets.conftest import add_file
from tests.unit.bridge.dialling import SingleAsking, dialled
from tests.unit.bridge.fetch.serving import Said, serving
from viewra.assets import AssetStore
from viewra.bridge import Bridge, Fetcher, Fetching, Rights
from viewra.db import open_database
from viewra.library.putting import put_metadata
from viewra.sdk import Plugin
from viewra.sdk.host import HostServices
from viewra.testing import FakeFetch, FakeHostServices, FakeLibrary, in_process, loopback
from viewra.types import FileEntry

FAKE_URL = "https://fake.example/"


FORMS = ["fake in process", "fake over loopback", "in process", "over loopback", "over single calls"]


@contextmanager
def real(url: str, directory: Path) -> Iterator[tuple[FakeHostServices, Given]]:
    """The services of a host, and what it has."""
    with ExitStack() as resources:
        server = resources.enter_context(serving())
        server.answers["/"] = Said(body=BODY)
        engine = open_database(url)
        resources.callback(engine.dispose)
        given = Given(add_file(engine), server.url("/"))
        put_metadata(engine, "tags", {given.file_id: {"title": TITLE}}, priority={})
        bridge = Bridge(engine, Fetcher(Fetching(proxy="off")), AssetStore(engine, directory / "assets"))
        resources.callback(bridge.close)
        services = FakeHostServices()
        hosts = (f"127.0.0.1:{server.port}",)
        services.rights = Rights(set(GRANTED).__contains__, lambda: hosts, events=lambda: ())
        services.hosted = bridge.of("under_test")
        yield services, given


def fake() -> tuple[FakeHostServices, Given]:
    entry = FileEntry(5, 1, "/music/a.flac", "audio/flac", 5, 6, "audio", TITLE)
    services = FakeHostServices(FakeLibrary(file_entries=[entry]), granted=GRANTED, fetch=FakeFetch({FAKE_URL: BODY}))
    return services, Given(5, FAKE_URL)


@pytest.fixture(scope="module", params=[*FORMS, *(["in process, PostgreSQL"] if POSTGRESQL else [])])
def asked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, fresh_database: Path
) -> Iterator[tuple[HostServices, Given]]:
    """``self.host`` of a plugin in each of its forms."""
    form: str = request.param
    directory = tmp_path_factory.mktemp("host")
    with ExitStack() as resources:
        if form.startswith("fake"):
            services, given = fake()
        else:
            url = f"sqlite:///{shutil.copy(fresh_database, directory / 'viewra.db')}"
            if "PostgreSQL" in form:
                url = resources.enter_context(postgresql_database(request.getfixturevalue("fresh_postgresql")))
            services, given = resources.enter_context(real(url, directory))
        plugin = Plugin()
        if "single calls" in form:
            channel = resources.enter_context(dialled(services.hosted, services.rights, directory))
            plugin.bind(host=HostServices(SingleAsking(channel)))
        elif "loopback" in form:
            resources.enter_context(loopback(plugin, host=services))
        elif form.startswith("fake"):
            resources.enter_context(in_process(plugin, host=services))
        else:
            plugin.bind(host=HostServices(services.hosted.asking(services.rights)))
        yield plugin.host, given


@pytest.mark.parametrize("service", sorted(SUITE))
def test_it_does_what_it_is_for(asked: tuple[HostServices, Given], service: str) -> None:
    SUITE[service](*asked)


def test_every_service_is_in_the_suite() -> None:
    services = {name for name, one in vars(HostServices).items() if isinstance(one, cached_property)}
    assert services == SUITE.keys()
