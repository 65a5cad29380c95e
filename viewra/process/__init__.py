"""Starts, watches and stops one operating-system process. Knows neither gRPC nor a plugin's services."""

from viewra.digests import file_digest
from viewra.process.adopted import Adopted
from viewra.process.child import Child
from viewra.process.environment import plugin_environment
from viewra.process.leftovers import MARK
from viewra.process.output import Listener, Output, Stream
from viewra.process.plan import Launched, Launcher, LaunchPlan, Origin, Process, StopStep
from viewra.process.runtime_dir import RuntimeDir, check_socket_path
from viewra.process.spawn import Spawner
from viewra.process.stat import start_time
from viewra.process.verify import open_verified, require_digest, tree_digest
from viewra.process.zygote import ZygoteUse

__all__ = [
    "MARK",
    "Adopted",
    "Child",
    "LaunchPlan",
    "Launched",
    "Launcher",
    "Listener",
    "Origin",
    "Output",
    "Process",
    "RuntimeDir",
    "Spawner",
    "StopStep",
    "Stream",
    "ZygoteUse",
    "check_socket_path",
    "file_digest",
    "open_verified",
    "plugin_environment",
    "require_digest",
    "start_time",
    "tree_digest",
]
