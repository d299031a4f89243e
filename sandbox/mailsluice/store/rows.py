"""Captures to rows and rows to records."""

import logging
import sqlite3
from typing import Any, Final

import msgspec

from mailsluice.capture import Capture, Envelope
from mailsluice.message.addresses import Address
from mailsluice.message.bounds import Bounds
from mailsluice.message.headers import Source
from mailsluice.message.summary import Summary, summarize
from mailsluice.store.records import ListedMessage, Receipt
from mailsluice.store.sources import CHUNKED, pack

log = logging.getLogger(__name__)

_LISTED: Final = (
    "key, id, mailbox, session, received, size, seen, pinned, attachments, subject, snippet, message_id, "
    "envelope_sender, user, addresses, code, code_confidence, action, "
    "(SELECT group_concat(tag, char(10)) FROM tagged WHERE tagged.message = message.key)"
)
SELECT_LISTED: Final = f"SELECT {_LISTED} FROM message"

_INSERT_MESSAGE: Final = (
    "INSERT INTO message (id, mailbox, session, received, size, attachments, subject, snippet, message_id, "
    "envelope_sender, user, addresses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_SOURCE: Final = "INSERT INTO source (message, encoding, content, receipt) VALUES (?, ?, ?, ?)"


class _Addresses(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who a message names, as one JSON column."""

    sender: Address = Address()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    unlisted: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


_to_json = msgspec.json.Encoder().encode
_read_addresses = msgspec.json.Decoder(_Addresses).decode
read_receipt = msgspec.json.Decoder(Receipt).decode


def safe_summary(raw: Source, bounds: Bounds) -> Summary:
    """The summary, or an empty one: an acknowledged message must not depend on the parser having no bug."""
    try:
        return summarize(raw, bounds=bounds)
    except Exception:  # the promise "parsing can never lose a message" ends here
        log.exception("a message could not be summarised; its bytes are kept")
        return Summary()


def insert_capture(
    connection: sqlite3.Connection, capture: Capture, summary: Summary, *, mailbox: str
) -> tuple[int, int]:
    """Store message, source and envelope; the key, and the size to count. A spooled body's chunks are there already."""
    size = len(capture.body) if isinstance(capture.body, bytes) else capture.body.size
    encoding, content = pack(capture.body) if isinstance(capture.body, bytes) else (CHUNKED, None)
    unlisted, absent = _differing(capture.envelope, summary)
    addresses = _Addresses(summary.sender, summary.to, summary.cc, summary.bcc, summary.reply_to, unlisted, absent)
    key = connection.execute(
        _INSERT_MESSAGE,
        (
            capture.id,
            mailbox,
            capture.session.id,
            capture.received,
            size,
            summary.attachments,
            summary.subject,
            summary.snippet,
            summary.message_id,
            capture.envelope.sender,
            capture.session.user,
            _to_json(addresses).decode(),
        ),
    ).lastrowid
    receipt = _to_json(Receipt(capture.envelope, capture.session, capture.transcript))
    connection.execute(_INSERT_SOURCE, (key, encoding, content, receipt.decode()))
    return key or 0, size


def listed(row: tuple[Any, ...]) -> ListedMessage:
    """The record of a row of `SELECT_LISTED`."""
    key, id, mailbox, session, received, size, seen, pinned, attachments, subject, snippet, message_id, *rest = row
    envelope_sender, user, addresses, code, code_confidence, action, tags = rest
    who = _read_addresses(addresses)
    return ListedMessage(
        key=key,
        id=id,
        mailbox=mailbox,
        session=session,
        received=received,
        size=size,
        seen=bool(seen),
        pinned=bool(pinned),
        summary=Summary(
            subject=subject,
            message_id=message_id,
            sender=who.sender,
            to=who.to,
            cc=who.cc,
            bcc=who.bcc,
            reply_to=who.reply_to,
            snippet=snippet,
            attachments=attachments,
        ),
        envelope_sender=envelope_sender,
        unlisted=who.unlisted,
        absent=who.absent,
        user=user,
        tags=tuple(sorted(tags.split("\n"))) if tags else (),
        code=code,
        code_confidence=code_confidence,
        action=action,
    )


def unlisted_of(envelope: Envelope, summary: Summary) -> tuple[str, ...]:
    """Envelope recipients that no header names: what an app sent as Bcc."""
    return _differing(envelope, summary)[0]


def _differing(envelope: Envelope, summary: Summary) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recipients that only the envelope names, and those that only the headers name."""
    if len(envelope.recipients) == len(summary.to) == 1 and envelope.recipients[0].address == summary.to[0].address:
        others = (*summary.cc, *summary.bcc)
        return (), tuple(dict.fromkeys(one.address for one in others if one.address)) if others else ()
    named = {one.address.lower(): one.address for group in (summary.to, summary.cc, summary.bcc) for one in group}
    carried = {one.address.lower(): one.address for one in envelope.recipients}
    unlisted = (address for folded, address in carried.items() if folded not in named)
    absent = (address for folded, address in named.items() if folded and folded not in carried)
    return tuple(unlisted), tuple(absent)
