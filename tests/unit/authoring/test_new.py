"""New plugins: their names, and that what the templates make is right for every set of services."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest

from viewra.authoring.naming import class_name, require_free, require_id, service_named, services_named
from viewra.authoring.scaffold import LANGUAGES, TEMPLATES, write_plugin
from viewra.cli._plugins_new import _sorted
from viewra.errors import UsageError, ViewraError
from viewra.manifest import load
from viewra.manifest.report import check
from viewra.services import SERVICES

ROOT = Path(__file__).resolve().parents[3]
NAMES = [service.name for service in SERVICES]
SETS = [names for count in range(1, len(NAMES) + 1) for names in itertools.combinations(NAMES, count)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python plugin for each set of services, and Go plugins for those that differ."""
    folder = tmp_path_factory.mktemp("new")
    differing = [names for names in SETS if len(names) in {1, len(NAMES)} or names == ("metadata_scraper", "search")]
    for language, sets in (("python", SETS), ("go", differing)):
        for names in sets:
            plugin_id = "p_" + "_".join(name[:2] for name in names)
            write_plugin(plugin_id, services_named(names), folder / language / plugin_id, language=language)
    return folder


def test_python_is_clean(written: Path) -> None:
    for file in (written / "python").rglob("*.py"):
        ast.parse(file.read_text(), str(file))
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", str(written / "python")], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_go_is_formatted(written: Path) -> None:
    if shutil.which("gofmt") is None:
        pytest.skip("Go is not installed")
    done = subprocess.run(["gofmt", "-l", str(written / "go")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("names", [*((name,) for name in NAMES), tuple(NAMES)], ids=lambda names: names[-1])
def test_the_manifest_claims_what_was_asked_for(written: Path, names: Sequence[str]) -> None:
    plugin_id = "p_" + "_".join(name[:2] for name in names)
    report = check(written / "python" / plugin_id)
    assert (report.errors, report.warnings) == ((), ())
    for language in LANGUAGES:
        manifest = load(written / language / plugin_id)
        assert manifest.capabilities == {SERVICES[name].capability for name in names}
        assert manifest.id == plugin_id


@pytest.mark.skipif(not os.environ.get("VIEWRA_REQUIRE_MYPY"), reason="mypy takes long; .ci/run asks for it")
def test_python_is_typed(written: Path) -> None:
    plugin = written / "python" / ("p_" + "_".join(name[:2] for name in NAMES))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", "."],
        cwd=plugin,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_every_template_is_installed() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    patterns = config["options.package_data"]["viewra.authoring"].split()
    home = TEMPLATES.parent
    for file in TEMPLATES.rglob("*"):
        if file.is_file():
            name = str(file.relative_to(home))
            assert any(fnmatch(name, one) and name.count("/") == one.count("/") for one in patterns)
    wanted = {language: set(files) for language, files in LANGUAGES.items()}
    there = {
        language: {
            str(file.relative_to(TEMPLATES / language)) for file in (TEMPLATES / language).rglob("*") if file.is_file()
        }
        for language in LANGUAGES
    }
    bare = {
        language: {name.removesuffix(".jinja").replace("gitignore", ".gitignore") for name in files}
        for language, files in there.items()
    }
    assert bare == wanted


def test_a_go_plugin_uses_the_versions_that_are_tested() -> None:
    mine, tested = (TEMPLATES / "go" / "go.mod.jinja").read_text(), (ROOT / "tests/interop/go/go.mod").read_text()
    required = [[line for line in text.split("\n")[1:] if "replace" not in line] for text in (mine, tested)]
    assert required[0] == required[1]


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("My-Plugin", "my_plugin"),
        ("myPlugin", "my_plugin"),
        ("9lives", "my_plugin"),
        ("", "my_plugin"),
        ("../x", "for example x"),
        ("été", "for example t"),
        ("a/b", "a_b"),
        ("lyrics\n", "lyrics"),
    ],
)
def test_bad_names(name: str, similar: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_id(name)
    assert similar in (refused.value.hint or "")


def test_names_that_are_long_or_taken(tmp_path: Path) -> None:
    assert require_id("a" * 40) == "a" * 40
    with pytest.raises(UsageError, match="longer than 40"):
        require_id("a" * 41)
    write_plugin("mine", services_named(["search"]), tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"already a plugin 'mine' in .*elsewhere"):
        require_free("mine", [tmp_path], tmp_path / "none")
    require_free("other", [tmp_path], tmp_path / "none")


def test_services_by_either_name() -> None:
    assert service_named("search") is service_named("search_service") is SERVICES["search"]
    assert services_named(["search_service", "search", "metadata_scraper"]) == (
        SERVICES["metadata_scraper"],
        SERVICES["search"],
    )
    with pytest.raises(UsageError, match="'serach'") as refused:
        services_named(["serach"])
    assert refused.value.hint == "did you mean search?"
    with pytest.raises(UsageError, match="at least one service"):
        services_named([])


def test_services_after_one_option() -> None:
    assert _sorted(("metadata_scraper",), ("search", "somewhere")) == (["metadata_scraper", "search"], ["somewhere"])
    assert _sorted(("metadata_scraper,search",), ()) == (["metadata_scraper", "search"], [])
    with pytest.raises(UsageError, match="no services: a, b"):
        _sorted(("search",), ("a", "b"))


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    services = services_named(["search"])
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, message in (("file", "not a directory"), ("full", "not empty"), ("link", "leads nowhere")):
        with pytest.raises(UsageError, match=message):
            write_plugin("p", services, tmp_path / name)
    with pytest.raises(ViewraError, match="cannot be"):
        write_plugin("p", services, Path("/proc/none/p"))
    (tmp_path / "empty").mkdir()
    write_plugin("p", services, tmp_path / "empty")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["empty", "file", "full", "link"]  # and no draft


def test_names_of_classes() -> None:
    assert [class_name(name) for name in ("lyrics", "audio_tags", "a__b_", "plugin")] == [
        "LyricsPlugin", "AudioTagsPlugin", "ABPlugin", "PluginPlugin",
    ]  # fmt: skip
