"""Signatures of packages by minisign keys, verified offline; the program ``minisign`` makes and verifies the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import minisign

from viewra.errors import UsageError, ViewraError

SUFFIX = ".minisig"


def public_key(text: str) -> str:
    """A public key in its short form, from that or from the text of its file; raises ViewraError."""
    lines = [line for line in text.splitlines() if line and not line.startswith("untrusted comment:")]
    try:
        return minisign.PublicKey.from_base64(lines[0] if lines else "").to_base64().decode("ascii")
    except minisign.Error as error:
        raise ViewraError(f"{text[:80]!r} is no public key of minisign: {error}") from error


def verify(file: Path, signature: str, key: str) -> None:
    """Verify a file's signature by a public key; raises ViewraError if it is not the signature of this file."""
    try:
        with file.open("rb") as stream:
            minisign.PublicKey.from_base64(key).verify(stream, minisign.Signature.from_bytes(signature.encode()))
    except minisign.Error as error:
        raise ViewraError(f"{file.name} is not signed by {key}: {error}", hint="do not install it") from error


def short(key: minisign.SecretKey) -> str:
    """The public key of a secret key, in its short form."""
    return minisign.PublicKey.from_secret_key(key).to_base64().decode("ascii")


def read_secret_key(file: Path, password: Callable[[], str]) -> minisign.SecretKey:
    """A secret key; ``password`` is asked for if it is encrypted. Raises UsageError."""
    try:
        key = minisign.SecretKey.from_file(file)
        if key.is_encrypted():
            key.decrypt(password())
    except (minisign.Error, OSError, ValueError) as error:
        raise UsageError(f"{file} is no secret key of minisign, or the password is another: {error}") from error
    return key


def sign(file: Path, key: minisign.SecretKey) -> str:
    """The signature of a file, which is written beside it, too."""
    with file.open("rb") as stream:
        text = bytes(key.sign(stream, trusted_comment=f"file:{file.name}")).decode()
    file.with_name(file.name + SUFFIX).write_text(text, "utf-8")
    return text


def make_key(file: Path, password: str) -> str:
    """Write a new secret key, and beside it (``.pub``) the public key, which is returned. Raises UsageError."""
    public = file.with_name(file.name + ".pub")
    pair = minisign.KeyPair.generate()
    if password:
        pair.secret_key.encrypt(password)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(bytes(pair.secret_key))
        public.write_bytes(bytes(pair.public_key))
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
    return pair.public_key.to_base64().decode("ascii")
