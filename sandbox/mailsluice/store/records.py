"""What the store hands out: rows of the list, receipts and counts."""

from typing import Final

import msgspec

from mailsluice.capture import Envelope, SessionFacts
from mailsluice.message.summary import Summary

ABOVE_ALL_KEYS: Final = (1 << 63) - 1
"""What is below this key is everything."""


class ListedMessage(msgspec.Struct, frozen=True):
    """One captured message as lists need it.

    `key` orders by arrival (newest = highest) and stays inside; `id` is its name outside. `received` is microseconds
    UTC, `size` the bytes of the source. `unlisted` are envelope recipients that no To, Cc or Bcc header names,
    `absent` are addresses of these headers that were no recipients. `tags` are sorted. `code` is the one-time code in
    it, `code_confidence` how sure that is (0: unknown), `action` the link that a person would act on (JSON); empty
    without.
    """

    key: int
    id: str
    mailbox: str
    session: str
    received: int
    size: int
    seen: bool
    pinned: bool
    summary: Summary
    envelope_sender: str
    unlisted: tuple[str, ...]
    user: str
    absent: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    code: str = ""
    code_confidence: float = 0.0
    action: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """How a message came: the envelope, the session's facts and its dialogue."""

    envelope: Envelope
    session: SessionFacts
    transcript: tuple[str, ...]


class Counts(msgspec.Struct, frozen=True):
    """How much there is, and how much there ever was (deleted, accepted, rejected); sizes in bytes."""

    messages: int = 0
    unread: int = 0
    size: int = 0
    deleted: int = 0
    accepted: int = 0
    accepted_size: int = 0
    rejected: int = 0


class Deletion(msgspec.Struct, frozen=True):
    """What was deleted together, and can be taken back together by its `token` until `until` (microseconds UTC).

    `messages` is their number; `ids` are None where they are all, or so many that nobody names them.
    """

    token: str
    messages: int
    ids: tuple[str, ...] | None
    until: int
