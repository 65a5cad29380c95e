"""``viewra plugins logs ID``: shows a plugin's log, also live, whether or not a host runs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable

import click

from viewra.cli import _completing
from viewra.cli._options import Options
from viewra.cli._output import in_one_line, print_line, print_lines
from viewra.errors import ViewraError
from viewra.host.admin.find import find_plugin
from viewra.host.logs.file import log_path
from viewra.host.logs.reader import PluginLogReader
from viewra.library.interrupt import interrupt_sets
from viewra.transport.hclog import LogRecord
from viewra.transport.hclog_format import format_record

_LEVELS = ("trace", "debug", "info", "warn", "error")
_LOOK_S = 0.2  # between two checks for new records
_PLAIN = re.compile(r"[^\s\"'=]+")


@click.command("logs")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@click.option("-f", "--follow", is_flag=True, help="Follow the log until Ctrl-C.")
@click.option(
    "-n", "lines", type=click.IntRange(min=0), default=50, show_default=True, help="Show this many of the last records."
)
@click.option("--level", type=click.Choice(_LEVELS), default="trace", help="Only records of at least this level.")
@click.option("--json", "as_json", is_flag=True, help="Print each record as one line of JSON.")
@click.pass_obj
def logs_command(options: Options, plugin_id: str, follow: bool, lines: int, level: str, as_json: bool) -> None:
    """Show the log of a plugin, even a removed one, and beside a running host."""
    data_dir = options.host(exclusive=False).data_dir
    threshold = _LEVELS.index(level)
    show = _json if as_json else _text

    def wanted(record: LogRecord) -> bool:
        return _LEVELS.index(record.level) >= threshold

    path = log_path(data_dir, plugin_id)
    try:
        with PluginLogReader(path) as reader:
            if path.name != f"{plugin_id}.log" or not reader.exists:  # an id with a slash must not lead elsewhere
                _explain(options, plugin_id)
            for record in reader.last(lines, wanted):
                print_lines(show(record))
            if follow:
                _follow(reader, wanted, show)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ViewraError(f"the log of plugin {plugin_id} cannot be read: {error.strerror or error}") from error


def _follow(reader: PluginLogReader, wanted: Callable[[LogRecord], bool], show: Callable[[LogRecord], str]) -> None:
    cancel = threading.Event()
    with interrupt_sets(cancel):
        while not cancel.wait(_LOOK_S):
            for record in filter(wanted, reader.more()):
                print_lines(show(record))


def _explain(options: Options, plugin_id: str) -> None:
    """Print why there is no log; raises UsageError if there is no such plugin either."""
    with options.host(exclusive=False) as host:
        find_plugin(host.plugins, plugin_id)
    print_line(f"{plugin_id} has not written anything yet", err=True)


def _json(record: LogRecord) -> str:
    return format_record(
        record.level, record.message, module=record.module, timestamp=record.timestamp, fields=record.fields
    )


def _text(record: LogRecord) -> str:
    """``2026-11-22 17:01:02.345 WARN message key=value``, in local time; a traceback follows on lines of its own."""
    fields = dict(record.fields)
    traceback = fields.pop("traceback", None)
    pairs = "".join(f" {key}={_value(value)}" for key, value in fields.items())
    text = in_one_line(f"{_time(record)} {record.level.upper()} {record.message}{pairs}")
    if traceback is not None:
        text += "".join(f"\n  {in_one_line(line)}" for line in str(traceback).split("\n"))
    return text


def _time(record: LogRecord) -> str:
    if record.timestamp is None:
        return "-"
    try:
        moment = record.timestamp.astimezone()
    except (OverflowError, ValueError, OSError):  # the year 1, Go's zero time
        moment = record.timestamp
    return moment.isoformat(" ", "milliseconds")[:23]


def _value(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)
