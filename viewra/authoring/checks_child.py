"""Checks a plugin as an object in this process and over loopback; the plugin's interpreter runs it as a program.

``python -m viewra.authoring.checks_child MANIFEST RESULT SAMPLES`` imports the plugin's code, which the process that
asks does not. Standard input has a JSON object of settings by dotted keys, which may be secret; the file RESULT gets a
JSON list of outcomes.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs

from viewra import manifest as manifests
from viewra.authoring.checking import Checks, Outcome
from viewra.authoring.traces import own_line
from viewra.sdk.entry import plugin_of
from viewra.testing import in_process, loopback

FORMS: dict[str, Any] = {"in_process": in_process, "loopback": loopback}


def _main(manifest_file: str, result: str, samples: str) -> None:
    settings = json.load(sys.stdin)
    manifest = manifests.load(Path(manifest_file))
    files = sorted(file for file in Path(samples).rglob("*") if file.is_file())
    outcomes: list[Outcome] = []
    logging.getLogger("viewra").addHandler(logging.NullHandler())  # the outcomes say what failed
    with tempfile.TemporaryDirectory(prefix="viewra-") as folder:
        checks = Checks(manifest, files, Path(folder))
        for form, run in FORMS.items():
            outcomes += _in_form(checks, form, run, manifest, settings)
            Path(result).write_text(json.dumps([attrs.asdict(one) for one in outcomes]), "utf-8")


def _in_form(checks: Checks, form: str, run: Any, manifest: manifests.Manifest, settings: Any) -> list[Outcome]:
    found: list[Outcome] = []
    try:
        plugin = plugin_of(manifest.directory / manifest.entry_point)
        with run(plugin, settings=settings, plugin_id=manifest.id, manifest=manifest.file) as running:
            found = checks.run(running, form)
    except (Exception, SystemExit) as error:
        import traceback  # only for a failure

        line = own_line([traceback.format_exc()], manifest.directory)
        said = f"{type(error).__name__}: {error}" + (f" at {line}" if line else "")
        return found or checks.all_of(form, "failed", said)
    return found


if __name__ == "__main__":
    _main(*sys.argv[1:])
