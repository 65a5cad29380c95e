"""``viewra plugins new NAME --service CAPABILITY…``: writes a new plugin, which passes its own tests."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import attrs
import click

from viewra.cli._options import Options
from viewra.cli._output import json_option, print_json, print_line
from viewra.errors import UsageError
from viewra.host.installed.data_dir import PACKAGES
from viewra.library import display
from viewra.services import SERVICES


@click.command("new")
@click.argument("name", metavar="NAME")
@click.argument("more", metavar="[DIR]", nargs=-1, type=click.Path())
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="CAPABILITY…",
    help=f"What it offers: {', '.join(SERVICES.capabilities)}; several, or repeated.",
)
@click.option("--lang", type=click.Choice(["python", "go"]), default="python", show_default=True, help="Its language.")
@json_option
@click.pass_obj
def new_command(
    options: Options, name: str, more: tuple[str, ...], services: tuple[str, ...], lang: str, as_json: bool
) -> None:
    """Write a new plugin to DIR, by default to ./NAME: manifest, code, tests and README."""
    from viewra.authoring.naming import require_free, require_id, services_named  # imports the manifest's evaluator
    from viewra.authoring.scaffold import write_plugin

    capabilities, places = _sorted(services, more)
    plugin_id = require_id(name)
    chosen = services_named(capabilities)
    require_free(plugin_id, [Path(one) for one in options.plugins], options.directory / PACKAGES)
    written = write_plugin(plugin_id, chosen, Path(places[0] if places else name), language=lang)
    if as_json:
        print_json({**attrs.asdict(written), "path": display(str(written.path))})
        return
    place = shlex.quote(
        str(written.path if places and Path(places[0]).is_absolute() else os.path.relpath(written.path))
    )
    print_line(f"{plugin_id} is in {place}: {', '.join(written.services)}")
    for file in written.files:
        print_line(f"  {file}")
    print_line(f"run it on sample files, and again with each change: viewra plugins dev {place}")
    print_line(f"test it: viewra plugins test {place}")


def _sorted(services: tuple[str, ...], more: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The names of services and the directory: ``--service a b`` and ``--service a,b`` name two services."""
    known = {name for service in SERVICES for name in (service.name, service.capability)}
    named = [name for text in services for name in text.split(",") if name]
    named += [one for one in more if services and one in known]
    places = [one for one in more if not services or one not in known]
    if len(places) > 1:
        raise UsageError(f"these are no services: {', '.join(places)}", hint=f"they are: {', '.join(sorted(known))}")
    return named, places
