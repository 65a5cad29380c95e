"""``viewra plugins check DIR``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from viewra.cli._output import json_option, print_json
from viewra.cli._plugins_settings import pair
from viewra.errors import ManifestError, MigrationError, PluginError, ViewraError
from viewra.manifest.report import CheckReport, check
from viewra.revisions import read_revisions


@click.command("check")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--run", is_flag=True, help="Start the plugin too, and compare what it offers with what it claims.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting to start it with, as in --set api_key=abc (repeatable).",
)
@json_option
def check_command(directory: Path, run: bool, assignments: tuple[str, ...], as_json: bool) -> None:
    """Check a plugin's manifest and files: every error at once, each with its place."""
    report = _with_migrations(check(directory))
    if run and report.ok:
        report = _run(report, dict(pair(one) for one in assignments))
    if as_json:
        print_json(report.data())
    else:
        if text := report.text():
            click.echo(text + "\n")
        errors, warnings = len(report.errors), len(report.warnings)
        click.echo(f"{directory}: {errors} errors, {warnings} warnings" if errors or warnings else f"{directory}: fine")
    if not report.ok:
        click.get_current_context().exit(1)


def _with_migrations(report: CheckReport) -> CheckReport:
    """The report with what is wrong with the plugin's migrations, which are read and not run."""
    manifest = report.manifest
    if manifest is None or "database_service" not in manifest.capabilities:
        return report
    folder = manifest.directory / "migrations"
    if not folder.is_dir():  # it keeps them elsewhere, or needs none
        return report
    try:
        read_revisions(folder)
    except MigrationError as error:
        message = f"{error.message}; {error.hint}" if error.hint else error.message
        failure = ManifestError(message, file=str(manifest.file), path="capabilities.database_service")
        return attrs.evolve(report, ok=False, errors=(*report.errors, failure))
    return report


def _run(report: CheckReport, assignments: dict[str, str]) -> CheckReport:
    """The report with what running the plugin showed."""
    from viewra.host.installed.settings import parse_setting  # with both comes the whole host
    from viewra.testing import subprocess_plugin

    manifest = report.manifest
    assert manifest is not None  # noqa: S101 - a report that is ok has one
    file = str(manifest.file)
    try:
        given = {key: parse_setting(manifest.settings, key, text) for key, text in assignments.items()}
        with subprocess_plugin(manifest.directory, settings=given) as plugin:
            offered = set(plugin.services)
    except ViewraError as error:
        failure = ManifestError(error.message if isinstance(error, PluginError) else str(error), file=file)
        return attrs.evolve(report, ok=False, errors=(failure,))
    claimed = [
        ManifestError("is claimed, but the running plugin does not offer it", file=file, path=f"capabilities.{name}")
        for name in sorted(manifest.capabilities - offered)
    ]
    silent = [
        ManifestError("is offered by the running plugin, but not claimed", file=file, path=f"capabilities.{name}")
        for name in sorted(offered - manifest.capabilities)
    ]
    return attrs.evolve(report, ok=not claimed, errors=tuple(claimed), warnings=(*report.warnings, *silent))
