"""Starts of a plugin: by a call, by an operator, by itself; failures, and what follows them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import attrs
import pytest

from viewra.errors import HandshakeError, ManifestError, PluginClosed, PluginFault, PluginUnavailable
from viewra.manifest import Restart
from viewra.types import PluginState

from .conftest import Make, World
from .fake_process import Behaviour

STEPS = ("spawn", "handshake", "connect", "services", "info", "initialize", "start")
OFTEN = Restart(max=100)


def failure(step: str) -> BaseException:
    if step in {"info", "initialize", "start"}:
        return PluginFault("p", "will not", call=step)
    return HandshakeError("will not", step=step)


def test_a_call_starts_it_and_the_next_finds_it_running(world: World) -> None:
    assert world.state == "ready"
    assert world.call() == world.call() == 1001
    assert world.states == ["starting", "running"]
    assert world.latest.calls == ["info", "initialize", "start"]
    assert world.supervisor.stats.starts == 1


def test_the_plan_says_all_that_a_launcher_needs(world: World) -> None:
    world.call()
    (plan,) = world.launcher.plans
    assert plan.argv[-1] == str(world.directory / "main.py")
    assert (plan.directory, plan.tied, plan.script, plan.executable) == (world.directory, True, True, None)
    assert plan.environment["PYTHONUNBUFFERED"] == "1"


@pytest.mark.parametrize("listed", [True, False])
def test_calls_share_a_stream_where_the_process_lists_that(make: Make, listed: bool) -> None:
    world = make()
    services = ("plugin.SearchService", *(["viewra.v1.Multiplexer"] if listed else []))
    world.launcher.behaviour = Behaviour(services=services)
    world.call()
    (peer,) = world.launcher.peers
    assert peer.multiplexed == (("p", 4 * 1024 * 1024) if listed else None)


def test_settings_and_runtime_are_evaluated_once_for_each_start(world: World) -> None:
    world.supervisor.load()
    before = world.configs, world.runtimes
    for number in range(1, 4):
        world.supervisor.restart()
        assert (world.configs, world.runtimes) == (before[0] + number, before[1] + number)
    for number in range(1, 4):
        world.change(f"other {number}")
        world.supervisor.reload()
        assert (world.configs, world.runtimes) == (before[0] + 3 + number, before[1] + 3 + number)


@pytest.mark.parametrize(
    ("step", "how"), [(step, how) for step in STEPS for how in ("fails", "die") if (step, how) != ("spawn", "die")]
)
def test_what_fails_at_a_step_is_named_and_leaves_nothing(make: Make, step: str, how: str) -> None:
    world = make(restart=OFTEN)
    told = "services|info" if step == "info" else step  # both are asked together
    world.launcher.next = [Behaviour(fails={step: "die" if how == "die" else failure(step)}, lines=("last words",))]
    with pytest.raises(PluginUnavailable, match=f"did not start, at the step ({told}): "):
        world.call()
    assert world.states == ["starting", "crashed", "backoff"]
    assert "a call may start it again 0." in world.supervisor.reason
    if how == "die":
        assert "last words" in world.supervisor.reason
    assert world.running == []
    assert world.supervisor.stats.crashes == 1
    with pytest.raises(PluginUnavailable):  # not before its pause is over
        world.call()
    assert len(world.launcher.plans) == 1
    world.clock.advance(1.0)
    assert world.state == "backoff"  # nobody called
    world.call()
    assert world.state == "running"


ODD: dict[str, Callable[[], BaseException]] = {
    "a bug": lambda: RuntimeError("a bug"),
    "no descriptors": lambda: OSError(24, "Too many open files"),
    "recursion": RecursionError,
    "not UTF-8": lambda: UnicodeDecodeError("utf-8", b"", 0, 1, "bad"),
}


@pytest.mark.parametrize("error", ODD)
@pytest.mark.parametrize("step", ["spawn", "handshake", "connect", "services", "info", "start"])
def test_an_error_that_nobody_expects_is_a_failed_start_like_any_other(
    make: Make, caplog: pytest.LogCaptureFixture, step: str, error: str
) -> None:
    world = make(restart=Restart(max=2, window_s=1000.0))
    world.launcher.behaviour = Behaviour(fails={step: ODD[error]()})
    for crashes in range(1, 4):
        with pytest.raises(PluginUnavailable, match="did not start"):
            world.call()
        assert world.supervisor.stats.crashes == crashes
        with pytest.raises(PluginUnavailable):  # its pause, or its quarantine
            world.call()
        world.clock.advance(10.0)
    assert world.states == ["starting", "crashed", "backoff"] * 2 + ["starting", "crashed", "quarantined"]
    assert (len(world.launcher.plans), world.running) == (3, [])
    caplog.clear()


def test_a_quarantine_is_kept_and_told_whatever_its_reason_is_made_of(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    world = make(restart=Restart(max=0))
    world.launcher.behaviour = Behaviour(fails={"start": PluginFault("p", "bad \udcff", call="start")})
    with pytest.raises(PluginUnavailable):
        world.call()
    assert world.state == "quarantined"
    kept = world.records.kept["quarantine"]
    assert "bad \\udcff" in kept.reason
    kept.reason.encode()
    caplog.text.encode()
    another = world.host()
    assert another.state is PluginState.QUARANTINED
    another.close()


def test_settings_that_do_not_fit_are_no_crash_and_lead_to_pauses_only(make: Make) -> None:
    world = make(restart=Restart(max=1))

    def config() -> dict[str, str]:
        raise ManifestError("no such setting")

    world.config = config  # type: ignore[method-assign]
    for number in range(5):
        with pytest.raises(PluginUnavailable, match="no such setting"):
            world.call()
        assert world.state == "backoff"
        assert world.supervisor.stats.crashes == 0
        world.clock.advance(2.0**number)
    assert world.launcher.plans == []


def test_a_migration_that_fails_stops_it(make: Make) -> None:
    world = make(capabilities=("search_service", "database_service"))
    world.launcher.behaviour = Behaviour(
        services=("plugin.SearchService", "plugin.DatabaseService"),
        fails={"migrate": PluginFault("p", "no", call="migrate")},
    )
    with pytest.raises(PluginUnavailable, match="at the step migrate"):
        world.call()
    assert world.states == ["starting", "stopped"]
    with pytest.raises(PluginClosed):
        world.call()


@pytest.mark.parametrize("verb", ["unload", "disable", "restart"])
@pytest.mark.parametrize("step", ["handshake", "connect", "services", "info", "initialize", "start"])
def test_a_start_that_hangs_is_interrupted(make: Make, step: str, verb: str) -> None:
    world = make(restart=Restart(max=0), start_timeout_s=120.0)
    world.launcher.next = [Behaviour(takes={step: 3600.0})]
    began = world.clock.now()
    world.clock.at(1.0, getattr(world.supervisor, verb))
    with pytest.raises(PluginClosed, match="was stopped while it started"):
        world.supervisor.load()
    assert world.clock.now() - began < 3.0
    world.clock.advance(1.0)
    assert world.state == {"unload": "stopped", "disable": "disabled", "restart": "running"}[verb]
    assert world.supervisor.stats.crashes == 0


@pytest.mark.parametrize("step", ["handshake", "connect", "services", "info", "initialize", "start"])
def test_closing_interrupts_a_start(make: Make, step: str) -> None:
    world = make(start_timeout_s=120.0)
    world.launcher.next = [Behaviour(takes={step: 3600.0})]
    world.clock.at(1.0, world.supervisor.begin_close)
    with pytest.raises(PluginClosed, match="is stopped, as its host ends"):
        world.call()
    assert world.state == "stopped"
    with pytest.raises(PluginClosed):
        world.supervisor.load()


@pytest.mark.parametrize("step", ["handshake", "connect", "services", "info", "initialize", "start"])
def test_a_start_that_takes_too_long_is_over_in_time(make: Make, step: str) -> None:
    world = make(start_timeout_s=5.0, restart=OFTEN)
    world.launcher.next = [Behaviour(takes={step: 3600.0})]
    began = world.clock.now()
    with pytest.raises(PluginUnavailable, match=f"at the step {step}"):
        world.call()
    assert world.clock.now() - began < 8.0


def test_calls_wait_for_a_start_that_another_made(make: Make) -> None:
    world = make(start_timeout_s=30.0)
    world.launcher.next = [Behaviour(takes={"initialize": 5.0})]
    answered: list[int] = []
    for _ in range(5):
        world.clock.at(1.0, lambda: answered.append(world.call()))
    world.call()
    world.clock.advance(0.1)
    assert answered == [1001] * 5
    assert len(world.launcher.plans) == 1


def test_an_interrupted_thread_leaves_no_start_behind(world: World) -> None:
    world.launcher.next = [Behaviour(fails={"initialize": KeyboardInterrupt()})]
    with pytest.raises(KeyboardInterrupt):
        world.call()
    assert world.state == "backoff"
    world.clock.advance(1.0)
    world.call()


def test_one_that_is_not_lazy_starts_by_itself_and_again_when_that_fails(make: Make) -> None:
    world = make(lazy=False, restart=OFTEN)
    world.launcher.next = [Behaviour(fails={"start": "die"}), Behaviour(fails={"connect": "die"})]
    world.supervisor.start_eagerly()
    world.clock.advance(30.0)
    assert world.state == "running"
    assert world.supervisor.stats.starts == 1
    assert world.supervisor.stats.crashes == 2


@pytest.mark.parametrize("verb", ["load", "call"])
def test_a_disabled_one_is_not_started(world: World, verb: str) -> None:
    world.supervisor.disable()
    with pytest.raises(PluginUnavailable, match="is disabled"):
        world.call() if verb == "call" else world.supervisor.load()
    world.supervisor.enable()
    assert world.state == "ready"
    world.call()


def test_an_unloaded_one_is_started_by_its_operator_alone(world: World) -> None:
    world.call()
    world.supervisor.unload()
    assert (world.state, world.supervisor.reason, world.running) == ("stopped", "unloaded", [])
    with pytest.raises(PluginClosed, match="is stopped: unloaded"):
        world.call()
    world.supervisor.load()
    assert world.state == "running"


def test_code_that_changed_before_the_first_start_is_what_runs_and_what_is_configured(world: World) -> None:
    text = (world.directory / "plugin.cue").read_text()
    (world.directory / "plugin.cue").write_text(text.replace("1.0.0", "2.0.0") + "\nruntime: max_calls: 7\n")
    supervisor = world.supervisor
    assert supervisor.found.manifest is not None
    world.call()
    assert supervisor.found.manifest.version == "2.0.0"
    assert supervisor.configuration.used.code.found is supervisor.found


def test_its_folder_that_cannot_be_made_is_named(world: World) -> None:
    (world.scratch / "data").mkdir(exist_ok=True)
    (world.scratch / "data" / "plugins").write_text("in the way")
    with pytest.raises(PluginUnavailable, match=r"its folder .* cannot be made"):
        world.call()
    assert world.supervisor.stats.crashes == 0


def test_a_process_that_ends_as_it_is_proven_is_a_crash_like_any_other(world: World) -> None:
    serve = world.supervisor._runs.serve
    once = threading.Event()

    def dies(runs: object, *arguments: object) -> object:
        if not once.is_set():
            once.set()
            world.latest.die()
        return serve(runs, *arguments)  # type: ignore[arg-type]

    world.supervisor._runs.serve = dies  # type: ignore[method-assign,assignment]
    world.supervisor.load()
    assert world.state == "backoff"
    world.clock.advance(1.0)
    assert world.state == "running"
    assert world.supervisor.stats.crashes == 1
    assert attrs.asdict(world.supervisor.stats, recurse=False)["starts"] == 2
