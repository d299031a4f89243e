"""The test mail: a small message from one of the profile's identities, to see a profile work from end to end."""

import mimetypes
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import msgspec

from mailsluice.capture import new_id
from mailsluice.errors import Refusal
from mailsluice.relay.mailboxes import parse_mailbox
from mailsluice.relay.profile import Profile

SUBJECT: Final = "Test Email"
"""What the subject says unless the user says something else."""

TEXT: Final = "This is a test mail. It shows that this profile can send.\n"
"""What the body says unless the user says something else."""

# 7 bit, so that no smarthost on the way has to recode it.
_POLICY: Final = SMTP.clone(cte_type="7bit")


class Attachment(msgspec.Struct, frozen=True):
    """A file to attach; its type follows from its name."""

    name: str
    content: bytes


def build_test_mail(
    profile: Profile,
    *,
    sender: str,
    to: Sequence[str],
    cc: Sequence[str] = (),
    subject: str = SUBJECT,
    text: str = TEXT,
    attachments: Sequence[Attachment] = (),
    now: datetime,
) -> bytes:
    """The message with CRLF line ends, a fresh Message-ID and the date `now` (with a zone).

    Refusal for a sender that is none of the profile's identities and for an address that cannot be read.
    """
    own = {identity.casefold(): identity for identity in profile.identities}
    if sender.casefold() not in own:
        choice = " or ".join(profile.identities) or "a user or sender address for the profile first"
        raise Refusal(f"This profile may not write as {sender}; choose {choice}.", field="sender")
    message = EmailMessage(policy=_POLICY)
    address = own[sender.casefold()]
    message["From"] = Address(_line(profile.sender_name), addr_spec=address)
    message["To"] = [Address(addr_spec=parse_mailbox(one, field="to")) for one in to]
    if cc:
        message["Cc"] = [Address(addr_spec=parse_mailbox(one, field="cc")) for one in cc]
    message["Subject"] = _line(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{new_id()}@{address.rpartition('@')[2]}>"
    message.set_content(text, cte="quoted-printable")
    for attachment in attachments:
        _attach(message, attachment)
    return message.as_bytes()


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    kind, encoding = mimetypes.guess_type(attachment.name)
    main, _, sub = (kind if kind and not encoding else "application/octet-stream").partition("/")
    if main in ("text", "message", "multipart"):  # as a file, not as text that may be recoded
        main, sub = "application", "octet-stream"
    message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=_line(attachment.name) or "file")


def _line(text: str) -> str:
    """One line of it: a header takes no line end and no control character."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
