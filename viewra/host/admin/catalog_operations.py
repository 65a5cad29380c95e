"""Operations on packages that the host fetches itself: from the catalogs that it was started with, by name only.

A client names neither a path nor an address, so it cannot have the host read its files or reach into its network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from viewra.errors import UsageError
from viewra.host.admin.find import find_plugin
from viewra.host.admin.operation import operation
from viewra.host.admin.packages import Packages, disk_errors, install, preview, require_same
from viewra.host.admin.values import Done, Preview, Upgraded
from viewra.host.packages.offered import Offer, Outdated
from viewra.host.packages.staging import Staged, staged


@operation(changes=False)
def catalog_search(packages: Packages, q: str = "") -> list[Offer]:
    """The plugins of the catalogs in whose description all words of ``q`` occur."""
    from viewra.host.packages.offers import offers  # here and below for a light start: it needs an HTTP client

    return offers(packages.catalogs, q.split(), packages.data_dir)


@operation(changes=False)
def catalog_outdated(packages: Packages) -> list[Outdated]:
    """Installed plugins of which a catalog has a newer version."""
    from viewra.host.packages.newer import outdated

    return outdated(packages.catalogs, packages.data_dir)


@operation(changes=False)
def catalog_preview(packages: Packages, plugin_id: str, version: str = "") -> Preview:
    """Fetch a plugin from its catalog, by default the newest version, and say what it asks for; installs nothing."""
    with disk_errors(), _staged(packages, plugin_id, version) as package:
        return preview(packages, package)


@operation(changes=True)
def catalog_install(
    packages: Packages,
    plugin_id: str,
    digest: str,
    version: str = "",
    enable: bool = True,
    grant_requested: bool = False,
    accept_signer: bool = False,
    untried: bool = False,
) -> Done:
    """Install a plugin from its catalog, or replace its installed version; ``digest`` is that of its preview."""
    with disk_errors(), _staged(packages, plugin_id, version) as package:
        require_same(package, digest)
        return install(
            packages,
            package,
            enable=enable,
            grant_requested=grant_requested,
            accept_signer=accept_signer,
            untried=untried,
        )


@operation(changes=False)
def upgrade_preview(packages: Packages, plugin_id: str) -> Preview | None:
    """Fetch the newest version of a plugin from where it came from; null if that is the installed one."""
    from viewra.host.packages.newer import staged_newer

    find_plugin(packages.plugins, plugin_id)
    with (
        disk_errors(),
        packages.arrivals.of(plugin_id) as told,
        staged_newer(packages.catalogs, packages.data_dir, plugin_id, told) as package,
    ):
        return preview(packages, package) if package is not None else None


@operation(changes=True)
def upgrade(
    packages: Packages,
    plugin_id: str,
    digest: str = "",
    grant_requested: bool = False,
    accept_signer: bool = False,
    untried: bool = False,
) -> Upgraded:
    """Upgrade a plugin from where it came from; what is granted or accepted needs the ``digest`` of its preview."""
    from viewra.host.packages.newer import is_newest, staged_newer

    find_plugin(packages.plugins, plugin_id)
    if (grant_requested or accept_signer) and not digest:
        raise UsageError("what is granted or accepted must have been seen", hint="give the digest of its preview")
    with (
        disk_errors(),
        packages.arrivals.of(plugin_id) as told,
        staged_newer(packages.catalogs, packages.data_dir, plugin_id, told) as package,
    ):
        if package is None:
            return Upgraded(is_newest(packages.data_dir, plugin_id), upgraded=False)
        if digest:
            require_same(package, digest)
        done = install(
            packages,
            package,
            enable=False,
            grant_requested=grant_requested,
            accept_signer=accept_signer,
            untried=untried,
        )
        return Upgraded(done.said, upgraded=True)


@contextlib.contextmanager
def _staged(packages: Packages, plugin_id: str, version: str) -> Iterator[Staged]:
    from viewra.host.packages.catalogs import named
    from viewra.host.packages.offers import require_catalogs

    require_catalogs(packages.catalogs)
    fetch = named(packages.catalogs, f"{plugin_id}=={version}" if version else plugin_id)
    with packages.arrivals.of(plugin_id) as told, staged(packages.data_dir, fetch, told=told) as package:
        yield package
