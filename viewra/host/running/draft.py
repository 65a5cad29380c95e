"""Drafts a plugin's next migration in a process with the plugin's own sandbox."""

from __future__ import annotations

from pathlib import Path

from viewra.host.database.drafting import Workshop, draft_in_a_process
from viewra.host.installed.installation import Installation
from viewra.host.running.configuration import RunConfiguration
from viewra.host.running.launch_spec import Machinery


def draft(installation: Installation, configuration: RunConfiguration, machinery: Machinery, message: str) -> Path:
    """Draft the next migration of the version in use and return its file; raises what ``draft_in_a_process`` raises."""
    code = installation.used
    configured = configuration.configure(code)
    if configured.error is not None:
        raise configured.error
    configuration.build_environment(code)
    environment = configuration.environment(code)
    sandbox = configuration.sandbox(configured)
    python = environment.python if environment is not None else None
    workshop = Workshop(machinery.launcher, machinery.runtime_dir, installation.private_dir, sandbox, python)
    own = configuration.database(code)
    return draft_in_a_process(code, own, message, workshop, pinned=configured.pin is not None)
