"""Permissions that plugins request, and the operator's decisions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from viewra import library
from viewra.db import open_database
from viewra.db.plugin_grants import AskedScope
from viewra.errors import UsageError
from viewra.host.installed.discovery import Found, Place, discover
from viewra.host.installed.grants import Grant, Grants, allows

MANIFEST = """\
id: "verses"
name: "Verses"
version: "1.0.0"
type: "generic"
entry_points: main: "main.py"
capabilities: {}
permissions: [
	{resource: "filesystem", actions: ["read", "write"], reason: "words beside songs", paths: ["/words"]},
	{resource: "network", actions: ["external"], ports: [443]},
	"process:spawn",
]
"""


@pytest.fixture
def found(tmp_path: Path) -> Found:
    directory = tmp_path / "plugins" / "verses"
    directory.mkdir(parents=True)
    (directory / "plugin.cue").write_text(MANIFEST)
    (directory / "main.py").touch()
    (one,) = (one for one in discover([directory.parent], None) if one.plugin_id == "verses")
    return one


@pytest.fixture
def grants(sqlite_url: str) -> Iterator[Grants]:
    engine = open_database(sqlite_url)
    yield Grants(engine)
    engine.dispose()


def granted(grants: Grants, found: Found) -> list[str]:
    return [one.name for one in grants.of(found) if one.granted]


def test_what_it_asks_for_is_not_granted_at_first(grants: Grants, found: Found) -> None:
    assert [(one.name, one.granted, one.reason) for one in grants.of(found)] == [
        ("filesystem:read", False, "words beside songs"),
        ("filesystem:write", False, "words beside songs"),
        ("network:external", False, ""),
        ("process:spawn", False, ""),
    ]
    assert grants.of(found)[0].words == "read the files of your libraries (only /words)"
    assert grants.of(found)[2].words.endswith("(only port 443)")


def test_what_is_shipped_may_until_it_is_revoked(grants: Grants, found: Found) -> None:
    shipped = attrs.evolve(found, place=Place.SHIPPED)
    assert len(granted(grants, shipped)) == 4
    grants.set(shipped, ["process:spawn"], granted=False)
    assert "process:spawn" not in granted(grants, shipped)


def test_a_grant_is_of_one_plugin_at_one_place(grants: Grants, found: Found) -> None:
    grants.set(found, ["filesystem:read"], granted=True)
    assert granted(grants, found) == ["filesystem:read"]
    assert granted(grants, attrs.evolve(found, path=Path("/elsewhere"))) == []
    assert granted(grants, attrs.evolve(found, plugin_id="other")) == []


def test_folders_of_the_operators_stand_above_the_manifests(grants: Grants, found: Found) -> None:
    grants.set(found, ["filesystem:read"], granted=True, paths=["/usr"])
    assert grants.of(found)[0].paths == ("/usr",)
    grants.set(found, ["filesystem:read"], granted=True)
    assert grants.of(found)[0].paths == ("/words",)


def test_a_library_is_granted_by_its_path_or_name_and_followed(grants: Grants, found: Found, tmp_path: Path) -> None:
    for name in ("a/Music", "b/Music", "Films"):
        (tmp_path / name).mkdir(parents=True)
        library.add_library(grants._engine, str(tmp_path / name))
    grants.set(found, ["filesystem:read"], granted=True, libraries=["Films", str(tmp_path / "a/Music")])
    assert grants.of(found)[0].paths == (str(tmp_path / "Films"), str(tmp_path / "a/Music"))
    (tmp_path / "Films").rename(tmp_path / "Cinema")
    library.move_library(grants._engine, str(tmp_path / "Films"), str(tmp_path / "Cinema"))
    assert grants.of(found)[0].paths == (str(tmp_path / "Cinema"), str(tmp_path / "a/Music"))
    with pytest.raises(UsageError, match="several libraries are named 'Music'") as several:
        grants.set(found, ["filesystem:read"], granted=True, libraries=["Music"])
    assert str(tmp_path / "b/Music") in str(several.value.hint)
    for libraries, paths, message in (
        (["Films"], [], "there is no library 'Films'"),
        ([], [str(tmp_path / "Films")], "there is no such folder"),
    ):
        with pytest.raises(UsageError, match=message):
            grants.set(found, ["filesystem:read"], granted=True, libraries=libraries, paths=paths)
    with pytest.raises(UsageError, match="network:external cannot be narrowed to folders"):
        grants.set(found, ["network:external"], granted=True, paths=[str(tmp_path)])
    assert grants.of(found)[0].paths == (str(tmp_path / "Cinema"), str(tmp_path / "a/Music"))


WIDER = {
    "another folder": ('paths: ["/words"]', 'paths: ["/etc"]'),
    "one more folder": ('paths: ["/words"]', 'paths: ["/words", "/etc"]'),
    "the folder above": ('paths: ["/words"]', 'paths: ["/"]'),
    "a way out of the folder": ('paths: ["/words"]', 'paths: ["/words/../etc"]'),
    "a folder whose name begins alike": ('paths: ["/words"]', 'paths: ["/wordsworth"]'),
    "all libraries": (', paths: ["/words"]', ""),
    "another port": ("ports: [443]", "ports: [22]"),
    "any port": (", ports: [443]", ""),
}
NARROWER = {
    "a folder in it": ('paths: ["/words"]', 'paths: ["/words/of", "/words"]'),
    "some hosts": ("ports: [443]", 'ports: [443], hosts: ["example.org"]'),
    "another reason": ("words beside songs", "something else"),
}


def changed(found: Found, how: tuple[str, str]) -> Found:
    (found.directory / "plugin.cue").write_text(MANIFEST.replace(*how))
    (one,) = (one for one in discover([found.directory.parent], None) if one.plugin_id == "verses")
    return one


@pytest.mark.parametrize("how", WIDER.values(), ids=WIDER)
def test_a_grant_is_no_grant_of_more_that_new_code_asks_for(grants: Grants, found: Found, how: tuple[str, str]) -> None:
    every = [one.name for one in grants.of(found)]
    grants.set(found, every, granted=True)
    new = changed(found, how)
    refused = {one.name for one in grants.of(new) if not one.granted}
    assert refused == ({"network:external"} if "port" in how[0] else {"filesystem:read", "filesystem:write"})
    grants.set(new, sorted(refused), granted=True)
    assert granted(grants, new) == every


@pytest.mark.parametrize("how", NARROWER.values(), ids=NARROWER)
def test_a_grant_holds_for_less(grants: Grants, found: Found, how: tuple[str, str]) -> None:
    every = [one.name for one in grants.of(found)]
    grants.set(found, every, granted=True)
    assert granted(grants, changed(found, how)) == every


def test_hosts_are_said_in_words() -> None:
    hosts = ("api.example.org", "*.example.net:8080", "127.0.0.1:8096", "nas.local", "::1")
    assert Grant("network", "fetch", hosts=hosts, ports=(80, 443)).words == (
        "send web requests through viewra to api.example.org at port 80; to api.example.org at port 443; "
        "to all names below example.net at port 8080; to 127.0.0.1 at port 8096, on this machine; "
        "to nas.local at port 80, in your own network; to nas.local at port 443, in your own network; "
        "to [::1] at port 80, on this machine; to [::1] at port 443, on this machine"
    )
    assert Grant("network", "fetch").words == "send web requests through viewra to any host"


def test_a_grant_of_some_events_is_none_of_others() -> None:
    assert Grant("events", "subscribe", names=("a.*", "b.c")).words == "hear of events (only a.*, b.c)"
    old = AskedScope(names=("a.*", "b.c"))
    for names, allowed in ((("a.*",), True), (("a.b", "a.c.*"), True), (("b.*",), False), (("a.b", "c.d"), False)):
        assert allows(old, AskedScope(names=names)) is allowed, names


def test_to_run_without_a_sandbox_need_not_be_asked_for(grants: Grants, found: Found) -> None:
    grants.set(found, ["sandbox:off"], granted=True)
    assert grants.of(found)[-1].name == "sandbox:off"
    grants.set(found, ["sandbox:off"], granted=False)
    assert granted(grants, found) == []


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("filesystem:raed", "there is no permission 'filesystem:raed'", "did you mean filesystem:read?"),
        ("all", "there is no permission 'all'", ""),
        ("network:listen", "does not request network:listen", "it requests: filesystem:read"),
    ],
)
def test_what_cannot_be_granted_changes_nothing(
    grants: Grants, found: Found, name: str, message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        grants.set(found, ["filesystem:read", name], granted=True)
    assert (refused.value.hint or "").startswith(hint)
    assert granted(grants, found) == []


@pytest.mark.parametrize(
    ("hosts", "implied"), [("", False), ('hosts: ["*", "nas"]', False), ('hosts: ["a.example"]', True)]
)
def test_requests_to_any_host_are_granted_by_the_operator_alone(
    grants: Grants, found: Found, hosts: str, implied: bool
) -> None:
    request = f'permissions: [{{resource: "network", actions: ["fetch"], {hosts}}}]\n'
    (found.path / "plugin.cue").write_text(MANIFEST[: MANIFEST.index("permissions")] + request)
    (one,) = (one for one in discover([found.path.parent], None) if one.plugin_id == "verses")
    assert granted(grants, attrs.evolve(one, place=Place.SHIPPED)) == (["network:fetch"] if implied else [])


def test_public_routes_are_granted_by_the_operator_alone(grants: Grants, found: Found, tmp_path: Path) -> None:
    def asking(path: str) -> Found:
        request = f'permissions: [{{resource: "http", actions: ["public"], paths: ["{path}"]}}]\n'
        (found.path / "plugin.cue").write_text(MANIFEST[: MANIFEST.index("permissions")] + request)
        (one,) = (one for one in discover([found.path.parent], None) if one.plugin_id == "verses")
        return attrs.evolve(one, place=Place.SHIPPED)

    assert granted(grants, asking("/rest")) == []
    grants.set(asking("/rest"), ["http:public"], granted=True)
    assert granted(grants, asking("/rest")) == ["http:public"]
    assert granted(grants, asking("/rest/deeper")) == ["http:public"]
    assert granted(grants, asking("/restricted")) == granted(grants, asking("/")) == []
    assert "anybody" in grants.of(asking("/rest"))[0].words


FETCHES = """
permissions: [{resource: "network", actions: ["fetch"], hosts: ["*.example.org", "a.example.net:8080", "127.0.0.1"]}]
"""


@pytest.fixture
def fetches(found: Found) -> Found:
    (found.directory / "plugin.cue").write_text(MANIFEST.partition("permissions")[0] + FETCHES)
    (one,) = (one for one in discover([found.directory.parent], None) if one.plugin_id == "verses")
    return one


def hosts(grants: Grants, found: Found) -> tuple[str, ...]:
    (one,) = grants.of(found)
    return one.hosts if one.granted else ()


def test_a_part_of_the_hosts_is_granted_and_taken_back(grants: Grants, fetches: Found) -> None:
    grants.set(fetches, ["network:fetch"], granted=True, hosts=["api.example.org", "127.0.0.1", "127.0.0.1"])
    assert hosts(grants, fetches) == ("api.example.org", "127.0.0.1")
    (one,) = grants.of(fetches)
    assert one.withheld == ("*.example.org", "a.example.net:8080")
    assert one.words.endswith(
        "to api.example.org; to 127.0.0.1, on this machine "
        "(it also asks for: all names below example.org; a.example.net at port 8080)"
    )
    grants.set(fetches, ["network:fetch"], granted=False, hosts=["127.0.0.1"])
    assert hosts(grants, fetches) == ("api.example.org",)
    with pytest.raises(UsageError, match=r"x\.example\.org is not granted by itself"):
        grants.set(fetches, ["network:fetch"], granted=False, hosts=["x.example.org"])
    grants.set(fetches, ["network:fetch"], granted=False, hosts=["api.example.org"])
    assert hosts(grants, fetches) == ()
    grants.set(fetches, ["network:fetch"], granted=True)
    assert hosts(grants, fetches) == ("*.example.org", "a.example.net:8080", "127.0.0.1")
    grants.set(fetches, ["network:fetch"], granted=False, hosts=["*.example.org"])
    assert hosts(grants, fetches) == ("a.example.net:8080", "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["example.org", "example.net", "a.example.net", "*", "*.org", "10.0.0.1", "api.example.org:8080", "x.org/", "a b"],
)
def test_no_more_hosts_than_it_asks_for(grants: Grants, fetches: Found, host: str) -> None:
    with pytest.raises(UsageError):
        grants.set(fetches, ["network:fetch"], granted=True, hosts=[host])
    with pytest.raises(UsageError, match=r"cannot be narrowed to hosts|does not request"):
        grants.set(fetches, ["network:external"], granted=True, hosts=["api.example.org"])
    assert hosts(grants, fetches) == ()


def test_any_host_includes_no_address_inside(grants: Grants, fetches: Found) -> None:
    anywhere = '{resource: "network", actions: ["fetch"]}'
    (fetches.directory / "plugin.cue").write_text(MANIFEST.partition("permissions")[0] + f"permissions: [{anywhere}]")
    (found,) = (one for one in discover([fetches.directory.parent], None) if one.plugin_id == "verses")
    for host in ("192.168.1.1", "[::1]", "localhost", "nas"):
        with pytest.raises(UsageError, match="does not ask for"):
            grants.set(found, ["network:fetch"], granted=True, hosts=[host])
    grants.set(found, ["network:fetch"], granted=True, hosts=["*.example.org", "8.8.8.8"])
    assert hosts(grants, found) == ("*.example.org", "8.8.8.8")


def test_an_update_gets_the_granted_hosts_that_it_still_asks_for(grants: Grants, fetches: Found) -> None:
    grants.set(fetches, ["network:fetch"], granted=True, hosts=["api.example.org", "127.0.0.1"])
    for asks, left in (
        ('hosts: ["*.example.org", "*.more.example"]', ("api.example.org",)),
        ('hosts: ["img.example.org"]', ()),
        ("hosts: []", ("api.example.org",)),
    ):
        text = f'permissions: [{{resource: "network", actions: ["fetch"], {asks}}}]'
        (fetches.directory / "plugin.cue").write_text(MANIFEST.partition("permissions")[0] + text)
        (found,) = (one for one in discover([fetches.directory.parent], None) if one.plugin_id == "verses")
        assert hosts(grants, found) == left, asks
