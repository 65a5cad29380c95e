"""Installing, upgrading and going back, without a process: what is agreed to, what is kept, what an error leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from viewra.db.engine import open_unmigrated
from viewra.errors import ManifestError, PluginUnavailable, UsageError, ViewraError
from viewra.host.environments.environments import Environments
from viewra.host.environments.origins import Origins
from viewra.host.environments.tools import ToolFailed
from viewra.host.installed.choices import OperatorChoices
from viewra.host.installed.discovery import Found, Place, read
from viewra.host.installed.grants import Grant
from viewra.host.installed.versions import Origin, Versions, installed
from viewra.host.installing import Consent, Installed, Installer
from viewra.host.packages.arriving import Told
from viewra.host.packages.sources import fetch
from viewra.host.packages.staging import staged

YES = Consent()


class NoTool:
    """Finds no package."""

    def lock(self, *_: object) -> list[tuple[str, tuple[str, ...]]]:
        raise ToolFailed("nothing is found")

    def install(self, *_: object) -> None:
        raise AssertionError("nothing was found")


@attrs.define
class Desk:
    """An installer with what it would have a host do: ``tried`` and ``taken_up`` record it, ``fails`` makes it fail."""

    data_dir: Path
    engine: sa.Engine
    tried: list[tuple[str, Mapping[str, object], Sequence[Grant]]] = attrs.field(factory=list)
    taken_up: list[str] = attrs.field(factory=list)
    fails: str = ""

    @property
    def choices(self) -> OperatorChoices:
        return OperatorChoices(self.engine, self.data_dir)

    @property
    def versions(self) -> Versions:
        return Versions(self.data_dir, "p")

    @property
    def found(self) -> Found | None:
        path = self.versions.path
        return attrs.evolve(read(path / "plugin.cue", Place.USER), path=path) if path.exists() else None

    @property
    def version(self) -> str:
        record = self.versions.current
        return record.version if record is not None and (self.versions.path / "plugin.cue").exists() else ""

    def installer(self) -> Installer:
        environments = Environments(self.data_dir, Origins(), tool=NoTool())
        return Installer(self.data_dir, self.choices, environments, self._try_out)

    def install(self, source: Path, consent: Consent = YES, *, signer: str = "") -> Installed:
        def fetched(folder: Path, told: Told) -> Origin:
            return attrs.evolve(fetch(str(source), folder, told), signer=signer)

        with staged(self.data_dir, fetched) as package:
            return self.installer().install(package.directory, package.origin, consent, self._take_up)

    def roll_back(self) -> Installed:
        return self.installer().roll_back("p", self._take_up)

    def _try_out(self, found: Found, values: Mapping[str, object], granted: Sequence[Grant]) -> None:
        if self.fails == "try":
            raise PluginUnavailable("p", "does not start")
        assert found.manifest is not None
        self.tried.append((found.manifest.version, values, tuple(granted)))

    def _take_up(self, plugin_id: str) -> None:
        assert plugin_id == "p"
        self.taken_up.append(self.version)
        if self.fails == "take up":
            raise PluginUnavailable("p", "does not take its place")


@pytest.fixture
def desk(tmp_path: Path, fresh_database: Path) -> Iterator[Desk]:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    shutil.copy(fresh_database, data_dir)
    engine = open_unmigrated(f"sqlite:///{data_dir / 'viewra.db'}")
    yield Desk(data_dir, engine)
    engine.dispose()


@pytest.fixture
def source(make_plugin: Callable[..., Path]) -> Path:
    return make_plugin("p", "x = 1\n")


def become(source: Path, version: str, more: str = "") -> Path:
    text = (source / "plugin.cue").read_text()
    lines = [f'version: "{version}"' if line.startswith("version") else line for line in text.splitlines()]
    (source / "plugin.cue").write_text("\n".join(lines) + f"\n{more}\n")
    return source


def test_a_life(desk: Desk, source: Path) -> None:
    first = desk.install(source)
    assert (first.before, first.untried, desk.version, desk.tried) == ("", "", "1.0.0", [("1.0.0", {}, ())])
    assert desk.found is not None
    pin, record = desk.choices.pinned(desk.found), desk.versions.current
    assert pin is not None
    assert record is not None
    assert (pin.entry, pin.tree) == (record.entry, record.tree)
    with pytest.raises(UsageError, match="is installed already"):
        desk.install(source)
    assert desk.install(become(source, "1.1.0")).before == "1.0.0"
    assert desk.install(become(source, "1.2.0")).before == "1.1.0"
    assert desk.taken_up == ["1.0.0", "1.1.0", "1.2.0"]
    kept = {one.name.partition("-")[0] for one in desk.versions.path.resolve().parent.iterdir() if one.is_dir()}
    assert kept == {"1.1.0", "1.2.0"}
    assert desk.roll_back().record.version == desk.version == "1.1.0"
    with pytest.raises(UsageError, match=r"no version of p before 1\.1\.0 is kept"):
        desk.roll_back()
    assert {name: one.version for name, one in installed(desk.data_dir).items()} == {"p": "1.1.0"}


@pytest.mark.parametrize("fails", ["try", "take up"])
def test_a_version_that_fails_leaves_the_one_before(desk: Desk, source: Path, fails: str) -> None:
    desk.install(source)
    desk.fails = fails
    with pytest.raises(PluginUnavailable):
        desk.install(become(source, "1.1.0"))
    assert desk.version == "1.0.0"
    assert [one.name for one in desk.versions.path.resolve().parent.iterdir() if "1.1.0" in one.name] == []


def test_more_permissions_hold_it(desk: Desk, source: Path) -> None:
    desk.install(become(source, "1.0.0", 'permissions: ["network:external"]'))
    assert not desk.tried[-1][2]
    become(source, "1.1.0")
    (source / "plugin.cue").write_text(
        (source / "plugin.cue").read_text().replace('["network', '["process:spawn", "network')
    )
    with pytest.raises(UsageError, match=r"p 1\.1\.0 asks for more than 1\.0\.0: process:spawn") as raised:
        desk.install(source)
    assert raised.value.hint == "grant what it requests (--grant-requested)"
    assert desk.version == "1.0.0"
    desk.install(source, Consent(permissions=True))
    assert {one.name for one in desk.tried[-1][2]} == {"process:spawn", "network:external"}
    assert desk.found is not None
    assert all(one.granted for one in desk.choices.permissions(desk.found))


def test_another_signer_holds_it(desk: Desk, source: Path) -> None:
    desk.install(source, signer="A")
    for signer in ("B", ""):
        with pytest.raises(UsageError, match=r"was signed by A"):
            desk.install(become(source, "1.2.0"), signer=signer)
    desk.install(source, Consent(signer=True), signer="B")
    assert desk.versions.current is not None
    assert desk.versions.current.origin.signer == "B"


def test_it_is_tried_with_the_operators_settings_or_not_without_those_it_needs(desk: Desk, source: Path) -> None:
    become(source, "1.0.0", "settings: key!: string")
    assert desk.install(source).untried.startswith("it needs settings: ")
    assert desk.tried == []
    found = desk.found
    assert found is not None
    settings = desk.choices.settings(found)
    assert settings is not None
    settings.change({"key": "x"})
    desk.install(become(source, "1.1.0"))
    assert desk.tried == [("1.1.0", {"key": "x"}, ())]
    desk.fails = "try"
    assert desk.install(become(source, "1.2.0"), Consent(untried=True)).untried == "you asked for that"


def test_what_somebody_else_put_there_is_left_alone(desk: Desk, source: Path) -> None:
    (desk.data_dir / "plugin-packages" / "p").mkdir(parents=True)
    with pytest.raises(UsageError, match="was not installed by viewra"):
        desk.install(source)
    with pytest.raises(UsageError, match="was not installed by"):
        desk.roll_back()


def test_a_folder_that_is_no_staged_package(desk: Desk, source: Path) -> None:
    with pytest.raises(UsageError, match="is no staged package"):
        desk.installer().install(source, Origin("folder", str(source)), YES, lambda _: None)


@pytest.mark.parametrize("step", ["add", "switch", "prune"])
def test_a_kill_at_any_step_leaves_one_version_whole(
    desk: Desk, source: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    desk.install(source)
    with monkeypatch.context() as patched:
        patched.setattr(Versions, step, die)
        with pytest.raises(Killed):
            desk.install(become(source, "1.1.0"))
    found = desk.found
    assert found is not None
    assert read(found.path / found.file, Place.USER).manifest is not None
    assert desk.choices.pinned(found) is not None
    assert desk.version == ("1.1.0" if step == "prune" else "1.0.0")
    if step != "prune":
        desk.install(source)
    assert desk.version == "1.1.0"


def test_a_package_for_another_viewra(desk: Desk, source: Path) -> None:
    with pytest.raises(ViewraError, match="requires viewra >=99"):
        desk.install(become(source, "1.0.0", 'requires: viewra: ">=99"'))
    assert not list((desk.data_dir / "plugin-packages" / ".staged").iterdir())


def test_an_error_names_the_file_as_it_is_in_the_package(desk: Desk, source: Path) -> None:
    (source / "requirements.txt").write_text("mutagen\n-r other.txt\n")
    with pytest.raises(ManifestError, match="options are not used here") as raised:
        desk.install(source)
    assert (raised.value.file, raised.value.line) == ("requirements.txt", 2)
    (source / "requirements.txt").write_text("mutagen\n")
    with pytest.raises(ManifestError, match="cannot be installed") as raised:
        desk.install(source)
    assert raised.value.file == "requirements.txt"
    assert not list((desk.data_dir / "plugin-packages" / ".staged").iterdir())
