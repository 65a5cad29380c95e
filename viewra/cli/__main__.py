"""``python -m viewra.cli``: the ``viewra`` command for environments in which it is not on the path."""

from __future__ import annotations

from viewra.cli._main import main

if __name__ == "__main__":
    main()
