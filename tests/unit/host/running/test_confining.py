"""A plugin's sandbox follows from its grants and from the machine's mechanisms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from viewra.errors import UsageError
from viewra.host.installed.code import Code
from viewra.host.installed.discovery import Found, Place, discover
from viewra.host.installed.grants import Grant, asked
from viewra.host.running import confining
from viewra.host.running.confining import BACKENDS, Backend, Confining, Sandbox, require_backend
from viewra.host.running.limits import rlimits
from viewra.manifest import Runtime
from viewra.process.sandbox.machine import Machine
from viewra.process.sandbox.syscalls import ARCHITECTURES

ABLE = Machine(ARCHITECTURES["x86_64"], landlock=7, filters=True, tells=True, root=False)
BARE = attrs.evolve(ABLE, landlock=0)


@pytest.fixture
def code(tmp_path: Path, make_plugin: Callable[..., Path]) -> Code:
    directory = make_plugin("p", "", may=("filesystem:read", "filesystem:write", "network:external", "process:spawn"))
    (found,) = (one for one in discover([directory.parent], None) if one.plugin_id == "p")
    return Code(found, "")


def sandbox(
    code: Code,
    *granted: str,
    machine: Machine = ABLE,
    backend: Backend = "auto",
    allow_unsandboxed: bool = False,
    network: str = "unix",
    socket_group: str = "",
    database_url: str = "",
    grants: Sequence[Grant] = (),
) -> Sandbox:
    def of(found: Found) -> Sequence[Grant]:
        assert found.manifest is not None
        asks = (*asked(found.manifest), Grant("sandbox", "off"))
        return [*grants, *(attrs.evolve(one, granted=True) for one in asks if one.name in granted)]

    made = Confining(
        (Path("/secret"),),
        backend,
        allow_unsandboxed,
        grants=of,
        libraries=lambda: ["/music"],
        user_of=lambda _: 60600,
        machine=machine,
    )
    return made.sandbox(code, Runtime(), Path("/data/p"), database_url, network, socket_group)


def test_without_a_grant_it_has_its_own_alone(code: Code) -> None:
    found = sandbox(code)
    rules = found.rules
    assert rules is not None
    assert str(code.found.directory) in rules.code
    assert (rules.read, rules.write, rules.private) == ((), (), ("/data/p",))
    assert (rules.internet, rules.listen, rules.datagrams, rules.spawn) == ((), (), False, False)
    assert (rules.user, rules.metadata, found.shipped) == (None, False, None)
    assert found.told == ("p",)
    assert found.missing == ()
    assert found.backend == "landlock+seccomp"


def test_each_grant_opens_what_it_names(code: Code, tmp_path: Path) -> None:
    may = sandbox(code, "filesystem:read", "network:external", "process:spawn").rules
    assert may is not None
    assert (may.read, may.write) == ((str(tmp_path),), ())
    assert (may.internet, may.datagrams, may.spawn) == (None, True, True)
    found = sandbox(code, "filesystem:write")
    assert found.rules is not None
    assert (found.rules.read, found.rules.write, found.folders) == ((str(tmp_path),),) * 3
    assert found.told == ("p", "filesystem:write")


@pytest.mark.parametrize("allow_unsandboxed", [False, True])
def test_a_machine_that_cannot_starts_nothing_unless_allowed(code: Code, allow_unsandboxed: bool) -> None:
    if allow_unsandboxed:
        found = sandbox(code, machine=BARE, allow_unsandboxed=True)
        assert (found.backend, found.rules) == ("rlimits", None)
        assert "nothing holds it" in found.missing[0]
        return
    with pytest.raises(UsageError, match="Landlock") as refused:
        sandbox(code, machine=BARE)
    hint = refused.value.hint or ""
    assert "viewra plugins grant p sandbox:off" in hint
    assert "--allow-unsandboxed" in hint
    assert sandbox(code, "sandbox:off", machine=BARE).backend == "off"


def test_what_connects_needs_a_kernel_that_tells(code: Code) -> None:
    deaf = attrs.evolve(ABLE, tells=False)
    with pytest.raises(UsageError, match="user notification"):
        sandbox(code, "network:external", machine=deaf)
    assert any("broker" in one and "refused" in one for one in sandbox(code, machine=deaf).enforced)


def test_a_host_that_is_root_gives_a_user_where_that_can_read(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    root = attrs.evolve(ABLE, root=True)

    def user(*granted: str, socket_group: str = "") -> int | None:
        rules = sandbox(code, *granted, machine=root, socket_group=socket_group).rules
        assert rules is not None
        return rules.user

    assert user("filesystem:read") == 60600
    assert user(socket_group="media") is None
    monkeypatch.setattr(confining, "foreign_mount", lambda paths: (paths[0], "nfs4") if paths else None)
    assert user() == 60600
    assert user("filesystem:read") is None
    assert user("filesystem:write") is None
    (missing,) = sandbox(code, "filesystem:read", machine=root).missing
    assert "is on nfs4" in missing


def test_a_host_that_connects_by_tcp_says_what_that_opens(code: Code) -> None:
    found = sandbox(code, network="tcp")
    assert found.rules is not None
    assert found.rules.listen is None
    assert "listening" in found.missing[0]


SERVER, BY_SOCKET = "postgresql://p@db.example:6543/p", "postgresql://p@/p?host=/run/pg&port=6543"


@pytest.mark.parametrize(
    ("database_url", "internet", "sockets"),
    [
        ("sqlite:////data/p/p.db", (), ()),
        (SERVER, (6543,), ()),
        ("postgresql://p@db.example/p", (5432,), ()),
        ("postgresql://p@/p?host=db.example", (5432,), ()),
        (BY_SOCKET, (), ("/run/pg/.s.PGSQL.6543",)),
        ("postgresql://p@/p", (), ("/run/postgresql/.s.PGSQL.5432",)),
    ],
)
def test_its_database_is_open_to_it_and_nothing_beside_that(
    code: Code, database_url: str, internet: tuple[int, ...], sockets: tuple[str, ...]
) -> None:
    rules = sandbox(code, database_url=database_url).rules
    assert rules is not None
    assert (rules.internet, rules.sockets, rules.datagrams) == (internet, sockets, False)


def test_ports_that_are_granted_add_to_that_of_its_database(code: Code) -> None:
    https = Grant("network", "external", granted=True, ports=(443,))
    for database_url, internet in [("", (443, 53)), (SERVER, (6543, 443, 53)), (BY_SOCKET, (443, 53))]:
        found = sandbox(code, grants=[https], database_url=database_url)
        assert found.rules is not None
        assert found.rules.internet == internet
        assert found.missing == ()


def test_hosts_that_cannot_be_told_apart_are_named_as_missing(code: Code) -> None:
    one = Grant("network", "external", granted=True, hosts=("api.example",))
    found = sandbox(code, grants=[one])
    assert found.rules is not None
    assert found.rules.internet is None
    assert found.missing == ("network:external to some hosts alone: it reaches all",)


@pytest.mark.parametrize(("ports", "listen"), [((8080, 8081), (8080, 8081)), ((), None)])
def test_one_that_may_listen_has_its_ports_or_all(
    code: Code, ports: tuple[int, ...], listen: tuple[int, ...] | None
) -> None:
    assert (rules := sandbox(code, grants=[Grant("network", "listen", granted=True, ports=ports)]).rules) is not None
    assert rules.listen == listen


def test_what_was_not_granted_opens_nothing(code: Code) -> None:
    assert (rules := sandbox(code, grants=[Grant("process", "spawn"), Grant("network", "external")]).rules) is not None
    assert (rules.spawn, rules.internet) == (False, ())


@pytest.mark.parametrize("database_url", [SERVER, BY_SOCKET])
def test_a_database_that_is_no_file_needs_a_kernel_that_tells(code: Code, database_url: str) -> None:
    with pytest.raises(UsageError, match="user notification"):
        sandbox(code, machine=attrs.evolve(ABLE, tells=False), database_url=database_url)


def test_a_sandbox_that_does_not_exist_is_refused_with_those_that_do() -> None:
    assert [require_backend(name) for name in BACKENDS] == list(BACKENDS)
    with pytest.raises(UsageError, match="there is no sandbox 'jail'") as refused:
        require_backend("jail")
    assert refused.value.hint == "there are: auto, landlock, bwrap, rlimits, off"


def test_by_default_all_that_is_asked_is_granted(code: Code) -> None:
    assert all(one.granted for one in confining.everything_asked(code.found))
    assert {one.name for one in confining.everything_asked(code.found)} >= {"filesystem:read", "process:spawn"}
    assert confining.everything_asked(attrs.evolve(code.found, manifest=None)) == ()
    rules = Confining((), "auto", machine=attrs.evolve(ABLE, root=True)).sandbox(
        code, Runtime(), Path("/p"), "", "unix"
    )
    assert rules.rules is not None
    assert (rules.rules.user, rules.rules.internet, rules.rules.spawn) == (None, None, True)


@pytest.mark.parametrize(
    ("landlock", "granted", "database_url", "network", "refused"),
    [
        (5, ("network:external",), "", "unix", True),
        (5, (), SERVER, "unix", True),
        (5, (), "", "tcp", True),
        (5, (), BY_SOCKET, "unix", False),
        (6, ("network:external",), SERVER, "tcp", False),
    ],
)
def test_within_bwrap_a_network_needs_a_landlock_that_holds_it(
    code: Code,
    monkeypatch: pytest.MonkeyPatch,
    landlock: int,
    granted: tuple[str, ...],
    database_url: str,
    network: str,
    refused: bool,
) -> None:
    monkeypatch.setattr(confining, "bubblewrap", lambda: SimpleNamespace(reason=""))
    machine = attrs.evolve(ABLE, landlock=landlock)
    with pytest.raises(UsageError, match="needs Landlock's version 6, this kernel has 5") if refused else nullcontext():
        found = sandbox(code, *granted, machine=machine, backend="bwrap", database_url=database_url, network=network)
        assert found.backend == "bwrap+landlock+seccomp"


def test_one_whose_socket_is_for_a_group_may_change_modes(code: Code) -> None:
    found = sandbox(code, socket_group="media")
    assert found.rules is not None
    assert found.rules.metadata
    assert "may change modes" in found.missing[0]


def test_what_is_shipped_with_viewra_is_known(code: Code) -> None:
    shipped = Code(attrs.evolve(code.found, place=Place.SHIPPED), "")
    assert sandbox(shipped).shipped == code.found.directory


def test_an_operator_may_have_nothing_confined_or_limits_alone(code: Code, caplog: pytest.LogCaptureFixture) -> None:
    confining._warn.cache_clear()
    assert sandbox(code, backend="off").backend == "off"
    assert caplog.messages == []
    for _ in range(2):
        found = sandbox(code, backend="rlimits")
        assert (found.backend, found.rules) == ("rlimits", None)
        assert dict(found.rlimits).keys() == dict(rlimits(Runtime())).keys()
    sandbox(code, machine=BARE, allow_unsandboxed=True)
    texts = [message.partition("held to limits alone: ")[2] for message in caplog.messages]
    assert texts == ["--sandbox rlimits", BARE.missing], "once for each reason"


def test_only_bwrap_needs_bwrap(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confining, "bubblewrap", lambda: SimpleNamespace(reason="there is no bwrap"))
    assert sandbox(code).backend == "landlock+seccomp"
    with pytest.raises(UsageError, match="cannot be confined by bwrap: there is no bwrap"):
        sandbox(code, backend="bwrap")


def test_the_guardian_holds_what_connects_where_bwrap_does_not(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confining, "bubblewrap", lambda: SimpleNamespace(reason=""))
    assert sandbox(code, "network:external", machine=attrs.evolve(ABLE, landlock=5)).rules is not None
    assert sandbox(code, "network:external", machine=attrs.evolve(ABLE, tells=False), backend="bwrap").rules is not None
