"""uv and pip put packages of strangers into an environment, and nothing of them runs: that is not confined yet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.wheels import write_wheel
from viewra.digests import file_digest
from viewra.host.environments.building import Builder
from viewra.host.environments.origins import Origins
from viewra.host.environments.requirements import Requirements, read_requirements
from viewra.host.environments.tools import Pip, Running, Tool, Uv
from viewra.host.sync.cancellation import Cancellation


class Locked:
    """A tool that need not resolve: it installs ``wheel``, without what a real SDK requires."""

    def __init__(self, tool: Tool, wheel: Path) -> None:
        self._tool, self._wheel = tool, wheel

    def lock(self, requirements: Path, origins: Origins, running: Running) -> list[tuple[str, tuple[str, ...]]]:
        return [("evil==1.0", (f"sha256:{file_digest(self._wheel)}",))]

    def install(self, environment: Path, locked: Path, wheel: Path, origins: Origins, running: Running) -> None:
        self._tool.install(environment, locked, wheel, origins, running)


@pytest.mark.parametrize("name", ["uv", "pip"])
def test_no_code_of_a_wheel_runs(name: str, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("uv")
    if name == "uv" and not program.exists():
        pytest.skip("uv is not installed")
    tool = Uv(str(program), tmp_path / "cache") if name == "uv" else Pip(tmp_path / "cache")
    ran = tmp_path / "ran"
    evil = f"import sys; open({str(ran)!r}, 'a').write(str(sys.argv))\n".encode()
    write_wheel(tmp_path, "evil", "1.0", {"evil.py": evil, "evil.pth": evil, "template.py": b"{{ name }} ="})
    (tmp_path / "requirements.txt").write_text("evil\n")
    wanted = read_requirements(tmp_path)
    assert isinstance(wanted, Requirements)
    origins = Origins((str(tmp_path),), no_index=True)
    wheel = tmp_path / "evil-1.0-py3-none-any.whl"
    environment = Builder(tmp_path / "home", origins, Locked(tool, wheel)).build(wanted, Cancellation())
    assert environment.is_complete
    assert not ran.exists()
    packages = next((environment.folder / "lib").glob("python*/site-packages"))
    assert {"evil.pth", "evil.py", "template.py", "viewra"} <= {one.name for one in packages.iterdir()}
    assert list((packages / "__pycache__").glob("evil.*.pyc")), "it is compiled, so that no start has to"
