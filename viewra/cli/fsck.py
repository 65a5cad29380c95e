"""``viewra fsck``."""

from __future__ import annotations

import attrs
import click

from viewra import library
from viewra.assets.fsck import verify as verify_assets
from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line, print_table
from viewra.library import Finding


@click.command("fsck")
@click.option("--repair", is_flag=True, help="Repair the differences.")
@json_option
@click.pass_obj
def command(options: Options, repair: bool, as_json: bool) -> None:
    """Verify that files, metadata, scans, the search and assets agree.

    The exit status is 0 if they agree or were repaired, and 1 if faults are left.
    """
    with options.host(exclusive=False) as host:
        found = library.verify(host.engine, repair=repair)
        found += verify_assets(host.assets, repair=repair)
    ok = all(finding.harmless or finding.repaired for finding in found)
    if as_json:
        print_json({"ok": ok, "findings": [attrs.asdict(finding) for finding in found]})
    elif found:
        print_table([(one.check, one.count, one.meaning, _state(one)) for one in found], ("CHECK", "COUNT", "WHAT", ""))
        if not ok and not repair:
            print_line("repair with: viewra fsck --repair")
    else:
        print_line("everything agrees")
    if not ok:
        click.get_current_context().exit(1)


def _state(finding: Finding) -> str:
    if finding.repaired:
        return "repaired"
    return "harmless" if finding.harmless else "to be repaired"
