"""Reads manifests from text, for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewra.errors import ManifestError
from viewra.manifest import Manifest
from viewra.manifest.load import loads

FILE = Path("plugin.cue")


DOCUMENTED = """\
id:             "audio_tags"
name:           "Audio tags"
version:        "1.2.3-rc.1+build.5"
schema_version: "1.0"
description:    "Reads tags"
author:         "A"
website:        "https://w.example"
repository:     "https://r.example"
license:        "MIT"
help:           "See the website"
type:           "metadata_scraper"
tags: ["music", "tags"]
entry_points: main: "bin/audio"
capabilities: {metadata_scraper: true, database_service: true, search_service: false}
permissions: [
	{resource: "network", actions: ["external"], hosts: ["a.example"]},
	{resource: "filesystem", actions: ["read", "write"]},
]
settings: retries: int & >=0 | *3
database: engines: ["sqlite", "postgresql"]
runtime: {
	workers: 4
	lazy:    false
	idle_timeout_s: 2.5
	start_timeout_s: 10
	call_timeout_s: {default: 5, extract_metadata: 90}
	limits: {memory_mb: 512, cpu_percent: 50, open_files: 64, processes: 2}
	restart: {max: 2, window_s: 30}
	reload: "restart"
}
"""


def read(text: str) -> Manifest:
    return loads(text, FILE)


def errors_of(text: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        read(text)
    return [str(error) for error in caught.value.errors]


HEADER = 'id: "a"\nname: "A"\nversion: "1.0.0"\nentry_points: main: "a"\n'
