"""``viewra tasks list|show|cancel|retry|run``: what plugins have put into their queues."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from viewra.cli import _completing
from viewra.cli._control import ask_or_do, find_host
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.db.plugin_tasks import count_tasks
from viewra.errors import LockedError
from viewra.library.exporting import time_text
from viewra.library.interrupt import Escalation, handled
from viewra.types import TaskState

if TYPE_CHECKING:
    from viewra.host import Host

_states = click.Choice([str(state) for state in TaskState])


@click.group("tasks")
def command() -> None:
    """List, cancel and retry the tasks of plugins, and execute them.

    ``viewra serve`` executes tasks all the time, ``viewra scan`` while it scans and for up to ten seconds afterwards.
    """


@command.command("list")
@click.argument("plugin_id", metavar="[ID]", default="", shell_complete=_completing.plugins)
@click.option("--state", type=_states, help="Only tasks in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many.")
@click.option("--after", metavar="TASK", help="Only tasks behind this one.")
@json_option
@click.pass_obj
def list_(options: Options, plugin_id: str, state: str | None, limit: int, after: str | None, as_json: bool) -> None:
    """List the tasks of a plugin, or of all, the oldest first."""
    asked = {"plugin_id": plugin_id, "state": state or "", "after": after, "limit": limit}
    page = ask_or_do(options, "task_list", **asked)
    if as_json:
        print_json(page)
        return
    rows = [
        (
            str(one["id"]),
            one["plugin_id"],
            one["name"],
            one["state"],
            f"{one['failed']} of {one['attempts']}" if one["failed"] else "",
            time_text(one["due_at"]) if one["state"] == TaskState.DELAYED else "",
            one["error"],
        )
        for one in page["items"]
    ]
    if not rows:
        print_line("no tasks")
        return
    print_table(rows, ("TASK", "PLUGIN", "NAME", "STATE", "FAILED", "DUE", "ERROR"))
    if page["next"]:
        print_line(f"there are more: viewra tasks list --after {page['next']}", err=True)


@command.command("show")
@click.argument("task_id", metavar="TASK", type=click.IntRange(min=1))
@json_option
@click.pass_obj
def show(options: Options, task_id: int, as_json: bool) -> None:
    """Show one task with its data and the error of its last attempt."""
    task = ask_or_do(options, "task_get", task_id=task_id)
    if as_json:
        print_json(task)
        return
    shown = {
        **task,
        "due_at": time_text(task["due_at"]),
        "enqueued_at": time_text(task["enqueued_at"]),
        "data": json.dumps(task["data"], ensure_ascii=False),
    }
    print_table([(name, str(value)) for name, value in shown.items() if value != ""], ("FIELD", "VALUE"))


@command.command("cancel")
@click.argument("task_ids", metavar="TASK...", type=click.IntRange(min=1), nargs=-1, required=True)
@json_option
@click.pass_obj
def cancel(options: Options, task_ids: tuple[int, ...], as_json: bool) -> None:
    """Take tasks out of their queues; those that are executed are ended."""
    _each(options, "task_cancel", "cancelled", task_ids, as_json=as_json)


@command.command("retry")
@click.argument("task_ids", metavar="TASK...", type=click.IntRange(min=1), nargs=-1, required=True)
@json_option
@click.pass_obj
def retry(options: Options, task_ids: tuple[int, ...], as_json: bool) -> None:
    """Have tasks executed now that wait or were set aside, with all their attempts."""
    _each(options, "task_retry", "to be executed again", task_ids, as_json=as_json)


def _each(options: Options, operation: str, what: str, task_ids: tuple[int, ...], *, as_json: bool) -> None:
    done = []
    for task_id in task_ids:
        done.append(task := ask_or_do(options, operation, task_id=task_id))
        if not as_json:
            print_line(f"task {task['id']} ({task['plugin_id']}, {task['name']}) is {what}")
    if as_json:
        print_json(done)


@command.command("run")
@click.option("--for", "seconds", type=click.IntRange(min=0), metavar="SECONDS", help="Stop after so many seconds.")
@json_option
@click.pass_obj
def run(options: Options, seconds: int | None, as_json: bool) -> None:
    """Execute what is due in the queues, until nothing is left that can be executed; Ctrl-C stops it.

    A host that is running already does this, so that it is for when none is.
    """
    if (running := find_host(options.directory)) is not None:
        raise LockedError(
            f"{running.process} runs, and executes the tasks itself", hint="see what is left with: viewra tasks list"
        )
    stop = threading.Event()
    said = "stopping: tasks that are not done go back into their queues"
    with handled(Escalation(stop, lambda: print_line(said, err=True))), options.host() as host:
        host.tasks.begin()
        idle = host.tasks.wait_idle(math.inf if seconds is None else seconds, cancel=stop)
        executed = host.tasks.ended
        left = count_tasks(host.engine)
    if as_json:
        print_json({"executed": executed, "idle": idle, "left": left})
        return
    print_line(f"{executed:,} attempts at tasks ended" if executed else "nothing was due")
    for plugin_id, states in sorted(left.items()):
        print_line(f"  {plugin_id}: {', '.join(f'{count:,} {state}' for state, count in states.items())}")


def task_notes(host: Host) -> Iterator[str]:
    """Lines on the tasks that wait, for the summary of a scan."""
    for plugin_id, states in sorted(count_tasks(host.engine).items()):
        if waiting := states.get(TaskState.READY, 0) + states.get(TaskState.RUNNING, 0):  # these go back to their queue
            yield f"{waiting:,} tasks of {plugin_id} wait: viewra serve executes them, or: viewra tasks run"
        if later := states.get(TaskState.DELAYED, 0):
            yield f"{later:,} tasks of {plugin_id} wait for their time: viewra serve executes them then"
        if aside := states.get(TaskState.SET_ASIDE, 0):
            yield f"{aside:,} tasks of {plugin_id} are set aside: viewra tasks list {plugin_id} --state 'set aside'"
