"""What a wheel says of a plugin: its requirements, which an installed plugin has in ``requirements.txt``."""

from __future__ import annotations

from email.parser import Parser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from viewra.host.installed.folders import folders_with_manifests


def name_requirements(files: Path) -> None:
    """Write the requirements of an unpacked wheel beside the manifest, unless the plugin names its own there."""
    metadata = next(iter(sorted(files.glob("*.dist-info/METADATA"))), None)
    plugin = next((folder for folder, manifests in folders_with_manifests(files) if manifests), None)
    if metadata is None or plugin is None or (plugin / "requirements.txt").exists():
        return
    named = Parser().parsestr(metadata.read_text("utf-8", "replace")).get_all("Requires-Dist") or []
    wanted = [text for text in named if _is_for_all(text)]
    if wanted:
        (plugin / "requirements.txt").write_text("".join(f"{text}\n" for text in wanted), "utf-8")


def _is_for_all(text: str) -> bool:
    """Whether a requirement is not one of an extra; an invalid one stays, for its error to be reported."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return True
    return requirement.name != "viewra" and (requirement.marker is None or "extra" not in str(requirement.marker))
