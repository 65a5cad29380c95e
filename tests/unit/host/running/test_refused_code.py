"""New code that is not used: the old one serves on, and what was wrong is said."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from viewra.errors import HandshakeError, ManifestError, PluginUnavailable
from viewra.host.installed.choices import Chosen
from viewra.host.installed.code import Code
from viewra.host.installed.grants import Grant
from viewra.manifest import Restart, Runtime

from .conftest import Make, World
from .fake_process import Behaviour

MANY = Restart(max=1000)


def started(make: Make, **runtime: Any) -> World:
    world = make(restart=MANY, **runtime)
    world.call()
    return world


def reload_fails(world: World) -> PluginUnavailable:
    world.change("new")
    with pytest.raises(PluginUnavailable) as refused:
        world.supervisor.reload()
    return refused.value


def test_settings_that_do_not_fit_new_code_leave_the_old(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make)
    error = ManifestError("max_calls: it is no number", hint="set another")
    monkeypatch.setattr(world.supervisor.configuration, "_chosen", lambda _: Chosen(dict, Runtime(), error))
    refused = reload_fails(world)
    assert refused.message == "the changed code is not used, version 1.0.0 serves on: it max_calls: it is no number"
    assert (refused.hint, world.state, world.supervisor.reason) == ("set another", "running", refused.message)
    assert world.call() == 1001


def test_code_that_asks_for_more_waits_for_the_operator(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make)
    more = (Grant("filesystem", "read"), Grant("process", "spawn"))
    with monkeypatch.context() as patch:
        patch.setattr(world.supervisor.configuration, "asks_for_more", lambda _: more)
        refused = reload_fails(world)
    for one in more:
        assert f"{one.name}: it wants to {one.words}" in refused.message
    assert refused.hint == "viewra plugins grant p filesystem:read process:spawn"
    assert world.call() == 1001
    world.supervisor.reload()
    assert world.call() == 1002


def test_code_of_another_id_is_not_this_plugins(make: Make) -> None:
    world = started(make)
    manifest = world.directory / "plugin.cue"
    manifest.write_text(manifest.read_text().replace('id: "p"', 'id: "other"'))
    with pytest.raises(PluginUnavailable, match=r"has another id in .*plugin\.cue: other"):
        world.supervisor.reload()
    assert world.call() == 1001


def test_a_new_process_that_cannot_be_put_to_use_is_ended(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make, reload="restart")
    serve, fails = world.supervisor._runs.serve, [True]

    def once(*arguments: Any) -> object:
        if fails.pop() if fails else False:
            raise RuntimeError("no room for it")
        return serve(*arguments)

    monkeypatch.setattr(world.supervisor._runs, "serve", once)
    world.change("new")
    with pytest.raises(RuntimeError):
        world.supervisor.reload()
    assert [process.pid for process in world.running] == [1003], "that of the old code, started again"
    assert world.state == "running"


def test_old_code_that_was_not_kept_cannot_serve_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make, reload="restart")
    monkeypatch.setattr(world.supervisor.installation.kept, "path", lambda _: None)
    world.launcher.next = [Behaviour(fails={"start": "die"})]
    refused = reload_fails(world)
    assert refused.message.startswith("version 1.0.0 did not start, at the step start")
    assert refused.message.endswith("1.0.0 cannot serve again: plugin p: its code was not kept")
    assert (world.state, world.supervisor.reason) == ("crashed", refused.message)
    assert world.call() == 1003


def test_a_way_back_that_is_interrupted_is_told_and_the_interrupt_goes_on(make: Make) -> None:
    world = started(make, reload="restart")
    world.launcher.next = [Behaviour(fails={"start": "die"}), Behaviour(fails={"start": KeyboardInterrupt()})]
    world.change("new")
    with pytest.raises(KeyboardInterrupt):
        world.supervisor.reload()
    assert (world.state, world.running) == ("crashed", [])
    world.call()


def test_code_that_cannot_be_kept_serves_all_the_same(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = make(reload="restart")

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(world.supervisor.installation.kept, "keep", full)
    world.call()
    assert (world.state, world.supervisor.reason) == ("running", "")
    assert "its code cannot be kept for a way back" in caplog.text


def test_new_code_is_made_ready_while_the_old_serves(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = started(make, reload="restart")
    prepared: list[tuple[str, list[int]]] = []

    def prepare(code: Code) -> None:
        prepared.append((code.code_hash, [process.pid for process in world.running]))

    monkeypatch.setattr(world.supervisor._runs.launching, "prepare", prepare)
    world.change("new")
    world.supervisor.reload()
    assert prepared == [(world.supervisor.installation.used.code_hash, [1001])]


def test_a_manifest_that_is_not_valid_ends_no_process(make: Make) -> None:
    world = started(make, reload="restart")
    (world.directory / "plugin.cue").write_text('id: "p"\nversion: 1\n')
    with pytest.raises(PluginUnavailable, match="the changed code is not used, version 1"):
        world.supervisor.reload()
    assert (world.call(), len(world.launcher.plans)) == (1001, 1)


def test_a_refusal_names_the_version_and_keeps_what_its_process_said(make: Make) -> None:
    world = started(make)
    world.launcher.next = [Behaviour(fails={"start": "die"}, lines=("ValueError: no",))]
    manifest = world.directory / "plugin.cue"
    manifest.write_text(manifest.read_text().replace("1.0.0", "2.0.0"))
    with pytest.raises(PluginUnavailable) as refused:
        world.supervisor.reload()
    assert refused.value.message.startswith("version 2.0.0 is not used, version 1.0.0 serves on: it did not start")
    assert world.supervisor.reason.split("\n") == [refused.value.message, "ValueError: no"]
    assert isinstance(refused.value.__cause__, HandshakeError)


def test_a_refusal_has_its_error_as_the_cause_where_no_process_was_started(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = started(make)
    error = ManifestError("max_calls: it is no number")
    monkeypatch.setattr(world.supervisor.configuration, "_chosen", lambda _: Chosen(dict, Runtime(), error))
    assert reload_fails(world).__cause__ is error


def test_what_a_reload_did_is_said(make: Make) -> None:
    world = started(make)
    assert world.supervisor.reload() == "reloaded, the code of version 1.0.0 is the same"
    world.change("new")
    assert world.supervisor.reload() == "reloaded, with the changed code of version 1.0.0"
    world.launcher.next = [Behaviour(fails={"start": "die"})]
    with pytest.raises(PluginUnavailable, match="a new process is not used, version 1"):
        world.supervisor.reload()


def test_an_error_that_nobody_expects_is_named_where_neither_code_serves(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = started(make, reload="restart")

    def fails(*_arguments: object) -> None:
        raise RuntimeError("no room for it")

    monkeypatch.setattr(world.supervisor._runs, "serve", fails)
    refused = reload_fails(world)
    assert refused.message == (
        "version 1.0.0 failed with RuntimeError: no room for it; 1.0.0 cannot serve again: no room for it"
    )
