"""What setup.cfg promises: every package of the tree is installed."""

from __future__ import annotations

import configparser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREES = {"viewra": "viewra", "migrations": "viewra_migrations", "plugins": "viewra_plugins"}


def test_every_package_is_listed() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    there = {
        ".".join((name, *init.parent.relative_to(ROOT / tree).parts))
        for tree, name in TREES.items()
        for init in (ROOT / tree).rglob("__init__.py")
    }
    assert listed == there
