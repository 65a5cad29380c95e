"""Environments are built once, anew only if what they are made of changes, and whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from tests.eventually import eventually
from viewra import manifest
from viewra.errors import ManifestError, ViewraError
from viewra.host.environments.environment import Environment
from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins
from viewra.host.environments.tools import Running, ToolFailed
from viewra.host.sync.cancellation import Cancellation
from viewra.manifest import Manifest

HASHES = ("sha256:" + "a" * 64, "sha256:" + "b" * 64)


@attrs.define
class FakeTool:
    """Installs nothing: it records what it was asked for."""

    resolved: list[str] = attrs.field(factory=list)
    installed: list[str] = attrs.field(factory=list)
    on_install: Callable[[Path, Running], object] = lambda *_: None

    def lock(self, requirements: Path, origins: Origins, running: Running) -> list[tuple[str, tuple[str, ...]]]:
        lines = [line for line in requirements.read_text().splitlines() if not line.startswith("viewra-sdk")]
        self.resolved.append(" ".join(lines))
        return [(line if "==" in line else f"{line}==1", HASHES) for line in lines]

    def install(self, environment: Path, locked: Path, wheel: Path, origins: Origins, running: Running) -> None:
        (environment / "bin").mkdir(parents=True)
        assert wheel.name.startswith("viewra_sdk-")
        self.on_install(environment, running)
        self.installed.append(locked.read_text())


@pytest.fixture
def tool() -> FakeTool:
    return FakeTool()


@pytest.fixture
def environments(tmp_path: Path, tool: FakeTool) -> Environments:
    return Environments(tmp_path / "data", Origins(), tool=tool)


@pytest.fixture
def plugin(make_plugin: Callable[..., Path]) -> Manifest:
    directory = make_plugin("p", "")
    (directory / "requirements.txt").write_text("mutagen\n")
    return manifest.load(directory)


def built(environments: Environments, plugin: Manifest) -> Environment:
    environment = environments.of(plugin)
    assert environment is not None
    assert environment.is_complete
    return environment


def test_it_is_built_once_and_again_only_for_other_requirements(
    environments: Environments, plugin: Manifest, tool: FakeTool
) -> None:
    assert environments.ready(plugin) is None
    first = built(environments, plugin)
    assert environments.ready(plugin) == built(environments, plugin) == first
    (plugin.directory / "requirements.txt").write_text("# a comment\nmutagen\n")
    assert built(environments, plugin) == first
    (plugin.directory / "requirements.txt").write_text("mutagen==2\n")
    assert built(environments, plugin) != first
    assert tool.resolved == ["mutagen", "mutagen==2"]
    assert tool.installed == [f"mutagen=={n} --hash={HASHES[0]} --hash={HASHES[1]}\n" for n in (1, 2)]
    (plugin.directory / "requirements.txt").write_text("mutagen\n")
    assert built(environments, plugin) == first
    assert len(tool.installed) == 2


def test_none_for_a_plugin_that_names_nothing_or_brings_its_own(environments: Environments, plugin: Manifest) -> None:
    (plugin.directory / ".venv" / "bin").mkdir(parents=True)
    (plugin.directory / ".venv" / "bin" / "python").touch()
    assert environments.of(plugin) is None
    (plugin.directory / ".venv" / "bin" / "python").unlink()
    (plugin.directory / "requirements.txt").unlink()
    assert environments.of(plugin) is None


def test_only_the_hashes_that_the_author_allows(environments: Environments, plugin: Manifest, tool: FakeTool) -> None:
    (plugin.directory / "requirements.txt").write_text(f"mutagen==1 --hash={HASHES[1]}\n")
    built(environments, plugin)
    assert tool.installed == [f"mutagen==1 --hash={HASHES[1]}\n"]
    (plugin.directory / "requirements.txt").write_text(f"mutagen==1 --hash=sha256:{'c' * 64}\n")
    with pytest.raises(ViewraError, match="none of the hashes"):
        environments.of(plugin)


def test_a_failure_names_the_requirement_and_its_line(
    environments: Environments, plugin: Manifest, tool: FakeTool
) -> None:
    def fail(*_: object) -> None:
        raise ToolFailed("WARNING: x\nerror: no version of \x1b[31mMutaGen\x1b[0m==1 fits\n")

    tool.on_install = fail
    with pytest.raises(ManifestError, match="mutagen cannot be installed: error: no version of") as raised:
        environments.of(plugin)
    assert (raised.value.line, raised.value.file) == (1, str(plugin.directory / "requirements.txt"))
    tool.on_install = lambda *_: None
    built(environments, plugin)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("error: mutagen==1 has no usable wheels", "it may exist as source only"),
        ("hint: Wheels are required because building from source is disabled", "it may exist as source only"),
        (
            "error: /x/.build-1/viewra_sdk.whl: failed to copy: No space left on device (os error 28)",
            "free space on the",
        ),
        ("OSError: [Errno 122] Disk quota exceeded: 'mutagen-1-py3-none-any.whl'", "free space on the disk"),
        ("error: /x/.build-1/mutagen-1.whl was not found in the binary cache", "check the name and the version"),
    ],
)
def test_the_remedy_fits_the_failure(
    environments: Environments, plugin: Manifest, tool: FakeTool, said: str, hint: str
) -> None:
    def fail(*_: object) -> None:
        raise ToolFailed(said)

    tool.on_install = fail
    with pytest.raises(ManifestError) as raised:
        environments.of(plugin)
    assert raised.value.hint is not None
    assert raised.value.hint.startswith(hint)


def test_a_package_of_a_package_comes_from_the_operators_places(
    environments: Environments, plugin: Manifest, tool: FakeTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [("evil @ https://example.org/evil-1.0.tar.gz", HASHES)]
    monkeypatch.setattr(FakeTool, "lock", lambda *_: found)
    with pytest.raises(ViewraError, match=r"requires 'evil @ https://example\.org/evil-1\.0\.tar\.gz'"):
        environments.of(plugin)
    assert tool.installed == []


def test_one_that_was_not_finished_is_built_again(environments: Environments, plugin: Manifest, tool: FakeTool) -> None:
    class Killed(BaseException):
        pass

    def die(environment: Path, _running: Running) -> None:
        (environment / "half").touch()
        raise Killed

    tool.on_install = die
    with pytest.raises(Killed):
        environments.of(plugin)
    tool.on_install = lambda *_: None
    assert environments.ready(plugin) is None
    assert not (built(environments, plugin).folder / "half").exists()


def test_two_hosts_build_it_once(tmp_path: Path, plugin: Manifest, tool: FakeTool) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        begun.set()
        go_on.wait(30)

    tool.on_install = wait
    both = [Environments(tmp_path / "data", Origins(), tool=tool) for _ in range(2)]
    threads = [threading.Thread(target=one.of, args=(plugin,)) for one in both]
    for thread in threads:
        thread.start()
        assert begun.wait(60)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert len(tool.installed) == 1


def test_a_build_that_runs_is_cancelled(environments: Environments, plugin: Manifest, tool: FakeTool) -> None:
    cancellation, running = Cancellation(), threading.Event()

    def hang(_environment: Path, how: Running) -> None:
        running.set()
        how.run(["sleep", "600"])

    tool.on_install = hang
    failures: list[BaseException] = []

    def build() -> None:
        try:
            environments.of(plugin, cancellation)
        except ViewraError as error:
            failures.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    assert running.wait(60)
    cancellation.close()
    thread.join(60)
    eventually(lambda: not thread.is_alive())
    assert "cancelled" in str(failures[0])


def test_old_ones_are_deleted(environments: Environments, plugin: Manifest) -> None:
    made = []
    for number in range(5):
        (plugin.directory / "requirements.txt").write_text(f"mutagen=={number}\n")
        made.append(built(environments, plugin))
    assert [one.is_complete for one in made] == [False, False, True, True, True]
