"""Runs a plugin's main file in a new interpreter without serving, to observe its imports and output."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run_main(plugin_dir: Path, code: str, *, without: str = "") -> subprocess.CompletedProcess[str]:
    """Run the main file in ``plugin_dir``, then ``code``, for which ``service`` is the plugin's own module.

    ``without`` is a package that is not installed there.
    """
    lines = [
        "import runpy, sys",
        f"sys.modules[{without!r}] = None" if without else "",
        f"sys.path.insert(0, {str(plugin_dir)!r})",
        f"runpy.run_path({str(plugin_dir / 'main.py')!r}, run_name='x')",
        "service = sys.modules['service']",
        code,
    ]
    argv = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
