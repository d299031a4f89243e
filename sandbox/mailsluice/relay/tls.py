"""TLS towards a smarthost: certificates are always verified; what one says is told."""

import asyncio
import os
import ssl
from datetime import UTC, datetime
from typing import Any

import msgspec


class Certificate(msgspec.Struct, frozen=True):
    """What a person wants to know of a server's certificate; empty texts for what it does not say."""

    subject: str = ""
    issuer: str = ""
    expires: str = ""
    version: str = ""

    def __str__(self) -> str:
        issuer = f", certificate by {self.issuer}" if self.issuer else ""
        expires = f", valid until {self.expires}" if self.expires else ""
        return f"{self.version or 'TLS'}{issuer}{expires}"


async def verifying_context(ca_file: str) -> ssl.SSLContext:
    """A context that accepts the system's authorities and those in the file; OSError when the file cannot be used."""
    return await asyncio.to_thread(_verifying_context, ca_file)


def _verifying_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(os.path.expanduser(ca_file))
    return context


def looking_context() -> ssl.SSLContext:
    """A context that verifies nothing, for a look at a certificate that was refused: no byte of mail goes over it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verified_certificate(tls: ssl.SSLObject) -> Certificate:
    """The certificate of a connection that was verified."""
    facts: dict[str, Any] = tls.getpeercert() or {}
    expires = facts.get("notAfter")
    return Certificate(
        subject=_name(facts.get("subject", ())),
        issuer=_name(facts.get("issuer", ())),
        expires=f"{datetime.fromtimestamp(ssl.cert_time_to_seconds(expires), UTC):%Y-%m-%d}" if expires else "",
        version=tls.version() or "",
    )


def unverified_certificate(tls: ssl.SSLObject) -> Certificate:
    """The certificate of a connection that was not verified: a claim, no more."""
    # Python reads a certificate's fields only once it was verified.
    from cryptography import x509

    encoded = tls.getpeercert(binary_form=True)
    if not encoded:
        return Certificate(version=tls.version() or "")
    certificate = x509.load_der_x509_certificate(encoded)
    return Certificate(
        subject=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        expires=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        version=tls.version() or "",
    )


def _name(distinguished: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    fields = {key: value for relative in distinguished for key, value in relative}
    return _shown(fields.get("commonName", ""), fields.get("organizationName", ""))


def _common_name(name: Any) -> str:
    from cryptography.x509.oid import NameOID

    texts = [
        str(found[0].value) if (found := name.get_attributes_for_oid(oid)) else ""
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    ]
    return _shown(*texts)


def _shown(common: str, organization: str) -> str:
    """`WR2 (Google Trust Services)`, on one line: a stranger wrote it."""
    text = f"{common} ({organization})" if common and organization else common or organization
    return "".join(character if character.isprintable() else " " for character in text)[:200]
