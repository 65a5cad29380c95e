"""``viewra plugins check DIR``: checks a plugin's manifest and files, and with ``--run`` its process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
import click

from viewra.cli._assignments import pairs
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_lines
from viewra.errors import ManifestError, MigrationError, PluginError, ViewraError
from viewra.host.environments.environments import with_requirements
from viewra.manifest import Manifest
from viewra.manifest.report import CheckReport, check
from viewra.revisions import read_revisions
from viewra.services import SERVICES, TABLES


@click.command("check")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--run", is_flag=True, help="Start the plugin too, and compare its services with those that it claims.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting for --run that overrides the stored one, as in --set api_key=abc (repeatable).",
)
@json_option
@click.pass_obj
def check_command(options: Options, directory: Path, run: bool, assignments: tuple[str, ...], as_json: bool) -> None:
    """Check a plugin's manifest and files, and report all errors, each with its place."""
    report = _with_migrations(with_requirements(check(directory)))
    if run and report.ok:
        report = _run(options, report, pairs(assignments))
    if as_json:
        print_json(report.data())
    else:
        if text := report.text():
            print_lines(text)
            print_line()
        errors, warnings = len(report.errors), len(report.warnings)
        print_line(f"{directory}: {errors} errors, {warnings} warnings" if errors or warnings else f"{directory}: fine")
    if not report.ok:
        click.get_current_context().exit(1)


def _with_migrations(report: CheckReport) -> CheckReport:
    """The report with the faults of the plugin's migrations, which are read and not run."""
    manifest = report.manifest
    if manifest is None or TABLES not in manifest.capabilities:
        return report
    folder = manifest.directory / "migrations"
    if not folder.is_dir():  # the plugin keeps them elsewhere, or needs none
        return report
    try:
        read_revisions(folder)
    except MigrationError as error:
        message = f"{error.message}; {error.hint}" if error.hint else error.message
        failure = ManifestError(message, file=str(manifest.file), path="capabilities.database_service")
        return attrs.evolve(report, ok=False, errors=(*report.errors, failure))
    return report


def _run(options: Options, report: CheckReport, assignments: Mapping[str, str]) -> CheckReport:
    """The report with the result of running the plugin."""
    from viewra.testing import subprocess_plugin  # imports the whole host

    manifest = report.manifest
    assert manifest is not None  # noqa: S101 - a report that is ok has one
    file = str(manifest.file)
    try:
        settings = _settings(options, manifest, assignments)
        with subprocess_plugin(manifest.directory, settings=settings, packages=options.packages) as plugin:
            offered, answers = set(plugin.services), plugin.http.available
    except ViewraError as error:
        failure = ManifestError(error.message if isinstance(error, PluginError) else str(error), file=file)
        return attrs.evolve(report, ok=False, errors=(failure,))
    claimed = [
        ManifestError("is claimed, but the running plugin does not offer it", file=file, path=f"capabilities.{name}")
        for name in sorted(manifest.capabilities - offered)
    ]
    silent = [
        ManifestError("is offered by the running plugin, but not claimed", file=file, path=f"capabilities.{name}")
        for name in sorted(offered - manifest.claimed(SERVICES))
    ]
    mute = [
        ManifestError("its pages or routes are not answered: the plugin has no HttpService", file=file, path=path)
        for name in sorted(offered & {"admin_page", "api_registration"})
        if not answers and (path := f"capabilities.{name}")
    ]
    warnings = (*report.warnings, *silent, *mute)
    return attrs.evolve(report, ok=not claimed, errors=tuple(claimed), warnings=warnings)


def _settings(options: Options, manifest: Manifest, assignments: Mapping[str, str]) -> dict[str, object]:
    """The settings that the operator stored for a plugin of this id, overridden by this command's."""
    from viewra.host.installed.secrets import SecretBox
    from viewra.host.installed.setting_rows import assigned
    from viewra.host.installed.settings import parse_setting, stored_values

    given = {key: parse_setting(manifest.settings, key, text) for key, text in assignments.items()}
    url = options.host(exclusive=False).database_url
    return assigned(stored_values(manifest, url, SecretBox(options.directory)), given)
