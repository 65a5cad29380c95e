"""The command's entry point: subcommands by name, and the global options. ``_ending`` handles its end."""

from __future__ import annotations

import importlib
import sys

import click

from viewra.cli._ending import status_of
from viewra.cli._options import Options
from viewra.cli._output import print_line

COMMANDS = {
    "scan": "Scan folders: read new and changed files' metadata and make it searchable.",
    "show": "Show all metadata of one file, and which plugin gave it.",
    "search": "Search the library.",
    "ls": "List files, albums, artists, genres or playlists.",
    "stats": "Show how much the library has.",
    "export": "Write files and their metadata as JSON, CSV or a playlist.",
    "library": "Add, list, remove and scan libraries.",
    "fsck": "Verify that files, metadata, scans and the search agree, and repair them.",
    "db": "Migrate and check the databases of the host and of plugins.",
    "doctor": "Show this machine's sandboxing mechanisms.",
    "plugins": "List, enable, start, stop and monitor plugins.",
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
    type=click.Choice(["auto", "landlock", "rlimits", "off"]),
    default="off",
    show_default=True,
    help="The sandbox for plugins; auto is the strongest that this machine supports, see viewra doctor.",
)
@click.option("--allow-unsandboxed", is_flag=True, help="Start plugins even if this machine cannot sandbox them.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def group(
    ctx: click.Context,
    plugins: tuple[str, ...],
    database: str | None,
    data_dir: str | None,
    log_level: str,
    log_format: str,
    auto_mtls: bool,
    reattach: tuple[str, ...],
    sandbox: str,
    allow_unsandboxed: bool,
) -> None:
    """A plugin system for media libraries: scan folders through isolated plugins, and search their metadata."""
    ctx.obj = Options(
        plugins, database, data_dir, log_level, log_format, auto_mtls, reattach, sandbox, allow_unsandboxed
    )


def main() -> None:
    """Run the command; ends the process with status 0 (success), 1 (failed) or 2 (wrong usage)."""
    sys.exit(status_of(lambda: group.main(standalone_mode=False)))
