"""``viewra catalog build|key``: catalogs of plugins, for those who publish them."""

from __future__ import annotations

from pathlib import Path

import click

from viewra.cli._output import ask_unseen, json_option, print_json, print_line, print_table

_PASSWORD = "VIEWRA_KEY_PASSWORD"  # noqa: S105 - the name of a variable


@click.group("catalog")
def command() -> None:
    """Build a catalog of plugins: a folder to copy to a web server, from which viewra plugins install takes them."""


@command.command("build")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("plugins", nargs=-1, metavar="[PLUGIN…]", type=click.Path(path_type=Path))
@click.option(
    "--key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=f"Sign packages and catalog with this secret minisign key; its password is asked for, or in {_PASSWORD}.",
)
@json_option
def build_command(folder: Path, plugins: tuple[Path, ...], key: Path | None, as_json: bool) -> None:
    """Write DIR/index.json, the catalog of the packages (.zip, .whl) in DIR.

    The folders PLUGIN… are packed into DIR before, which is made if it is not there. Each package is checked as at an
    installation. Signatures that authors made (minisign -Sm FILE) are verified and listed, with their public key in
    FILE.minisig.pub.
    """
    from viewra.host.packages import publishing, signatures

    secret = signatures.read_secret_key(key, _password) if key is not None else None
    if plugins:
        folder.mkdir(exist_ok=True)
    for plugin in plugins:
        publishing.pack(plugin, folder)
    entries = publishing.build(folder, secret)
    if as_json:
        print_json([{"id": one.id, "versions": [release.version for release in one.versions]} for one in entries])
        return
    rows = [
        (one.id, release.version, f"{release.size:,}", release.signer or "not signed")
        for one in entries
        for release in one.versions
    ]
    if rows:
        print_table(rows, ("ID", "VERSION", "BYTES", "SIGNED BY"))
    print_line(f"{folder / 'index.json'} lists {len(entries)} {'plugin' if len(entries) == 1 else 'plugins'}", err=True)


@command.command("key")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@json_option
def key_command(file: Path, as_json: bool) -> None:
    """Make a key to sign packages with: the secret one in FILE, to be kept, the public one in FILE.pub.

    Its password is asked for, or in VIEWRA_KEY_PASSWORD; without one the file is not encrypted.
    """
    from viewra.host.packages import signatures

    public = signatures.make_key(file, _password())
    if as_json:
        print_json({"key": public})
    else:
        print_line(public)


def _password() -> str:
    import os
    import sys

    if _PASSWORD in os.environ or not sys.stdin.isatty():
        return os.environ.get(_PASSWORD, "")
    return ask_unseen("password of the key (none: empty)")
