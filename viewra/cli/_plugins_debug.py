"""``viewra plugins debug ID|DIR``: runs a plugin under debugpy or pdb, attaches a throw-away host, and calls it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewra.cli._options import Options
from viewra.cli._output import print_line
from viewra.cli._plugins_dev import Screen, library_option, set_option, settings_of, throw_away
from viewra.errors import PluginError, PluginUnavailable
from viewra.library.interrupt import Escalation, handled

if TYPE_CHECKING:
    from viewra.authoring.debugger import Debugged
    from viewra.authoring.workshop import Workshop


@click.command("debug")
@click.argument("target", metavar="ID|DIR")
@click.option(
    "--with",
    "wanted",
    type=click.Choice(["debugpy", "pdb"]),
    help="The debugger [default: debugpy, if it is installed].",
)
@click.option("--port", type=click.IntRange(1, 65535), default=5678, show_default=True, help="Where debugpy listens.")
@click.option("--no-wait", is_flag=True, help="Run at once, instead of waiting for a client of debugpy.")
@library_option
@set_option
@click.pass_obj
def debug_command(
    options: Options,
    target: str,
    wanted: Any,
    port: int,
    no_wait: bool,
    library: Path | None,
    assignments: tuple[str, ...],
) -> None:
    """Run a plugin under a debugger, attach a throw-away host to it, and scan a small library with it.

    debugpy waits for an editor to connect; pdb uses this terminal, and stops where the code says breakpoint(). The
    plugin runs without a sandbox, and its calls have no deadline. Ctrl-C ends all of it.
    """
    from viewra.authoring.debugger import choose, debugged, unhurried
    from viewra.authoring.suites import has_module
    from viewra.authoring.targets import find_target
    from viewra.authoring.workshop import open_workshop
    from viewra.host.environments.environments import Environments

    found = find_target(target, lambda: options.host(exclusive=False))
    manifest = found.manifest()
    settings = settings_of(options, manifest, assignments, stored=found.host_knows)
    make_host = throw_away(options, manifest.id)
    with open_workshop(manifest, make_host, library=library, settings=settings, prepare=unhurried) as workshop:
        log = _log_of(workshop)
        environment = Environments(workshop.data_dir, options.packages).of(manifest)
        python = None if environment is None else environment.python
        debugger = choose(manifest, wanted, lambda interpreter: has_module(interpreter, "debugpy"), python)
        with debugged(
            manifest, debugger, port, lambda line: log.line("stderr", line), wait=not no_wait, python=python
        ) as running:
            if debugger == "debugpy":
                print_line(f"debugpy listens at 127.0.0.1:{port}" + ("" if no_wait else ", and waits for your editor"))
                print_line(f"  in VS Code: Run and Debug, Python Debugger, Remote Attach, 127.0.0.1, {port}")
            else:
                print_line("pdb runs in this terminal: it stops where the plugin's code says breakpoint()")
            _attached(workshop, running)


def _log_of(workshop: Workshop) -> Any:
    from viewra.host.logs.file import log_path
    from viewra.host.logs.log import PluginLog

    return PluginLog(workshop.plugin.id, log_path(workshop.data_dir, workshop.plugin.id)).new_run()


def _attached(workshop: Workshop, running: Debugged) -> None:
    """Attach the host, try the plugin, and wait for its end, or for Ctrl-C."""
    from viewra.authoring.trial import try_out

    cancel = threading.Event()
    plugin = workshop.plugin
    with Screen(workshop) as screen, handled(Escalation(cancel, running.end_soon)):
        record = running.wait_for_record(cancel)
        if record is None:
            if not cancel.is_set():
                raise PluginUnavailable(plugin.id, f"ended with status {running.process.returncode} before it served")
            return
        plugin.attach(record)
        print_line(f"attached to process {record.pid}, which serves {', '.join(plugin.services)}")
        print_line(f"call it from another terminal: viewra --data-dir {workshop.data_dir} plugins call {plugin.id} …")
        try:
            trial = try_out(workshop, cancel)
            if not cancel.is_set():
                screen.tried(trial)
        except PluginError as error:
            if not cancel.is_set():
                screen.failed(plugin, error, None)
        while not cancel.is_set() and running.process.poll() is None:
            cancel.wait(0.2)
    print_line(f"{plugin.id} has ended" if not cancel.is_set() else f"{plugin.id} is ended", err=True)
