"""``viewra plugins dev DIR``: runs a plugin in a throw-away host, again with each change, and shows what it says."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from viewra.cli._assignments import pairs
from viewra.cli._dev_site import DevSite, refuse_taken
from viewra.cli._options import Options
from viewra.cli._output import print_line, print_table, print_text
from viewra.errors import ViewraError
from viewra.types.values import joined

if TYPE_CHECKING:  # --help must not import the host
    from viewra.authoring.traces import OwnLine
    from viewra.authoring.trial import FileSaid, Trial
    from viewra.authoring.workshop import Workshop
    from viewra.host import Host, Plugin
    from viewra.manifest import Manifest

_OF_HOST = re.compile(r"\bviewra plugins(?! (?:check|new|test|dev)\b)")
"""Where a message names a command on a host's plugins: it has to reach the throw-away host."""

library_option = click.option(
    "--library", metavar="DIR", type=click.Path(path_type=Path), help="Your own media files [default: a few tiny ones]."
)
set_option = click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A setting of the plugin (repeatable)."
)


@click.command("dev")
@click.argument("target", metavar="DIR")
@library_option
@set_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Serve its pages and routes at this port of localhost [default: any free one].",
)
@click.pass_obj
def dev_command(options: Options, target: str, library: Path | None, assignments: tuple[str, ...], port: int) -> None:
    """Run the plugin in DIR, enabled and with all permissions that it requests, and again with each change of its code.

    It runs in a host of its own with a temporary data directory and a small library; its log and what it says of each
    file are shown, and errors with the line of its code. Its pages and routes are served. Ctrl-C ends all of it.
    """
    from viewra.authoring.dev import Development
    from viewra.authoring.targets import build, find_target
    from viewra.authoring.workshop import open_workshop

    if port:
        refuse_taken(port)
    found = find_target(target, lambda: options.host(exclusive=False))
    build(found)
    manifest = found.manifest()
    settings = settings_of(options, manifest, assignments, stored=found.host_knows)
    with open_workshop(manifest, throw_away(options, manifest.id), library=library, settings=settings) as workshop:
        with Screen(workshop, port) as screen:
            screen.opened()
            Development(workshop, found, screen).run()
        print_line(f"{manifest.id} is stopped, and its host and data are gone", err=True)


def throw_away(options: Options, plugin_id: str) -> Callable[[Path, Path], Host]:
    """Makes hosts as the global options say, but for directories, database and log: the plugin's is shown whole."""

    def make(plugins: Path, data_dir: Path) -> Host:
        own = options._replace(
            plugins=(str(plugins),), data_dir=str(data_dir), database=None, reattach=(), log_level="debug"
        )
        host = own.host()
        _show_log(plugin_id)
        return host

    return make


def _show_log(plugin_id: str) -> None:
    """Show all that the plugin logs, and of the host's log only warnings: commands show its errors themselves."""
    logging.getLogger("viewra").setLevel(logging.WARNING)
    for quiet in ("viewra.host", "viewra.adapters"):
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    logging.getLogger(f"viewra.plugin.{plugin_id}").setLevel(logging.DEBUG)


def settings_of(
    options: Options, manifest: Manifest, assignments: tuple[str, ...], *, stored: bool
) -> dict[str, object]:
    """This command's settings, and with ``stored`` those that the operator stored for a plugin of this id."""
    from viewra.host.installed.secrets import SecretBox
    from viewra.host.installed.setting_rows import assigned
    from viewra.host.installed.settings import parse_setting, stored_values

    given = {key: parse_setting(manifest.settings, key, text) for key, text in pairs(assignments).items()}
    if not stored:
        return dict(given)
    url = options.host(exclusive=False).database_url
    return assigned(stored_values(manifest, url, SecretBox(options.directory)), given)


class Screen:
    """Shows an author what happens to the plugin, on stdout; the log goes to stderr.

    Pages and routes are served at ``port``, 0 for any free one, once there are any, until the ``with`` block ends.
    """

    def __init__(self, workshop: Workshop, port: int = 0) -> None:
        self._workshop = workshop
        self._port = port
        self._site: DevSite | None = None

    def __enter__(self) -> Self:
        """See the class."""
        return self

    def __exit__(self, *_: object) -> None:
        """See the class."""
        if self._site is not None:
            self._site.close()

    def opened(self) -> None:
        """Say where everything is."""
        workshop = self._workshop
        print_line(f"{workshop.plugin.id} in {workshop.directory}, with the library {workshop.library}")
        print_line(f"beside it, in another terminal: viewra --data-dir {workshop.data_dir} …")
        print_line("  search WORD, show FILE, ls, plugins call, plugins logs, plugins settings …")

    def started(self, plugin: Plugin, seconds: float) -> None:
        """The plugin runs."""
        offered = ", ".join(plugin.services) or "no services"
        print_line()
        print_line(f"{plugin.id} {plugin.info.version} runs: {offered}; process {plugin.pid}, {seconds:.2f} s")

    def failed(self, plugin: Plugin, error: ViewraError, line: OwnLine | None) -> None:
        """The present code cannot be used."""
        print_line()
        print_text(f"FAILED: {error}")
        if line is not None:
            print_line(f"  at {line}")
        if error.hint:
            beside = f"viewra --data-dir {self._workshop.data_dir} plugins"
            print_line(f"  {_OF_HOST.sub(beside, error.hint)}")
        if plugin.pid is not None:
            print_line(f"  the code before goes on: process {plugin.pid}")

    def tried(self, trial: Trial) -> None:
        """The library was scanned."""
        if trial.reads is not None:
            self._read(trial)
        for problem in trial.problems:
            print_text(f"FAILED: {problem}")
        if trial.pending:
            print_line(f"{trial.pending} notifications of the scan were not taken: viewra plugins events says why")
        if trial.pages is not None or trial.routes is not None:
            self._served()
        if trial.search is not None:
            print_line(f"searches by {', '.join(trial.search.supported_fields) or 'no field'}")

    def _served(self) -> None:
        """Serve the pages and routes, and show how to ask for them."""
        if self._site is None:
            self._site = DevSite.start(self._workshop.host, self._port)
        site, declared = self._site, self._site.declared(self._workshop.plugin)
        for page in declared.pages:
            print_line(f"page {page.title}: {page.href if '://' in page.href else site.url + page.href}")
        if declared.pages:
            print_line(f"  sign in with the password {site.password}")
        for route in declared.routes:
            print_line(f"route {route.method} {site.url_of(self._workshop.plugin, route)}")
        if declared.routes:
            url = next(
                (site.url_of(self._workshop.plugin, one) for one in declared.routes if one.method == "GET"), "URL"
            )
            print_line(f'  curl -H "Authorization: Bearer {site.token}" {url}')
        if declared.reason:
            print_line(f"  {declared.reason}")
        if not declared.pages and not declared.routes:
            print_line("it has no pages or routes yet")

    def waiting(self) -> None:
        """Nothing happens until the code changes."""
        print_line(f"waiting for a change in {self._workshop.directory}; Ctrl-C ends")

    def _read(self, trial: Trial) -> None:
        read = [file for file in trial.files if file.fields or file.error]
        for file in read:
            self._file(file)
        print_line(f"metadata of {len(read)} of {trial.total} files; {trial.seconds:.2f} s")
        if not read and not trial.problems:
            print_line(
                f"  no file gave metadata: it reads {', '.join(trial.reads or ()) or 'what can_handle accepts'};"
            )
            print_line("  with --library DIR it is tried on files of yours")

    @staticmethod
    def _file(file: FileSaid) -> None:
        print_line(f"{file.path} ({file.mime_type})")
        if file.fields:
            print_table(
                [(f"  {name}", joined(value)) for name, value in sorted(file.fields.items())], ("  FIELD", "VALUE")
            )
        if file.error:
            print_text(f"  FAILED: {file.error}")
        if file.line is not None:
            print_line(f"  at {file.line}")
