"""AutoMTLS: each end makes a certificate for its lifetime, and trusts only the certificate of the other end.

Imported only when TLS is used, since the certificate library takes longer to import than the rest of a plugin. No key
is written to a file. Go peers use the curve P-521, which gRPC's own TLS does not support: see ``Trust.needs_bridge``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from viewra.errors import HandshakeError

_VALID_BEFORE = timedelta(minutes=5)
_VALID_FOR = timedelta(days=30 * 365)  # a process may live long; the key exists only in its memory
_PEM = serialization.Encoding.PEM


@attrs.frozen
class Identity:
    """One end's certificate (DER) and its private key (PEM)."""

    cert: bytes
    key_pem: bytes = attrs.field(repr=False)

    @property
    def cert_pem(self) -> bytes:
        """The certificate in PEM, the form of ``PLUGIN_CLIENT_CERT``."""
        return x509.load_der_x509_certificate(self.cert).public_bytes(_PEM)


@attrs.frozen
class Trust:
    """Our own identity, and the only certificate (DER) that is accepted from the peer."""

    own: Identity
    peer: bytes
    peer_pem: bytes
    needs_bridge: bool
    """Whether gRPC's TLS does not support the signatures of the peer's key, so that OpenSSL must (``bridge``)."""


def new_identity() -> Identity:
    """A fresh P-256 key with a self-signed certificate for ``localhost``, for either role.

    The certificate is not a certificate authority: a peer that trusts it trusts no certificate signed with its key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    roles = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID_BEFORE)
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(roles), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        cert=certificate.public_bytes(serialization.Encoding.DER),
        key_pem=key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def trust(own: Identity, peer: bytes) -> Trust:
    """Trust exactly ``peer``, a certificate in DER or PEM.

    Raises HandshakeError (step ``handshake``) for a missing certificate, which would mean plaintext, or a broken one.
    """
    if not peer:
        raise HandshakeError(
            "it sent no certificate, but the connection must be encrypted",
            step="handshake",
            hint="a plugin answers PLUGIN_CLIENT_CERT with its own certificate in the handshake line",
        )
    try:
        pem = peer.lstrip().startswith(b"-----BEGIN")
        certificate = x509.load_pem_x509_certificate(peer) if pem else x509.load_der_x509_certificate(peer)
        key = certificate.public_key()
    except Exception as error:  # the parser raises many kinds of errors, and a peer may send anything
        raise HandshakeError(f"the certificate that it sent cannot be read: {error}", step="handshake") from error
    return Trust(
        own=own,
        peer=certificate.public_bytes(serialization.Encoding.DER),
        peer_pem=certificate.public_bytes(_PEM),
        needs_bridge=not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name == ec.SECP521R1.name,
    )
