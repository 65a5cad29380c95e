"""An authority of its own, and one certificate for all of a cluster, as ``docs/scaling.md`` makes them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificates(folder: Path) -> tuple[dict[str, object], tuple[str, str, str]]:
    """Dask's configuration for scheduler and workers, and the files: authority, certificate, key."""
    folder.mkdir()
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster authority")])
    member = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster member")])
    _write(folder / "ca.pem", _signed(authority, authority, authority_key.public_key(), authority_key, ca=True))
    _write(folder / "cert.pem", _signed(member, authority, key.public_key(), authority_key, ca=False))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    ca, cert, private = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
    config: dict[str, object] = {"distributed.comm.tls.ca-file": ca, "distributed.comm.require-encryption": True}
    for role in ("scheduler", "worker"):
        config |= {f"distributed.comm.tls.{role}.cert": cert, f"distributed.comm.tls.{role}.key": private}
    return config, (ca, cert, private)


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
    builder = builder.not_valid_after(now + dt.timedelta(days=1))
    return builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )


def _write(file: Path, certificate: x509.Certificate) -> None:
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
