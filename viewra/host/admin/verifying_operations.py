"""Operations that verify the library: what ``viewra fsck`` does."""

from __future__ import annotations

from viewra.host.admin.operation import operation
from viewra.host.scanning import Scanning
from viewra.host.verifying import Verification


@operation(changes=True)
def fsck_start(host: Scanning, repair: bool = False) -> Verification:
    """Begin to verify that files, metadata, scans, the search and assets agree, and to repair what does not."""
    return host.verifier.start(repair=repair)


@operation(changes=False)
def fsck_get(host: Scanning) -> Verification:
    """The verification in progress, or the last one since viewra started."""
    return host.verifier.last()
