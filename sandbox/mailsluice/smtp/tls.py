"""The listener's certificate: only one that the user named, never one of our own making."""

import ssl

from mailsluice.errors import SettingsError
from mailsluice.settings import Settings


def server_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS as the settings ask, None without a certificate; raises SettingsError that names file or flag."""
    certificate, key = settings.smtp_tls_cert, settings.smtp_tls_key
    if not certificate:
        for flag, given in (
            ("--smtp-tls-key", key),
            ("--smtp-tls", settings.smtp_tls),
            ("--smtp-require-starttls", settings.smtp_require_starttls),
        ):
            if given:
                raise SettingsError(f"{flag} needs a certificate: name one with --smtp-tls-cert FILE")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key or None, password=_no_password)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError) else getattr(error, "reason", "") or str(error)
        files = f"{certificate} and {key}" if key else certificate
        raise SettingsError(
            f"--smtp-tls-cert: no certificate with its key in {files} ({reason}); both must be PEM and belong together"
        ) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is protected by a password; write it without one")
