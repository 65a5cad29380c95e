"""``viewra plugins stats [ID]``: plugins' use of resources and their calls, once or as a live table."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import click

from viewra.cli import _completing
from viewra.cli._control import ask, no_host
from viewra.cli._options import Options
from viewra.cli._output import in_one_line, json_option, print_json, print_line, print_table
from viewra.library.interrupt import interrupt_sets

if TYPE_CHECKING:
    from rich.console import Group

REFRESH_S = 1.0

Row = dict[str, Any]


@attrs.frozen
class Figures:
    """A table: header, rows as text, and the columns that a narrow terminal may leave out, in that order."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    optional: Sequence[str] = ()

    def fitted(self, width: int) -> Figures:
        """The table for a terminal of this width, with columns left out if necessary."""
        if not self.optional or self._width() <= width:
            return self
        gone = self.header.index(self.optional[0])
        rows = [[cell for index, cell in enumerate(row) if index != gone] for row in self.rows]
        header = [name for name in self.header if name != self.optional[0]]
        return Figures(header, rows, self.optional[1:]).fitted(width)

    def _width(self) -> int:
        widths = (max(map(len, column)) for column in zip(self.header, *self.rows, strict=True))
        return sum(width + 2 for width in widths) - 2


@click.command("stats")
@click.argument("plugin_id", metavar="[ID]", default="", shell_complete=_completing.plugins)
@click.option("-w", "--watch", is_flag=True, help="A live table on the terminal, until Ctrl-C.")
@json_option
@click.pass_obj
def stats_command(options: Options, plugin_id: str, watch: bool, as_json: bool) -> None:
    """Show the running plugins' use of resources and their calls; with ID for each hook, too.

    CPU is of one core; CPU, RSS and I/O include the plugin's child processes. P50 and P99 are the times within which
    half, and 99 of 100, of its calls ended. A number after "of" is a limit. ACTIVE calls are in flight, QUEUED ones
    wait.
    """
    rows = _ask(options, plugin_id)
    if rows is None:
        raise no_host(
            options.directory,
            "without a host no plugin runs",
            hint="a scan is a host: viewra scan PATH, and this command in another terminal",
        )
    if as_json:
        print_json(rows)
    elif watch and sys.stdout.isatty():
        _live(options, plugin_id, rows)
    else:
        for number, table in enumerate(_tables(rows, plugin_id)):
            if number:
                print_line()
            print_table(table.rows, table.header)


def _ask(options: Options, plugin_id: str) -> list[Row] | None:
    rows: list[Row] | None = ask(options.directory, "stats", plugin_id=plugin_id)
    return rows


def _live(options: Options, plugin_id: str, rows: list[Row] | None) -> None:
    from rich.console import Console  # imported here: only a live table needs rich
    from rich.live import Live

    cancel = threading.Event()
    console = Console()
    shown: list[Row] = rows or []
    with interrupt_sets(cancel), Live(console=console, auto_refresh=False, screen=False) as live:
        while rows is not None:
            shown = rows
            live.update(_rendered(_tables(shown, plugin_id), console.width, "Ctrl-C ends this"), refresh=True)
            if cancel.wait(REFRESH_S):
                break
            rows = _ask(options, plugin_id)
        note = "the host has ended" if rows is None else ""
        live.update(_rendered(_tables(shown, plugin_id), console.width, note), refresh=True)


def _rendered(tables: Sequence[Figures], width: int, note: str) -> Group:
    from rich.console import Group  # as above
    from rich.table import Table
    from rich.text import Text

    parts: list[Table | Text] = []
    for figures in tables:
        fitting = figures.fitted(width)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for name in fitting.header:
            table.add_column(name, no_wrap=True, justify="left" if name in _TEXTS else "right")
        for row in fitting.rows:
            table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
        parts += [table, Text("")]
    return Group(*parts, *([Text(note, style="dim")] if note else parts[:0]))


def _tables(rows: Sequence[Row], plugin_id: str) -> list[Figures]:
    tables = [Figures(_HEADER, [_plugin(row) for row in rows], _OPTIONAL)]
    if plugin_id:
        hooks = [(row["hooks"][name], name) for row in rows for name in row["hooks"]]
        if hooks:
            tables.append(Figures(_HOOK_HEADER, [_hook(name, hook) for hook, name in hooks]))
        asked = [(row["host_calls"][name], name) for row in rows for name in row["host_calls"]]
        if asked:
            header = ("HOST SERVICE", *_HOOK_HEADER[1:])
            tables.append(Figures(header, [_hook(name, figures) for figures, name in asked]))
    return tables


_HEADER = (
    *("ID", "STATE", "PID", "CPU", "RSS", "THREADS", "FILES", "PROCS", "DISK", "READ", "WRITTEN", "FETCHED"),
    *("CALLS", "ERRORS", "ACTIVE", "QUEUED", "P50", "P99", "BREAKER", "HEALTH"),
)
_OPTIONAL = (
    "FETCHED",
    "WRITTEN",
    "READ",
    "DISK",
    "PROCS",
    "FILES",
    "THREADS",
    "P50",
    "BREAKER",
    "QUEUED",
    "PID",
    "ACTIVE",
    "HEALTH",
)
_HOOK_HEADER = ("HOOK", "CALLS", "ERRORS", "P50", "P90", "P99", "MAX", "WHICH ERRORS")
_TEXTS = {"ID", "STATE", "BREAKER", "HEALTH", "HOOK", "HOST SERVICE", "WHICH ERRORS"}
_STYLES = {
    **dict.fromkeys(("running", "healthy"), "green"),
    **dict.fromkeys(("degraded", "half-open", "starting", "draining", "backoff"), "yellow"),
    **dict.fromkeys(("unhealthy", "open", "crashed", "quarantined", "invalid"), "red"),
}


def _plugin(row: Row) -> list[str]:
    process, limits = row["process"], row["limits"]
    used = ["-"] * 8
    if process is not None:
        used = [
            _of(f"{process['cpu_percent']:.0f}%", f"{limits['cpu_percent']:g}%" if "cpu_percent" in limits else ""),
            _of(_size(process["rss_bytes"]), _size(limits["memory_mb"] << 20) if "memory_mb" in limits else ""),
            f"{process['threads']}",
            _of(f"{process['open_files']}", f"{limits.get('open_files', '')}"),
            _of(f"{process['processes']}", f"{limits.get('processes', '')}"),
            _disk(row),
            _size(process["read_bytes"]),
            _size(process["written_bytes"]),
        ]
    return [
        *(in_one_line(row["id"]), row["state"], f"{row['pid'] or '-'}", *used, _fetched(row)),
        *(f"{row['calls']:,}", f"{row['errors']:,}", f"{row['in_flight']}", f"{row['queued']}"),
        *(_time(row, "p50_s"), _time(row, "p99_s"), row["breaker"]),
        row["health"]["condition"] if row["health"]["condition"] != "unknown" else "-",
    ]


def _disk(row: Row) -> str:
    """What its folders hold is measured only where there is a limit."""
    used, most = row["disk_bytes"], row["limits"].get("disk_mb")
    return "-" if used is None or most is None else f"{_size(used)} of {_size(most << 20)}"


def _fetched(row: Row) -> str:
    """What came from the network for it, and its limit, which is a rate."""
    used, most = row["fetched_bytes"], row["limits"].get("network_kb_s")
    return _of(_size(used) if used else "-", f"{_size(most << 10)}/s" if most is not None else "")


def _of(used: str, limit: str) -> str:
    return f"{used} of {limit}" if limit else used


def _hook(name: str, hook: Row) -> list[str]:
    times = [_time(hook, key) for key in ("p50_s", "p90_s", "p99_s", "max_s")]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in hook["errors_by_kind"].items())
    return [in_one_line(name), f"{hook['calls']:,}", f"{hook['errors']:,}", *times, in_one_line(kinds)]


def _time(row: Row, key: str) -> str:
    """A duration for people: ``0.8 ms``, ``12 ms``, ``1.5 s``."""
    if not row["calls"]:
        return "-"
    seconds = row[key]
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def _size(count: int) -> str:
    """A size for people: ``512 B``, ``34 MiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    fine = unit == "GiB" or (unit != "B" and size < 10)
    return f"{size:.{1 if fine else 0}f} {unit}"
