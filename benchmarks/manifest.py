"""Measures loading a manifest against JSON and a bare interpreter, and how the time grows with its size."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from viewra.manifest.cue import loads
from viewra.manifest.load import loads as load_manifest

TYPICAL = """\
package audio_fingerprints

// A plugin of ordinary size: sixty lines, settings with constraints and hints.
#Plugin: {
	schema_version: "1.0"
	id:             "audio_fingerprints"
	name:           "Audio fingerprints"
	version:        "1.4.2"
	description:    "Identifies recordings by how they sound"
	author:         "A. Person"
	website:        "https://plugins.example/audio"
	license:        "MIT"
	type:           "metadata_scraper"
	tags: ["music", "fingerprint", "metadata"]

	entry_points: {
		main: "plugin.py"
	}

	capabilities: {
		metadata_scraper: true
		database_service: true
		admin_page:       false
	}

	permissions: [
		{resource: "network", actions: ["external"], hosts: ["api.plugins.example"]},
		{resource: "filesystem", actions: ["read"]},
		"database:write",
	]

	settings: {
		enabled: bool | *true
		api: {
			@ui(title="The remote service", order=1)
			key:        string | *""                       @ui(title="Key", secret)
			url:        =~"^https://" | *"https://api.plugins.example"
			rate_limit: float & >=0.1 & <=10.0 | *0.8      @ui(min=0.1, max=10)
			timeout_s:  int & >=5 & <=30 | *10
			retries:    int & >=0 & <=5 | *3
		}
		matching: {
			threshold: float & >=0.5 & <=1.0 | *0.75
			strategy:  "fast" | "exact" | *"fast"
			prefer: [...string] | *["album", "single"]
		}
		cache: {
			days:        int & >=1 & <=365 | *30
			max_entries: int & >=100 & <=100000 | *1000
			directory?:  string
		}
		languages: ["en", "de"]
	}

	runtime: {
		workers: 2
		lazy:    false
		call_timeout_s: {default: 20, extract_metadata: 60}
		limits: memory_mb: 512
	}
}
"""


def grown(lines: int) -> str:
    """A manifest with this many lines of the same kind."""
    head, tail = '#Plugin: {\n\tid: "x"\n\tsettings: {\n', "\t}\n}\n"
    blocks, block = [], 0
    while 10 * block + 10 <= lines - 5:
        blocks.append(
            f"\t\t// section {block}\n\t\tsection{block}: {{\n\t\t\tenabled: bool | *true\n"
            "\t\t\tlimit: int & >=5 & <=30 | *10\n\t\t\tname: string\n\n\t\t\t// where the results go\n"
            '\t\t\ttarget: "file"\n\t\t}\n\n'
        )
        block += 1
    return head + "".join(blocks) + tail


def best_ms(action: Callable[[], object], rounds: int) -> float:
    """The shortest of several timings, in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1e3)
    return min(times)


def _evaluate(text: str) -> None:
    value = loads(text)
    errors = value.errors
    if errors:
        raise errors[0]


def _interpreter_ms() -> float:
    def start() -> None:
        subprocess.run([sys.executable, "-c", "pass"], check=True)

    return statistics.median(best_ms(start, 1) for _ in range(5))


def main(argv: list[str]) -> int:
    """Print the timings; exit status 1 if the typical manifest takes over 10 ms or growth is not linear."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks manifest", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="timings of which the least counts")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(argv)

    manifest = load_manifest(TYPICAL, Path("plugin.cue"))
    as_json = json.dumps(manifest.settings.fill())
    figures = {
        "lines": TYPICAL.count("\n"),
        "load_ms": best_ms(lambda: load_manifest(TYPICAL, Path("plugin.cue")), options.rounds),
        "fill_ms": best_ms(manifest.settings.fill, options.rounds),
        "json_ms": best_ms(lambda: json.loads(as_json), options.rounds),
        "interpreter_ms": _interpreter_ms(),
    }
    per_line = {}
    for lines in (500, 5_000):
        text = grown(lines)
        per_line[lines] = best_ms(partial(_evaluate, text), 3) / text.count("\n") * 1e3
    figures["us_per_line_500"], figures["us_per_line_5000"] = per_line[500], per_line[5_000]
    growth = per_line[5_000] / per_line[500]
    figures["growth"] = growth
    if options.json:
        print(json.dumps(figures))
    else:
        print(f"a manifest of {figures['lines']} lines loads in {figures['load_ms']:.1f} ms")
        print(
            f"  {figures['load_ms'] / figures['interpreter_ms']:.2f} x python -c pass, "
            f"{figures['load_ms'] / figures['json_ms']:.0f} x json.loads of its settings"
        )
        print(f"settings filled in {figures['fill_ms']:.1f} ms")
        print(
            f"500 lines: {per_line[500]:.0f} us a line; 5,000 lines: {per_line[5_000]:.0f} us a line; "
            f"ratio {growth:.2f} (1 is linear)"
        )
    return 0 if figures["load_ms"] <= 10 and growth <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
