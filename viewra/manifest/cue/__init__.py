"""An evaluator of CUE (cuelang.org) for manifests: ``loads(text)`` gives a ``Value``.

What it supports of the language, and what it refuses, is in docs/cue.md.
"""

from __future__ import annotations

from viewra.manifest.cue.limits import Limits
from viewra.manifest.cue.value import Value, from_data, loads

__all__ = ["Limits", "Value", "from_data", "loads"]
