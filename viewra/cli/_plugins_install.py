"""``viewra plugins install|upgrade|rollback|outdated``: packages of plugins, and their versions."""

from __future__ import annotations

from typing import Any

import click

from viewra.cli import _completing
from viewra.cli._control import ask_or_hold
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table, print_text
from viewra.errors import ViewraError

_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_grant = click.option("--grant-requested", is_flag=True, help="Grant all permissions that it requests.")
_signer = click.option(
    "--accept-signer", is_flag=True, help="Accept a version that is signed by another key than before."
)
_untried = click.option("--untried", is_flag=True, help="Do not start it first, to see whether it starts.")


@click.command("install")
@click.argument("source", metavar="PATH|ZIP|WHEEL|GIT-URL|URL|NAME")
@_yes
@_grant
@_signer
@_untried
@click.option("--disabled", is_flag=True, help="Do not enable it.")
@json_option
@click.pass_obj
def install_command(
    options: Options,
    source: str,
    yes: bool,
    grant_requested: bool,
    accept_signer: bool,
    untried: bool,
    disabled: bool,
    as_json: bool,
) -> None:
    """Install a plugin, or another version of it, from a folder, an archive, a repository or a catalog.

    NAME or NAME==VERSION is looked up in the catalogs (--catalog). SOURCE#FOLDER is the plugin in a folder of it,
    git+URL@REVISION a branch, tag or commit. Its manifest is checked, its permissions are shown, and it is started once
    on empty data before it is used; the version before is kept for a rollback.
    """
    from viewra.cli import _packages

    with _packages.stage(options, source) as package:
        if not as_json:
            _packages.show(package)
        granted = _packages.agree(package, yes=yes, grant_requested=grant_requested)
        how = {"enable": not disabled, "accept_signer": accept_signer, "untried": untried}
        done = _packages.hand_over(options, package, grant_requested=granted, **how)
    if as_json:
        print_json(done)
    else:
        _packages.report(done)


@click.command("upgrade")
@click.argument("plugin_ids", nargs=-1, metavar="[ID…]", shell_complete=_completing.plugins)
@_grant
@_signer
@_untried
@json_option
@click.pass_obj
def upgrade_command(
    options: Options,
    plugin_ids: tuple[str, ...],
    grant_requested: bool,
    accept_signer: bool,
    untried: bool,
    as_json: bool,
) -> None:
    """Upgrade plugins, by default all that were installed and not uploaded, from where they came from.

    A version that asks for more, or that another key signed, is not installed unless you accept that. No call is lost.
    """
    from viewra.host.installed.versions import installed, require_installed

    ours = installed(options.directory)
    ids = plugin_ids or tuple(name for name, record in ours.items() if record.origin.kind != "upload")
    for plugin_id in ids:
        require_installed(options.directory, plugin_id)
    how = {"grant_requested": grant_requested, "accept_signer": accept_signer, "untried": untried}
    results: list[dict[str, Any]] = []
    failed: list[ViewraError] = []
    for plugin_id in ids:
        try:
            results.append({"id": plugin_id, **_upgraded(options, plugin_id, how)})
        except ViewraError as error:
            if len(ids) == 1:
                raise
            failed.append(error)
            results.append(
                {"id": plugin_id, "upgraded": False, "said": f"{error}; {error.hint}" if error.hint else str(error)}
            )
    if as_json:
        print_json(results)
    else:
        for one in results:
            print_text(one["said"])
        if not ids:
            print_line("no plugin was installed by viewra plugins install")
    if failed:
        raise ViewraError(f"{len(failed)} of {len(ids)} plugins were not upgraded")


def _upgraded(options: Options, plugin_id: str, how: dict[str, bool]) -> dict[str, Any]:
    from viewra.cli import _packages
    from viewra.host.packages.newer import is_newest, staged_newer

    with staged_newer(options.catalogs, options.directory, plugin_id) as package:
        if package is None:
            return {"upgraded": False, "said": is_newest(options.directory, plugin_id)}
        done = _packages.hand_over(options, package, enable=False, **how)
    return {"upgraded": True, "said": done["said"]}


@click.command("rollback")
@click.argument("plugin_id", metavar="ID", shell_complete=_completing.plugins)
@json_option
@click.pass_obj
def rollback_command(options: Options, plugin_id: str, as_json: bool) -> None:
    """Use the version of a plugin again that the last install or upgrade replaced; no call is lost.

    Its database stays as it is: where the newer version has migrated it, see viewra db downgrade.
    """
    done = ask_or_hold(options, "rollback", plugin_id=plugin_id)
    if as_json:
        print_json(done)
    else:
        print_text(done["said"])


@click.command("outdated")
@json_option
@click.pass_obj
def outdated_command(options: Options, as_json: bool) -> None:
    """List installed plugins of which a catalog has a newer version."""
    from viewra.host.admin.present import as_json as as_data
    from viewra.host.packages.newer import outdated

    rows = outdated(options.catalogs, options.directory)
    if as_json:
        print_json(as_data(rows))
    elif rows:
        table = [(row.id, row.version, row.newest, row.catalog) for row in rows]
        print_table(table, ("ID", "VERSION", "NEWEST", "CATALOG"))
    else:
        print_line("all plugins from catalogs are up to date")


INSTALL_COMMANDS = (install_command, upgrade_command, rollback_command, outdated_command)
