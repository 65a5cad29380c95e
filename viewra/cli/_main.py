"""The command's entry point: subcommands by name, and the global options. ``_ending`` handles its end."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from viewra.cli import _completion, _garbage
from viewra.cli._ending import status_of
from viewra.cli._options import Options
from viewra.cli._output import print_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


COMMANDS = {
    "scan": "Scan folders: read new and changed files' metadata and make it searchable.",
    "scans": "List scans; pause, resume and cancel those that run.",
    "show": "Show all metadata of one file, and which plugin gave it.",
    "search": "Search the library.",
    "ls": "List files, albums, artists, genres, films, series or playlists.",
    "stats": "Show how much the library has.",
    "export": "Write files and their metadata as JSON, CSV or a playlist.",
    "library": "Add, list, remove and scan libraries.",
    "assets": "List and show covers and other files that plugins have stored.",
    "fsck": "Verify that files, metadata, scans, the search and assets agree, and repair them.",
    "db": "Migrate and check the databases of the host and of plugins.",
    "tasks": "List, cancel, retry and execute the tasks of plugins.",
    "serve": "Run the admin pages and the HTTP API.",
    "token": "Make, list and revoke tokens for the HTTP API.",
    "password": "Set the password of the admin pages.",
    "doctor": "Show this machine's sandboxing mechanisms.",
    "plugins": "List, enable, start, stop, monitor and write plugins.",
    "catalog": "Build a catalog of plugins, and keys to sign them.",
    "completion": "Print the script with which a shell completes commands, plugins, libraries and fields.",
}
"""Each command with its short help, so that ``--help`` imports none of them."""


class LazyGroup(click.Group):
    """A group that imports each command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of their use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with this name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"viewra.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without importing them, or options."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from viewra import __version__  # reading the version takes a while

        print_line(f"viewra {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "VIEWRA"},
    epilog="Every option can also be set as an environment variable: VIEWRA_DATA_DIR, VIEWRA_PLUGINS, …",
)
@click.option(
    "--plugins", multiple=True, type=click.Path(), metavar="DIR", help="Look for plugins here first (repeatable)."
)
@click.option("--database", metavar="URL", help="The host's database [default: viewra.db in the data directory].")
@click.option("--data-dir", metavar="DIR", help="Where viewra keeps its data [default: the user's data directory].")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="Log messages of at least this level, to stderr.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--auto-mtls", is_flag=True, help="Encrypt the connections to plugins (mutual TLS).")
@click.option(
    "--reattach",
    multiple=True,
    metavar="ID=JSON",
    help="Use a plugin that you run by hand, for example in a debugger: its id and the JSON that it printed at its "
    'start, as in finder=\'{"Protocol": "grpc", …}\' (repeatable).',
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "landlock", "bwrap", "rlimits", "off"]),
    default="auto",
    show_default=True,
    help="The sandbox for plugins; auto is the strongest that this machine supports, see viewra doctor.",
)
@click.option("--allow-unsandboxed", is_flag=True, help="Start plugins even if this machine cannot sandbox them.")
@click.option(
    "--cap",
    "caps",
    multiple=True,
    metavar="LIMIT=N",
    help="The most that any plugin may use, whatever is set for it: memory_mb, cpu_percent, open_files, processes, "
    "file_mb, disk_mb, network_kb_s, requests_per_s (repeatable).",
)
@click.option(
    "--fetch-contact", default="", metavar="TEXT", help="A mail address or URL that each request for a plugin tells."
)
@click.option(
    "--fetch-proxy",
    default="",
    metavar="URL",
    help="The HTTP proxy for requests for plugins, off for none [default: as in https_proxy and no_proxy].",
)
@click.option(
    "--fetch-ca",
    default="",
    metavar="FILE",
    help="The certificates to trust in requests for plugins, in PEM format [default: the system's].",
)
@click.option(
    "--find-links",
    multiple=True,
    metavar="DIR",
    help="Take the Python packages that plugins need from this folder or page of wheels, too (repeatable).",
)
@click.option("--no-index", is_flag=True, help="Take them from nowhere else, for a machine without a network.")
@click.option(
    "--allow-builds",
    is_flag=True,
    help="Build packages that exist as source only; their build scripts run with all your rights.",
)
@click.option(
    "--catalog",
    "catalogs",
    multiple=True,
    metavar="DIR|URL[#KEY]",
    help="Look plugins up in this catalog, which must be signed by the minisign key KEY if you name one (repeatable).",
)
@click.option(
    "--zygote",
    type=click.Choice(["auto", "always", "off"]),
    default="auto",
    show_default=True,
    help="Which plugins in Python fork from a process that has imported the SDK: from the second on, all, or none.",
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def group(ctx: click.Context, /, **given: Any) -> None:
    """A plugin system for media libraries: scan folders through isolated plugins, and search their metadata."""
    ctx.obj = Options(**given)


def main() -> None:
    """Run the command; ends the process with status 0 (success), 1 (failed) or 2 (wrong usage)."""
    if _completion.is_asked():
        _completion.answer(group)
        sys.exit(0)
    _garbage.put_off()
    sys.exit(status_of(lambda: group.main(prog_name="viewra", standalone_mode=False)))
