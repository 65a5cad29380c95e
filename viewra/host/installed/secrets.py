"""Encrypts settings that are marked as secret, with a key in the data directory that only its owner can read.

This keeps secrets out of the database, its backups and its logs; anyone who can read the data directory can decrypt
them. Passwords that only programs use are derived from the key and not stored.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from pathlib import Path

from viewra.errors import ViewraError

KEY_NAME = "secret.key"


class SecretBox:
    """Encrypts and decrypts texts; the key file is created with the first secret."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / KEY_NAME

    def encrypt(self, text: str) -> str:
        """A token for the text; raises ViewraError if the key cannot be read or created."""
        from cryptography.fernet import Fernet  # 0.1 s, only for hosts with secrets

        return Fernet(self._key(make=True)).encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The text of a token; raises ViewraError if the key is missing or another one."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._key(make=False)).decrypt(token.encode()).decode()
        except (InvalidToken, ValueError) as error:
            raise ViewraError(
                f"a secret setting cannot be decrypted: {self._path} is not the key that it was encrypted with",
                hint="put the key back, or set the secret again",
            ) from error

    def derive(self, purpose: str) -> str:
        """A password for one purpose, always the same with the same key; raises ViewraError without a key."""
        return hmac.new(self._key(make=True), purpose.encode(), hashlib.sha256).hexdigest()

    def _key(self, *, make: bool) -> bytes:
        try:
            if make and not self._path.exists():
                from cryptography.fernet import Fernet  # as above

                return write_once(self._path, Fernet.generate_key())
            return self._path.read_bytes()
        except OSError as error:
            raise ViewraError(
                f"the key of secret settings, {self._path}: {error.strerror}",
                hint="put it back, or set the secrets again",
            ) from error


def write_once(path: Path, content: bytes) -> bytes:
    """Write a file that only its owner can read, unless it exists. Returns its content. Raises OSError.

    It is written under another name first: an incomplete key would lose every secret.
    """
    if path.exists():
        return path.read_bytes()
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_native_id()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails if another process was faster: then that key counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()
