"""``Packages``: what operations on packages work on, and what they share: a preview, then consent by its digest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import attrs

from viewra.errors import UsageError, ViewraError
from viewra.host.admin import installing_operations
from viewra.host.admin.values import Done, Preview
from viewra.host.installed.versions import Versions
from viewra.host.packages.arriving import Arrivals
from viewra.host.packages.staging import Staged
from viewra.host.packages.uploads import Uploads
from viewra.host.registry import Registry


@attrs.frozen
class Packages:
    """The ``plugins`` of a host, and what it installs some from: its ``catalogs``, and ``uploads``.

    ``arrivals`` reports what is fetched.
    """

    plugins: Registry
    catalogs: tuple[str, ...]
    uploads: Uploads
    arrivals: Arrivals

    @property
    def data_dir(self) -> Path:
        """The host's data directory."""
        return self.plugins.data_dir


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Say what is wrong with the disk, such as that it is full."""
    try:
        yield
    except OSError as error:
        place, why = error.filename or "the data directory", error.strerror or str(error)
        raise ViewraError(f"{place}: {why}", hint="mend that, and try again") from error


def preview(packages: Packages, package: Staged) -> Preview:
    """What a staged package is and asks for."""
    manifest, origin = package.manifest, package.origin
    current = Versions(packages.data_dir, manifest.id).current
    return Preview(
        id=manifest.id,
        name=manifest.name,
        version=manifest.version,
        installed=current.version if current is not None else None,
        description=manifest.description,
        author=manifest.author,
        source=origin.catalog or origin.place,
        signer=origin.signer,
        signer_before=current.origin.signer if current is not None else "",
        permissions=tuple(packages.plugins.asks(manifest, package.directory)),
        digest=package.tree,
    )


def require_same(package: Staged, digest: str) -> None:
    """Raise UsageError unless ``digest`` is that of the package's preview."""
    if package.tree != digest:
        raise UsageError(
            f"{package.manifest.id} {package.manifest.version} is not what its preview has shown",
            hint="look at it again: the digest is that of the preview",
        )


def install(packages: Packages, package: Staged, **how: bool) -> Done:
    """Install a staged package; see ``installing_operations.install``."""
    return installing_operations.install(packages.plugins, str(package.directory), package.origin, **how)
