"""Decides whether a zygote can start a plugin: the plugin must not notice that it was not started alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from viewra.process.apply.scripting import imports_sdk
from viewra.process.plan import LaunchPlan

_READ_EARLY = ("GRPC_", "PROTOCOL_BUFFERS_", "COVERAGE_", "SETUPTOOLS_")  # by gRPC, protobuf and .pth files
_MACHINES = ("x86_64", "aarch64")


def obstacle(plan: LaunchPlan) -> str:
    """Why no zygote can start this plan, "" if one can."""
    if not plan.script:
        return "it is not a script for the host's interpreter"
    if plan.argv[0] != sys.executable:  # a zygote imports before anything is confined
        return "the packages of its environment run in its sandbox only"
    if plan.confinement is not None and plan.confinement.wrapper:
        return "bubblewrap starts it"
    for name in plan.variables:
        if name.startswith(_READ_EARLY):
            return f"{name} in its manifest is read while modules are imported"
    if os.uname().machine not in _MACHINES or sys.maxsize <= 2**32:
        return f"there are no zygotes on this kind of machine ({os.uname().machine})"
    if not plan.environment.get("PYTHONUNBUFFERED"):
        return "its output is buffered"
    try:
        source = Path(plan.argv[1]).read_bytes()
    except OSError:
        return "its entry point cannot be read"
    return "" if imports_sdk(source) else "its entry point does not import viewra.sdk itself"


def shadowed(plan: LaunchPlan, modules: frozenset[str]) -> str:
    """A module in the plugin's folder that hides one of ``modules``, which a zygote has already; "" if none does."""
    with os.scandir(os.path.dirname(plan.argv[1])) as entries:  # noqa: PTH120 - as the launcher has it
        for entry in entries:
            name, _, kind = entry.name.partition(".")
            if name in modules and (kind in {"py", "pyc"} or kind.endswith("so") or (not kind and entry.is_dir())):
                return name
    return ""


def locale(plan: LaunchPlan) -> dict[str, str]:
    """The variables that an interpreter reads only when it starts."""
    return {name: value for name, value in plan.environment.items() if name == "LANG" or name.startswith("LC_")}
