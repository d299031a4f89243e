"""Django in a process of its own, since its settings are global: `send_mail`, or a message with an attachment."""

import json
import sys
from typing import Any

# Django ships no types, and may be absent.
from django.conf import settings  # type: ignore[import-not-found,import-untyped,unused-ignore]
from django.core import mail  # type: ignore[import-not-found,import-untyped,unused-ignore]


def main(how: str, errand: dict[str, Any]) -> None:
    """Do the errand."""
    settings.configure(
        EMAIL_HOST=errand["host"],
        EMAIL_PORT=errand["port"],
        EMAIL_HOST_USER=errand["user"],
        EMAIL_HOST_PASSWORD=errand["password"],
        EMAIL_USE_TLS=errand["tls"] == "starttls",
        EMAIL_USE_SSL=errand["tls"] == "implicit",
        USE_TZ=True,
    )
    subject, text, sender, recipient = (errand[key] for key in ("subject", "text", "sender", "recipient"))
    if how == "send_mail":
        # It has no Bcc: every recipient stands in To.
        assert mail.send_mail(subject, text, sender, [recipient]) == 1
        return
    message = mail.EmailMultiAlternatives(subject, text, sender, [recipient], bcc=[errand["hidden"]])
    message.attach_alternative(f"<p>{text}</p>", "text/html")
    message.attach_file(errand["attachment"])
    assert message.send() == 1


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
