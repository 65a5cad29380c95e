"""Sends a plugin's code to workers that do not have it: as a ZIP archive, checked by the hash of the code."""

from __future__ import annotations

import tempfile
from pathlib import Path

from viewra.errors import ViewraError
from viewra.host.installed.code_hash import code_hash
from viewra.host.packages.unpacking import unzip
from viewra.host.packages.zipping import zip_folder

MOST_BYTES = 32 << 20
"""Bytes of an archive that is sent: beyond that a plugin is better installed on the workers."""


def packed(directory: Path, expected: str) -> bytes:
    """The code of a plugin with this hash; raises ViewraError if it has another one by now, or cannot be sent."""
    with tempfile.TemporaryDirectory(prefix="viewra-pack-") as name:
        archive = Path(name) / "code.zip"
        try:
            zip_folder(directory, archive)
        except OSError as error:
            raise ViewraError(f"{directory} cannot be read: {error.strerror}") from error
        if code_hash(directory) != expected:
            raise ViewraError(f"{directory} has changed since the scan began", hint="scan again")
        if archive.stat().st_size > MOST_BYTES:
            raise ViewraError(f"{directory} has more than {MOST_BYTES >> 20} MB", hint="install it on the workers")
        return archive.read_bytes()


def unpack(code: bytes, directory: Path, expected: str) -> None:
    """Unpack code into a new directory; raises ViewraError if it has another hash."""
    directory.mkdir(parents=True, mode=0o700)
    with tempfile.NamedTemporaryFile(prefix="viewra-code-", suffix=".zip") as archive:
        archive.write(code)
        archive.flush()
        unzip(Path(archive.name), directory)
    found = code_hash(directory)
    if found != expected:
        raise ViewraError(
            f"the code that was sent has the hash {found}, not {expected}",
            hint="a plugin with hidden files or an environment of its own must be installed on the workers",
        )
