"""``host.hook`` for a type checker: the typed face is that of the hook specifications, and finds a user's mistakes."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import viewra
from viewra import hookspecs
from viewra.hooks import HostHooks

GOOD = """\
from viewra import Host
from viewra.types import Result, SearchResponse

with Host() as host:
    results: list[Result[SearchResponse]] = host.hook.search(query={"q": "bach"}, limit=10, offset=0)
    for result in results:
        if result.value is not None:
            print(result.plugin_id, result.value.total_count)
    host.hook.migrate()
    for audio in host.plugins.values():
        if audio.search is not None:
            print(audio.search.search({"q": "bach"}, 1, 0).results)
"""
BAD = """\
from viewra import Host, Hots

with Host() as host:
    host.hook.serach(query={"q": "bach"}, limit=10, offset=0)
    host.hook.search(query={"q": "bach"}, limit=10, ofset=0)
    host.hook.search(query={"q": "bach"}, limit="10", offset=0)
    host.hook.search({"q": "bach"}, 10, 0)
    print(host.hook.get_models()[0].unwrap().title)
    print(host.plugins["x"].serach)
"""


def test_the_typed_face_is_that_of_the_specifications() -> None:
    specified = {name: value for name, value in vars(hookspecs).items() if hasattr(value, "viewra_spec")}
    typed = {name: value for name, value in vars(HostHooks).items() if not name.startswith("_")}
    assert typed.keys() == specified.keys()
    for name, method in typed.items():
        parameters = list(inspect.signature(method).parameters.values())[1:]
        assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters), name
        wanted = inspect.signature(specified[name])
        assert [(one.name, one.annotation, one.default) for one in parameters] == [
            (one.name, one.annotation, one.default) for one in wanted.parameters.values()
        ], name
        assert inspect.signature(method).return_annotation == wanted.return_annotation, name


@pytest.mark.process
@pytest.mark.timeout(240)
def test_mypy_finds_what_a_user_misspells(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not os.environ.get("VIEWRA_REQUIRE_MYPY"):  # where it is set, it is an error that there is none
        pytest.importorskip("mypy")
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    # Errors within viewra are found by the check of viewra itself; here it is only followed for its types.
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary"]
    kept = getattr(pytestconfig, "cache", None)  # absent without the plugin of that name
    cache = kept.mkdir("mypy") if kept is not None else tmp_path / "cache"
    command += [f"--cache-dir={cache}", "good.py", "bad.py"]
    env = {**os.environ, "MYPYPATH": str(Path(viewra.__file__).parents[1])}  # an editable installation is not found
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=200)
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("good.py")] == [], done.stdout + done.stderr
    wrong = {int(line.split(":")[1]) for line in lines if line.startswith("bad.py") and " error: " in line}
    assert wrong == {1, 4, 5, 6, 7, 8, 9}, done.stdout + done.stderr
