"""``viewra plugins test DIR``: a plugin's own tests, and the check suites of the services that it claims."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_lines, print_table
from viewra.cli._plugins_dev import library_option, set_option, settings_of


@click.command("test")
@click.argument("target", metavar="DIR")
@library_option
@set_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1),
    default=600.0,
    show_default=True,
    help="Seconds for its own tests.",
)
@json_option
@click.pass_obj
def test_command(
    options: Options, target: str, library: Path | None, assignments: tuple[str, ...], timeout_s: float, as_json: bool
) -> None:
    """Run the tests of the plugin in DIR, and viewra's checks of each service that its manifest claims.

    The checks run on the plugin as an object in a Python process, over gRPC in that process, and as a process of its
    own. Exit status 1: something failed.
    """
    from viewra.authoring.checking import is_failed
    from viewra.authoring.suites import run_suites
    from viewra.authoring.targets import build, find_target
    from viewra.cli._logging import configure

    found = find_target(target, lambda: options.host(exclusive=False))
    build(found)
    manifest = found.manifest()
    settings = settings_of(options, manifest, assignments, stored=found.host_knows)
    configure("critical", options.log_format)  # what fails is in the table
    report = run_suites(found, manifest, settings, library=library, timeout_s=timeout_s, packages=options.packages)
    failed = is_failed(report.outcomes)
    if as_json:
        results = [attrs.asdict(one) for one in report.outcomes]
        print_json({"ok": not failed, "results": results, "output": report.output})
    else:
        if report.outcomes[0].status == "failed" and report.output:
            print_lines(report.output)
            print_line()
        rows = [(one.suite, one.form, one.status, f"{one.seconds:.2f}", one.detail) for one in report.outcomes]
        print_table(rows, ("SUITE", "FORM", "RESULT", "SECONDS", "DETAIL"))
    if failed:
        click.get_current_context().exit(1)
