"""Has a plugin's next migration written, by a process with the sandbox that its own would have."""

from __future__ import annotations

from pathlib import Path

from viewra.host.database.drafting import Workshop, draft_in_a_process
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.launch_spec import Machinery


def draft(installation: Installation, configuration: RunConfiguration, machinery: Machinery, message: str) -> Path:
    """Write the migration of the version in use and return its file; raises as ``draft_in_a_process``."""
    code = installation.used
    configured = configuration.configure(code)
    if configured.error is not None:
        raise configured.error
    sandbox = configuration.sandbox(configured)
    workshop = Workshop(machinery.launcher, machinery.runtime_dir, installation.private_dir, sandbox)
    own = configuration.database(code)
    return draft_in_a_process(code, own, message, workshop, pinned=configured.pin is not None)
