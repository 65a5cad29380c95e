"""AutoMTLS: each end makes a certificate for its own lifetime, and trusts exactly the one that the other end showed.

Imported only where TLS is asked for: the certificate library costs more than a plugin's other imports together. No key
is ever written to a file. Go's ends use the curve P-521, which gRPC's own TLS cannot do: see ``Trust.needs_bridge``.
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
_VALID_FOR = timedelta(days=30 * 365)  # a process may live long, and nothing outlives it: the key is only in memory
_PEM = serialization.Encoding.PEM


@attrs.frozen
class Identity:
    """One end's certificate (DER) and its private key (PEM)."""

    cert: bytes
    key_pem: bytes = attrs.field(repr=False)

    @property
    def cert_pem(self) -> bytes:
        """The certificate in PEM, as the host passes it in ``PLUGIN_CLIENT_CERT``."""
        return x509.load_der_x509_certificate(self.cert).public_bytes(_PEM)


@attrs.frozen
class Trust:
    """Both ends of one connection: our own identity, and the peer's certificate (DER), which alone is accepted."""

    own: Identity
    peer: bytes
    peer_pem: bytes
    needs_bridge: bool
    """The peer's key is of a kind for which gRPC's TLS offers no signature: OpenSSL must do it (``bridge``)."""


def new_identity() -> Identity:
    """A fresh P-256 key with a self-signed certificate for ``localhost``, for either role.

    It is no certificate authority, so a peer that trusts it trusts this one certificate and none that it signed.
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

    Raises HandshakeError (step ``handshake``) for no certificate at all, which would mean plaintext, or a broken one.
    """
    if not peer:
        raise HandshakeError(
            "it shows no certificate, but the connection must be encrypted",
            step="handshake",
            hint="a plugin answers PLUGIN_CLIENT_CERT with its own certificate in the handshake line",
        )
    try:
        pem = peer.lstrip().startswith(b"-----BEGIN")
        certificate = x509.load_pem_x509_certificate(peer) if pem else x509.load_der_x509_certificate(peer)
        key = certificate.public_key()
    except Exception as error:  # the parser's own kinds are many, and a peer may send anything
        raise HandshakeError(f"the certificate that it shows cannot be read: {error}", step="handshake") from error
    return Trust(
        own=own,
        peer=certificate.public_bytes(serialization.Encoding.DER),
        peer_pem=certificate.public_bytes(_PEM),
        needs_bridge=not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name == ec.SECP521R1.name,
    )
