"""Fields of manifests beyond the basic ones, mistakes of beginners, warnings, and how often they are evaluated."""

from __future__ import annotations

import importlib

import attrs
import pytest

from tests.unit.manifest.reading import DOCUMENTED, HEADER, errors_of, read
from viewra.manifest import Manifest, Permission, Runtime
from viewra.manifest.cue.evaluator import Evaluator
from viewra.manifest.cue.node import Node
from viewra.services import SERVICES


def test_media_types_priority_environment_and_workers() -> None:
    manifest = read(
        HEADER
        + 'media_types: {"audio/x-mpegurl": [".m3u", ".m3u8", ".m3u.txt"]}\npriority: {duration: 1000, title: -1000}\n'
        'requires: viewra: ">=0.0.1, <99"\nruntime: {workers: "auto", env: OMP_NUM_THREADS: "1"}'
    )
    assert manifest.media_types == {"audio/x-mpegurl": (".m3u", ".m3u8", ".m3u.txt")}
    assert manifest.priority == {"duration": 1000, "title": -1000}
    assert manifest.requires == {"viewra": ">=0.0.1, <99"}
    assert (manifest.runtime.workers, manifest.runtime.env) == ("auto", {"OMP_NUM_THREADS": "1"})
    plain = read(HEADER)
    assert (plain.media_types, plain.priority, plain.requires, plain.runtime.env) == ({}, {}, {}, {})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('media_types: "audio/x-mpegurl": ["m3u"]', "an extension in lower case with its dot, such as .m3u"),
        ('media_types: "audio/x-mpegurl": [".M3U"]', "an extension in lower case with its dot, such as .m3u"),
        ('media_types: "audio/x-mpegurl": [".m3u..txt"]', "an extension in lower case with its dot, such as .m3u"),
        ('media_types: "audio/x-mpegurl": [".m3u."]', "an extension in lower case with its dot, such as .m3u"),
        ('media_types: "audio/x-mpegurl": [".a/b"]', "an extension in lower case with its dot, such as .m3u"),
        ('media_types: "audio/x-mpegurl": []', "media_types.audio/x-mpegurl"),
        ('media_types: "audio/x-mpegurl": ".m3u"', "expected a list"),
        ('media_types: playlist: [".m3u"]', "a media type in lower case, such as audio/x-mpegurl"),
        ("priority: duration: -1001", "priority.duration: expected a number from -1000 to 1000, found -1001"),
        ("priority: duration: 1001", "priority.duration: expected a number from -1000 to 1000, found 1001"),
        ('priority: duration: "high"', "priority.duration: expected a number from -1000 to 1000"),
        ("priorty: duration: 1", "did you mean priority?"),
        ('media_type: "a/b": [".c"]', "did you mean media_types?"),
        ('requires: viewra: "new"', "requires.viewra: expected versions such as >=0.3"),
        ('requires: viewra: ">=99.1"', "requires.viewra: the plugin requires viewra >=99.1, and this is viewra"),
        ('requires: viewr: ">=0"', "did you mean viewra?"),
        ("runtime: workers: 0", 'expected a number of processes from 1 to 64, or "auto", found 0'),
        ('runtime: workers: "all"', 'expected a number of processes from 1 to 64, or "auto", found "all"'),
        ("runtime: env: A: 1", "expected text without NUL, found 1"),
        ('runtime: env: A: "\\u0000"', "expected text without NUL"),
        ('runtime: env: "A-B": "1"', "expected the name of an environment variable"),
        ('runtime: env: VIEWRA_PLUGIN: "x"', "expected the name of an environment variable, not of viewra's own"),
    ],
)
def test_what_media_types_priority_environment_and_workers_cannot_be(line: str, message: str) -> None:
    (error,) = errors_of(HEADER + line)
    assert message in error
    assert error.startswith("plugin.cue:5:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEADER + 'id: "b"', 'id: is given twice, with different values: conflicting values "a" and "b"'),
        (HEADER + "runtime: lazy: True", "there is no True: in CUE it is written true"),
        (HEADER + "settings: n: Int | *1", "there is no Int: in CUE it is written int"),
        (HEADER + "settings: n: str", "there is no str: in CUE it is written string"),
        (HEADER + "settings: n: integer", "there is no integer: in CUE it is written int"),
        (HEADER + "description: Lyrics", 'no field or type named Lyrics; write text in quotes: "Lyrics"'),
        (HEADER.replace('id: "a"', 'id = "a"'), "1:4: a field takes a colon: id: …"),
        (
            HEADER.replace('"A"', "'A'"),
            "name: expected a name, found 'A', which is bytes: write text in double quotes",
        ),
        (HEADER.replace('id: "a"', "id: 'a'"), "which is bytes: write text in double quotes"),
        ("plugin: {\n" + HEADER + "}", "plugin: the fields of a manifest belong in #Plugin, not in plugin"),
        ("#plugin: {\n" + HEADER + "}", "the fields of a manifest belong in #Plugin, not in #plugin"),
        ("#Plugins: {\n" + HEADER + "}", "the fields of a manifest belong in #Plugin, not in #Plugins"),
        ("# What it does\n" + HEADER, "1:1: a comment begins with // and ends with its line"),
        (HEADER + "/* settings follow */", "a comment begins with // and ends with its line"),
        (HEADER + "settings: n: 1;", "unexpected character ';': fields are separated by commas or line ends"),
        (
            HEADER + 'permissions: [{resource: "network", action: ["external"]}]',
            "no field action, did you mean actions?",
        ),
        (HEADER + 'permissions: ["netwrok"]', "there is no resource netwrok, did you mean network?"),
        (HEADER + 'permissions: ["network:fecth"]', "there is no action of network fecth, did you mean fetch?"),
        (
            HEADER + 'permissions: [{resource: "network", actions: ["fetch"], hosts: ["https://api.example.org/"]}]',
            "the host 'https://api.example.org/' cannot be fetched from: it is the name of a host, without a scheme",
        ),
        (
            HEADER + 'permissions: ["events:subscribe"]',
            'a permission for events needs names, such as names: ["playback',
        ),
        (
            HEADER + 'permissions: [{resource: "events", actions: ["publish"], names: ["a.b", "Play.*"]}]',
            "'Play.*' is no name of events",
        ),
        (HEADER + 'permissions: ["http:public"]', 'needs paths, such as paths: ["/rest"]'),
        (
            HEADER + 'permissions: [{resource: "http", actions: ["public"], paths: ["/rest", "/a/../b"]}]',
            "'/a/../b' is no path of routes",
        ),
        (HEADER + 'permissions: [{resource: "filesytem"}]', "there is no resource filesytem, did you mean filesystem?"),
        (HEADER + 'permissions: [{resource: "network", ports: [0]}]', "permissions.0.ports.0: 0 is not >=1"),
    ],
)
def test_mistakes_of_beginners_are_told_as_such(text: str, expected: str) -> None:
    (error,) = errors_of(text)
    assert expected in error


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("#Plugin: {\n" + HEADER + "}\nsettings: n: 5", "settings", "is outside #Plugin and ignored"),
        (
            HEADER + "settings: n: int & >=5 & <=30 | *100",
            "settings.n",
            "its default 100 does not fit int & >=5 & <=30",
        ),
        (HEADER + "settings: n: int | *5\nsettings: n: >7", "settings.n", "its default 5 does not fit what else"),
        (HEADER + 'settings: n: int | *5 @ui(titel="N")', "settings.n", "there is no hint titel, did you mean title?"),
        (HEADER + 'settings: k: =~"^s" | *"hunter2" @secret()', "settings.k", "its default does not fit"),
        (
            HEADER + 'permissions: ["hardware:gpu"]',
            "permissions.0",
            "unknown resource hardware, which cannot be granted",
        ),
        (HEADER + 'permissions: ["network:all"]', "permissions.0", "unknown action of network all"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(text: str, path: str, expected: str) -> None:
    (warning,) = read(text).warnings
    assert (warning.path, expected in warning.message) == (path, True), warning
    assert "hunter2" not in str(warning)


def test_defaults_that_are_meant_are_none() -> None:
    settings = 'a: "x" | *"y"\nb: int & >0 | *5\nc: *"" | =~"^http"\nc: string\nd: [...int] | *[1]\ne: 5\nf: string'
    messages = [warning.message for warning in read(HEADER + "settings: {\n" + settings + "\n}").warnings]
    assert messages == ['its default "" does not fit =~"^http"']


def test_what_a_permission_is_about() -> None:
    fields = 'resource: "network", actions: ["fetch"], hosts: ["a.b"], ports: [80], reason: "r", paths: ["/m"]'
    (permission,) = read(HEADER + f"permissions: [{{{fields}}}]").permissions
    assert (permission.hosts, permission.ports, permission.reason, permission.paths) == (("a.b",), (80,), "r", ("/m",))
    assert Permission("network").hosts == ()


def test_a_capability_claimed_by_an_older_name_is_claimed() -> None:
    manifest = read(HEADER + "capabilities: {metadata_extraction: true, scanner_hook: true, background_tasks: true}")
    assert manifest.claimed(SERVICES) == {"metadata_scraper", "scanner_hook"}


def test_what_a_manifest_does_not_mention_is_as_if_it_mentioned_it_openly() -> None:
    openly = """
        schema_version: string, description: string, author: string, website: string, repository: string
        license: string, help: string, opt_in: bool, type: string, tags: [...string], capabilities: {}
        permissions: [], database: {}, runtime: {}, requires: {}, media_types: {}, priority: {}
    """
    silent, open_ = read(HEADER), read(HEADER + openly)
    left_out = {"file", "settings", "runtime_schema", "entry_point_place"}
    for field in attrs.fields(Manifest):
        if field.name not in left_out:
            assert getattr(silent, field.name) == getattr(open_, field.name), field.name
    assert silent.runtime_schema.given == open_.runtime_schema.given
    assert silent.runtime == Runtime()


def test_what_a_manifest_does_not_mention_is_not_evaluated_again() -> None:
    read(HEADER)
    nodes = {text: count_nodes(text) for text in ("", "runtime: {}")}
    assert nodes["runtime: {}"] > 1.5 * nodes[""], "the runtime has as many fields as all the rest"


def count_nodes(more: str) -> int:
    made = [0]
    with pytest.MonkeyPatch.context() as patch:
        plain = Evaluator.evaluate

        def counted(self: Evaluator, node: Node) -> None:
            made[0] += 1
            plain(self, node)

        patch.setattr(Evaluator, "evaluate", counted)
        read(HEADER + more)
    return made[0]


def test_a_manifest_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read(DOCUMENTED)  # the first one in a process has the schema's own values worked out, too
    made: list[object] = []

    def counted(*arguments: object, **options: object) -> Evaluator:
        made.append(arguments)
        return Evaluator(*arguments, **options)  # type: ignore[arg-type]

    for name in ("load", "settings"):
        monkeypatch.setattr(importlib.import_module(f"viewra.manifest.{name}"), "Evaluator", counted)
    manifest = read(DOCUMENTED)
    assert len(made) == 1
    made.clear()
    assert manifest.settings.config({"retries": 5}) == manifest.settings.config({"retries": 5})
    per_fill = len(made)
    manifest.settings.fill({"retries": 5})["retries"] = 9
    assert manifest.settings.fill({"retries": 5}) == {"retries": 5}
    assert len(made) == per_fill <= 2, "the same values are evaluated once; numbers are fitted to the schema before"
    manifest.settings.fill({"retries": 6})
    assert len(made) == 2 * per_fill
