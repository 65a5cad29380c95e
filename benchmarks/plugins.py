"""One scan with all plugins that read files against their own work: what each costs without a host, over examples/.

Own work is the processor time of a process that reads, with one plugin's class, every file that the plugin takes. The
host's part, once, is that of a scan without plugins, of as many files: the same library, in which those that are media
only for a plugin have another extension. Each is measured in a fresh process, all at the same time: as in a scan with
plugins, every core is busy, and a core whose neighbour is busy takes longer for the same work. A scan has a fresh
database, and the ratio is of one round.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from viewra.cli import _garbage
from viewra.library.mime import MediaTypes, always_media
from viewra.manifest import load

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
LIBRARY = ("discs", "films", "music", "photos", "piano.m3u8", "series")
"""What of the examples is a library; the rest are programs."""

SHIPPED = EXAMPLES.parent / "plugins"
PLUGINS = {
    "audio_tags": "AudioTags",
    "file_names": "FileNames",
    "image_info": "ImageInfo",
    "media_info": "MediaInfo",
    "sidecars": "Sidecars",
}
"""The plugins, and the class of each."""

COPIES = 100
"""Some thousands of files: the five processes are started once, 0.2 s of processor time each, for however many."""

MOST_RATIO = 1.15


def compare(rounds: int) -> int:
    """Print what each part costs, and the ratio; exit status 1 when it is above the limit."""
    with tempfile.TemporaryDirectory(prefix="viewra-bench-") as scratch:
        folder, plain = Path(scratch, "library"), Path(scratch, "plain")
        for number in range(COPIES):
            shutil.copytree(EXAMPLES, folder / f"copy {number}", ignore=_programs)
            shutil.copytree(EXAMPLES, plain / f"copy {number}", ignore=_programs, copy_function=_copy_as_media)
        folders = {**dict.fromkeys(("all", *PLUGINS), folder), "none": plain}
        runs = [{**_run(("none", *PLUGINS), folders), **_run(("all",), folders)} for _ in range(rounds)]
    if any(run["none"]["files"] != run["all"]["files"] for run in runs):
        raise SystemExit("the two libraries have not as many files")
    ratios = [run["all"]["cpu_s"] / sum(run[which]["cpu_s"] for which in ("none", *PLUGINS)) for run in runs]
    for which in runs[0]:
        cpu_s, took_s = (statistics.median(run[which][name] for run in runs) for name in ("cpu_s", "took_s"))
        print(f"{which:>10}: {cpu_s:6.2f} s of processor time, {took_s:6.2f} s by the clock")
    processes = statistics.median(
        run["all"]["processes_s"] / sum(run[plugin]["cpu_s"] for plugin in PLUGINS) for run in runs
    )
    print(f"the plugins' processes, their starts included, against their own work: {processes:.2f}")
    ratio = statistics.median(ratios)
    print(f"ratio {ratio:.2f} (at most {MOST_RATIO}), {runs[0]['all']['files']:.0f} files, median of {rounds} runs")
    return ratio > MOST_RATIO


def _programs(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder) == EXAMPLES and name not in LIBRARY]


def _copy_as_media(source: str, target: str) -> None:
    """Copy a file; one that is media only for a plugin gets the extension of music."""
    types, file = MediaTypes(), Path(source)
    kind = types.by_name(os.fsencode(file.name)) or types.by_content(os.fsencode(file.name), file.read_bytes())
    shutil.copyfile(source, target if kind and always_media(kind) else f"{target}.mp3")


def _run(parts: Sequence[str], folders: Mapping[str, Path]) -> dict[str, dict[str, float]]:
    """Run each part on its folder in a process, all of them at once, and return what each has cost."""
    with ExitStack() as running:
        processes = {which: running.enter_context(_started(which, folders[which])) for which in parts}
        return {which: _finished(which, process) for which, process in processes.items()}


def _started(which: str, folder: Path) -> subprocess.Popen[str]:
    settings = json.dumps(load(SHIPPED / which).settings.fill()) if which in PLUGINS else ""
    argv = [sys.executable, "-m", "benchmarks.plugins", which, str(folder), settings]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def _finished(which: str, process: subprocess.Popen[str]) -> dict[str, float]:
    told, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{which} failed")
    result: dict[str, float] = json.loads(told)
    return result


def _scan(folder: str, *, with_plugins: bool) -> int:
    """Scan ``folder`` with all of the plugins or with none, and return how many files it has."""
    _garbage.put_off()  # as ``viewra scan`` does
    from viewra import Host

    _garbage.begin()
    with tempfile.TemporaryDirectory() as data_dir, Host(data_dir=data_dir) as host:
        _garbage.keep()
        for plugin_id, plugin in host.plugins.items():
            if not with_plugins or plugin_id not in PLUGINS:
                plugin.disable()
        report = host.scan(folder)
    if report.counts.failed or report.failures:
        raise SystemExit(f"not a clean scan: {report}")
    return report.counts.seen


def _read(plugin_id: str, folder: str, settings: str) -> int:
    """Read every file that a plugin takes, with its class alone, and return how many there are."""
    from viewra.sdk import PluginContext

    service = importlib.import_module(f"viewra_plugins.{plugin_id}.service")
    plugin = getattr(service, PLUGINS[plugin_id])()
    plugin.bind(context=PluginContext(plugin_id, config={"_json": settings}))
    taken = [str(path) for path in Path(folder).rglob("*") if path.is_file() and plugin.can_handle(str(path), "")]
    for path in taken:
        plugin.extract_metadata(path)
    return len(taken)


def _one(which: str, folder: str, settings: str) -> None:
    """Print what ``which`` costs: a scan with "all" or "none" of the plugins, or the own work of one."""
    began, before = time.monotonic(), _cpu_s(resource.RUSAGE_SELF)
    files = _read(which, folder, settings) if which in PLUGINS else _scan(folder, with_plugins=which == "all")
    took_s, processes_s = time.monotonic() - began, _cpu_s(resource.RUSAGE_CHILDREN)
    cpu_s = _cpu_s(resource.RUSAGE_SELF) - before + processes_s
    print(json.dumps({"cpu_s": cpu_s, "processes_s": processes_s, "took_s": took_s, "files": files}))


def _cpu_s(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _one(*sys.argv[1:])
