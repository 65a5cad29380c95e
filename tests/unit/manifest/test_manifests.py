"""Whole manifests: the documented form, the older ones seen in the field, and what is wrong or odd in others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.manifest.reading import DOCUMENTED, errors_of, read
from viewra.errors import ManifestError
from viewra.manifest import Permission, Restart, load
from viewra.manifest.requirements import satisfies

SHIPPED = Path(__file__).parents[3] / "plugins"


def test_every_documented_field() -> None:
    manifest = read(DOCUMENTED)
    assert (manifest.id, manifest.name, manifest.version) == ("audio_tags", "Audio tags", "1.2.3-rc.1+build.5")
    assert (manifest.description, manifest.author, manifest.license) == ("Reads tags", "A", "MIT")
    assert (manifest.website, manifest.repository) == ("https://w.example", "https://r.example")
    assert (manifest.help, manifest.type, manifest.tags) == ("See the website", "metadata_scraper", ("music", "tags"))
    assert manifest.entry_point == "bin/audio"
    assert manifest.capabilities == {"metadata_scraper", "database_service"}
    assert manifest.permissions == (
        Permission("network", ("external",), {"hosts": ["a.example"]}),
        Permission("filesystem", ("read", "write")),
    )
    assert manifest.database_engines == {"sqlite", "postgresql"}
    runtime = manifest.runtime
    assert (runtime.workers, runtime.lazy, runtime.idle_timeout_s, runtime.start_timeout_s) == (4, False, 2.5, 10)
    assert runtime.call_timeout_s == {"default": 5, "extract_metadata": 90}
    assert runtime.limits == {"memory_mb": 512, "cpu_percent": 50, "open_files": 64, "processes": 2}
    assert (runtime.restart, runtime.reload) == (Restart(2, 30), "restart")
    assert manifest.settings.fill() == {"retries": 3}
    assert manifest.warnings == ()


@pytest.mark.parametrize("engines", ['["mysql"]', "[]", '"sqlite"'])
def test_what_no_tables_can_be_kept_in(engines: str) -> None:
    text = f'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"\ndatabase: engines: {engines}'
    assert any("database.engines" in error for error in errors_of(text))


def test_only_what_is_required_and_the_defaults_of_the_rest() -> None:
    manifest = read('id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"')
    assert manifest.database_engines == {"sqlite"}
    assert (manifest.type, manifest.tags, manifest.description) == ("generic", (), "")
    assert (manifest.capabilities, manifest.permissions) == (frozenset(), ())
    runtime = manifest.runtime
    assert (runtime.workers, runtime.lazy, runtime.idle_timeout_s, runtime.start_timeout_s) == (1, True, 0, 60)
    assert (runtime.call_timeout_s, runtime.limits) == ({"default": 30}, {})
    assert runtime.reload == "blue-green"
    assert manifest.settings.fill() == {}
    assert manifest.warnings == ()


HEAD = 'id: "old"\n\tname: "Old"\n\tversion: "0.9.0"\n\tentry_points: {main: "old"}'


FIELD = {
    "data inside a definition": (
        f"#Plugin: {{\n\t{HEAD}\n\tsettings: enabled: bool | *true\n}}",
        {"enabled": True},
    ),
    "a package clause, and constraints beside data": (
        (
            f'package old\n\n// metadata\n#Plugin: {{\n\t{HEAD}\n\tid: string\n\tversion: =~"^0"\n'
            "\tsettings: {\n\t\trate: float & >=0.1 & <=1.0 | *0.8\n\t\trate: <=0.9\n\t}\n}"
        ),
        {"rate": 0.8},
    ),
    "string permissions and older capability names": (
        (
            f"#Plugin: {{\n\t{HEAD}\n\tenabled_by_default: true\n"
            "\tcapabilities: {\n\t\tmetadata_extraction: true\n\t\tapi_endpoints: false\n\t\tbackground_tasks: true\n"
            "\t\tdatabase_access: true\n\t\texternal_services: true\n\t\tasset_management: true\n\t}\n"
            '\tpermissions: [\n\t\t"database:read",\n\t\t"network:external",\n\t\t"filesystem"\n\t]\n}'
        ),
        {},
    ),
    "attributes on fields and on lines of their own": (
        (
            f'#Plugin: {{\n\t{HEAD}\n\tsettings: {{\n\t\t@ui(title="All", order=1)\n'
            '\t\tsize: int | *5 @ui(title="Max size (GB)", importance=9, is_basic=true)\n'
            '\t\tquality: "front" | "back" | *"front" @ui(advanced,importance=2) // a comment\n'
            '\t\tkey: string | *"" @tag(sensitive)\n\t}\n}'
        ),
        {"size": 5, "quality": "front", "key": ""},
    ),
    "settings from definitions of their own, merged from two blocks": (
        (
            f"#Plugin: {{\n\t{HEAD}\n\tsettings: #Config\n}}\n#Config: {{\n\tapi: timeout: int | *30\n}}\n"
            "#Config: {\n\tapi: timeout: >=5 & <=300\n\tapi: delay: number | *1.5\n}"
        ),
        {"api": {"timeout": 30, "delay": 1.5}},
    ),
    "plain values, and the wide types": (
        (
            f"#Plugin: {{\n\t{HEAD}\n\tsettings: {{\n\t\tcore: {{enabled: true, priority: 50, ratio: 0.85}}\n"
            '\t\tcodecs: ["h264", "vp9"]\n\t\tthreshold: float64 | *0.85\n\t\tworkers: uint8 | *4\n\t}\n}'
        ),
        {
            "core": {"enabled": True, "priority": 50, "ratio": 0.85},
            "codecs": ["h264", "vp9"],
            "threshold": 0.85,
            "workers": 4,
        },
    ),
    "a type that nobody knows": (f'#Plugin: {{\n\t{HEAD}\n\ttype: "transcoder"\n}}', {}),
}


@pytest.mark.parametrize(("text", "settings"), FIELD.values(), ids=FIELD)
def test_manifests_of_the_field_load(text: str, settings: object) -> None:
    manifest = read(text)
    assert (manifest.id, manifest.entry_point) == ("old", "old")
    assert manifest.settings.fill() == settings
    assert manifest.type == "generic"


def test_older_names_are_kept_with_a_warning() -> None:
    manifest = read(FIELD["string permissions and older capability names"][0])
    assert manifest.capabilities == frozenset()
    assert manifest.other_capabilities == {
        "metadata_extraction",
        "background_tasks",
        "database_access",
        "external_services",
        "asset_management",
    }
    assert manifest.permissions == (
        Permission("database", ("read",)),
        Permission("network", ("external",)),
        Permission("filesystem"),
    )
    found = {warning.path: warning.message for warning in manifest.warnings}
    assert "unknown field" in found["enabled_by_default"]
    assert "metadata_scraper" in found["capabilities.metadata_extraction"]
    assert "unknown capability" in found["capabilities.asset_management"]


def test_an_unknown_type_is_generic_with_a_warning() -> None:
    warning = read(FIELD["a type that nobody knows"][0]).warnings[0]
    assert (warning.line, warning.path) == (6, "type")
    assert "unknown type 'transcoder', treated as generic" in warning.message


def test_all_errors_at_once_each_in_its_place() -> None:
    text = (
        'id: "Bad-Id"\nname: 5\nversion: "1.0"\nentry_points: {mian: "x"}\ntags: ["a", 1]\n'
        'permissions: [{resource: "network", actions: "read"}]\nruntime: {worker: 2, lazy: "no"}\ndescripton: "x"\n'
    )
    assert [tuple(line.split(": ")[:2]) for line in errors_of(text)] == [
        ("plugin.cue:1:5", "id"),
        ("plugin.cue:2:7", "name"),
        ("plugin.cue:3:10", "version"),
        ("plugin.cue:4:1", "entry_points.main"),
        ("plugin.cue:5:13", "tags.1"),
        ("plugin.cue:6:46", "permissions.0.actions"),
        ("plugin.cue:7:11", "runtime.worker"),
        ("plugin.cue:7:28", "runtime.lazy"),
        ("plugin.cue:8:1", "descripton"),
    ]


def test_messages_say_what_was_expected_and_what_was_found() -> None:
    base = 'name: "A"\nversion: "1.0.0"\nentry_points: main: "a"\n'
    assert errors_of(base + 'id: "X y"') == [
        'plugin.cue:4:5: id: expected lower-case letters, digits and _, a letter first, found "X y"'
    ]
    assert errors_of(base) == ["plugin.cue:1:1: id: this required field is missing"]
    base += 'id: "a"\n'
    assert errors_of(base + "runtime: worker: 2") == [
        "plugin.cue:5:10: runtime.worker: field not allowed here, did you mean workers?"
    ]
    assert errors_of(base + "runtime: workers: 0") == [
        'plugin.cue:5:19: runtime.workers: expected a number of processes from 1 to 64, or "auto", found 0'
    ]
    for time in ("idle_timeout_s", "start_timeout_s", "call_timeout_s: default", "call_timeout_s: search",
                 "restart: window_s", "health: interval_s", "health: own_interval_s", "health: timeout_s"):  # fmt: skip
        (error,) = errors_of(base + f"runtime: {time}: 31536001")
        assert error.endswith(f"runtime.{time.replace(': ', '.')}: 31536001 is not <=31536000"), "no lock waits so long"
    assert errors_of(base + 'runtime: reload: "blue-gren"') == [
        'plugin.cue:5:18: runtime.reload: "blue-gren" is not one of "restart", "blue-green", did you mean blue-green?'
    ]
    assert errors_of(base + 'permisions: ["a:b"]') == [
        "plugin.cue:5:1: permisions: there is no such field, did you mean permissions?"
    ]
    assert errors_of(base + 'capabilities: scanner_hook: "yes"') == [
        'plugin.cue:5:29: capabilities.scanner_hook: expected bool, found "yes"'
    ]
    assert errors_of(base + "settings: {a: int & string}") == [
        "plugin.cue:5:15: settings.a: conflicting types int and string"
    ]


def test_one_error_for_a_disjunction_not_one_per_branch() -> None:
    base = 'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"\n'
    assert errors_of(base + "settings: timeout: int & >=5 & <=30 | *10\nsettings: timeout: int & 99") == [
        "plugin.cue:6:26: settings.timeout: 99 is not <=30 (plugin.cue:5:32)"
    ]
    assert errors_of(base + 'permissions: [{resource: "network", actions: 5}]') == [
        "plugin.cue:5:46: permissions.0.actions: expected a list, found 5"
    ]
    assert errors_of(base + 'permissions: ["Net Work"]') == [
        'plugin.cue:5:15: permissions.0: "Net Work" is not =~"^[a-z][a-z0-9_.]*(:[^:]+)?$"'
    ]


@pytest.mark.parametrize("main", ["/bin/sh", "../other/run", "a/../../b", ".", "a/..", ""])
def test_an_entry_point_may_not_leave_the_directory(main: str) -> None:
    found = errors_of(f'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "{main}"')
    assert len(found) == 1
    assert "entry_points.main: expected" in found[0]


def test_syntax_errors_are_all_reported() -> None:
    assert errors_of("id: ]\nname: 5 5") == ["plugin.cue:1:5: unexpected ']'"]  # nothing to go on with
    found = errors_of("a: 1 1\nb: = 2\nfor x in y {a: 1}\nd: 5\ne: ~1\nf: nope")
    assert [tuple(map(int, line.split(":")[1:3])) for line in found] == [(1, 6), (2, 4), (3, 1), (5, 4), (6, 4)]


def test_loading_from_files(tmp_path: Path) -> None:
    (tmp_path / "plugin.cue").write_text('id: "a"\r\nname: "é"\r\nversion: "1.0.0"\r\nentry_points: main: "a"\r\n')
    assert load(tmp_path).name == "é"
    assert load(tmp_path / "plugin.cue").directory == tmp_path
    with pytest.raises(ManifestError, match=r"nothing\.cue: cannot be read: No such file"):
        load(tmp_path / "nothing.cue")
    (tmp_path / "bytes.cue").write_bytes(b'id: "a"\nname: "\xff"')
    with pytest.raises(ManifestError, match=r"bytes\.cue:2:8: not UTF-8"):
        load(tmp_path / "bytes.cue")
    (tmp_path / "long.cue").write_bytes(b" " * 262_145)
    with pytest.raises(ManifestError, match="longer than 262,144 bytes"):
        load(tmp_path / "long.cue")
    (tmp_path / "dir.cue").mkdir()
    with pytest.raises(ManifestError, match="cannot be read"):
        load(tmp_path / "dir.cue")


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("0.3", ">=0.3", True),
        ("0.3.0", "==0.3", True),
        ("0.10.1", ">0.9, <1", True),
        ("1.0.0rc1", "<1", False),
        ("0.2.9", ">=0.3", False),
        ("0.3.1", "!=0.3.1", False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, fits: bool) -> None:
    assert satisfies(version, wanted) == fits


@pytest.mark.parametrize("manifest", sorted(SHIPPED.glob("*/plugin.cue")), ids=lambda path: path.parent.name)
def test_the_manifests_of_shipped_plugins_are_fine(manifest: Path) -> None:
    assert load(manifest).warnings == ()
