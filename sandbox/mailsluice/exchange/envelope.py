"""The envelope of a message that did not come by SMTP: what its source knows, else what its header says."""

from collections.abc import Iterable
from typing import Final

from mailsluice.capture import Envelope, Recipient
from mailsluice.exchange.mail import Mail
from mailsluice.message.addresses import parse_addresses
from mailsluice.message.headers import Header, split_message

_LONGEST: Final = 998
_READ: Final = 256 << 10
_DELIVERED: Final = ("delivered-to", "x-original-to")
_NAMED: Final = ("to", "cc", "bcc")


def envelope_of(mail: Mail) -> tuple[Envelope, str]:
    """Sender and recipients, and a sentence that says where each was found.

    The sender is the source's, else that of Return-Path, else the author; the recipients are the source's, else those
    of Delivered-To and X-Original-To, else those of To, Cc and Bcc.
    """
    header, _ = split_message(mail.raw[:_READ])
    sender, sender_from = _sender(mail, header)
    recipients, recipients_from = _recipients(mail, header)
    envelope = Envelope(sender, tuple(Recipient(address) for address in recipients))
    return envelope, f"Imported. Sender: {sender_from}; recipients: {recipients_from}."


def _sender(mail: Mail, header: tuple[Header, ...]) -> tuple[str, str]:
    if mail.sender is not None and (not mail.sender or _is_usable(mail.sender)):
        return mail.sender, "as the file says"
    for name in ("return-path", "from"):
        for field in (field for field in header if field.name.lower() == name):
            if name == "return-path" and field.value.strip() == "<>":
                return "", "of Return-Path"
            for address in _addresses([field]):
                return address, "of Return-Path" if name == "return-path" else "of From"
    return "", "unknown"


def _recipients(mail: Mail, header: tuple[Header, ...]) -> tuple[list[str], str]:
    if mail.recipients is not None:
        return [one for one in mail.recipients if _is_usable(one)], "as the file says"
    for names, told in ((_DELIVERED, "of Delivered-To and X-Original-To"), (_NAMED, "of To, Cc and Bcc")):
        if found := list(_addresses(field for field in header if field.name.lower() in names)):
            return found, told
    return [], "unknown"


def _addresses(fields: Iterable[Header]) -> dict[str, None]:
    """Each address once, in order."""
    # The raw value: a decoded name may hold commas and brackets.
    read = (parse_addresses(field.raw.decode("utf-8", "replace")) for field in fields)
    return {one.address: None for found in read for one in found if one.address and _is_usable(one.address)}


def _is_usable(address: str) -> bool:
    return 0 < len(address) <= _LONGEST and address.isprintable()
