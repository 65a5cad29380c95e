"""``self.host``: what a plugin asks of its host. Works the same in a process of its own and in the host's.

Every method raises a ViewraError: PermissionDenied for what the operator has not granted, UsageError for wrong
arguments, QuotaExceeded, HostTimeout, HostUnavailable without a host that has these services, or HostError.
"""

from __future__ import annotations

from viewra.sdk.host.services import HostServices

__all__ = ["HostServices"]
