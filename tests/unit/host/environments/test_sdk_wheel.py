"""The SDK as a distribution of its own has all that it imports, and requires little."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import viewra
from viewra.host.environments import sdk_wheel

HOME = Path(viewra.__file__).parent
IMPORT = re.compile(r"^ *(?:from|import) (viewra[.\w]*)(?: import \(?((?:[\w, \n]|#.*)*))?", re.MULTILINE)


def imported(module: Path) -> Iterator[str]:
    """The modules of viewra that a file imports when it runs, wherever in it."""
    text = re.sub(r"^( *)if TYPE_CHECKING:.*\n(?:\1 +.*\n|\n)*", "", module.read_text(), flags=re.MULTILINE)
    for found in IMPORT.finditer(text):
        yield found[1]
        yield from (f"{found[1]}.{name}" for name in re.findall(r"\w+", found[2] or ""))


def test_it_has_what_it_imports(tmp_path: Path) -> None:
    with zipfile.ZipFile(sdk_wheel.write(tmp_path)) as wheel:
        names = {name for name in wheel.namelist() if name.endswith(".py")}
    for name in sorted(names):
        for module in imported(HOME.parent / name):
            if module.startswith("viewra.") and name != "viewra/__init__.py":
                path = module.replace(".", "/")
                there = {f"{path}.py", f"{path}/__init__.py"} & names
                exists = (HOME.parent / f"{path}.py").exists() or (HOME.parent / path).is_dir()
                assert there or not exists, f"{name} imports {module}"


def test_it_requires_no_more_than_grpc_protobuf_and_attrs() -> None:
    needed = [one.partition(">")[0].partition("<")[0] for one in sdk_wheel.requirements() if "extra" not in one]
    assert needed == ["attrs", "grpcio", "grpcio-health-checking", "grpcio-reflection", "protobuf"]


def test_the_same_files_give_the_same_wheel(tmp_path: Path) -> None:
    first = sdk_wheel.write(tmp_path).read_bytes()
    assert sdk_wheel.write(tmp_path).read_bytes() == first
