"""Operations on packages that a client has uploaded: each is named by the SHA-256 of its archive."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from viewra.errors import UsageError
from viewra.host.admin.operation import operation
from viewra.host.admin.packages import Packages, disk_errors, install, preview, require_same
from viewra.host.admin.values import Done, Preview
from viewra.host.packages.names import BadPackage
from viewra.host.packages.staging import Staged, staged


@operation(changes=False)
def upload_preview(packages: Packages, upload_id: str) -> Preview:
    """Say what an uploaded package asks for; installs nothing."""
    with _staged(packages, upload_id) as package:
        return preview(packages, package)


@operation(changes=True)
def upload_install(
    packages: Packages,
    upload_id: str,
    digest: str,
    enable: bool = True,
    grant_requested: bool = False,
    accept_signer: bool = False,
    untried: bool = False,
) -> Done:
    """Install an uploaded package, or replace the installed version by it; ``digest`` is that of its preview."""
    with _staged(packages, upload_id) as package:
        require_same(package, digest)
        done = install(
            packages,
            package,
            enable=enable,
            grant_requested=grant_requested,
            accept_signer=accept_signer,
            untried=untried,
        )
    with contextlib.suppress(UsageError):  # it was discarded meanwhile
        packages.uploads.discard(upload_id)
    return done


@operation(changes=True)
def upload_discard(packages: Packages, upload_id: str) -> None:
    """Delete an uploaded package that is not wanted."""
    packages.uploads.discard(upload_id)


@contextlib.contextmanager
def _staged(packages: Packages, upload_id: str) -> Iterator[Staged]:
    """The package, checked; the sender of one that is refused can send another, so it is a UsageError."""
    try:
        with disk_errors(), staged(packages.data_dir, packages.uploads.fetch(upload_id)) as package:
            yield package
    except BadPackage as error:
        raise UsageError(error.message, hint=error.hint) from error
