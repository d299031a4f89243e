"""What a search can be asked, in a person's words: each operator, and the values that are the same everywhere."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_SPANS: Final = {"1h": "the last hour", "1d": "the last 24 hours", "7d": "the last 7 days", "4w": "the last 4 weeks"}
_SPAN_UNITS: Final = (("m", "minutes"), ("h", "hours"), ("d", "days"), ("w", "weeks"))
_SIZES: Final = {"100k": "100 KB", "1m": "1 MB", "10m": "10 MB"}
_DAYS: Final = {"today": "", "yesterday": ""}
_HAS: Final = {
    "attachment": "a file is attached",
    "code": "a one-time code",
    "link": "a link to act on",
    "html": "an HTML body",
    "inline": "a picture in its text",
    "release": "somebody released it",
    "warning": "its session was unusual",
    "defect": "it is broken somewhere",
}
_IS: Final = {
    "unread": "nobody opened it",
    "read": "somebody opened it",
    "pinned": "kept until it is let go",
    "tagged": "it has a tag",
    "released": "its smarthost took it",
    "failed": "its release did not work",
}
_TYPES: Final = {
    "application/pdf": "PDF files",
    "image/": "pictures",
    "text/calendar": "invitations",
    "text/html": "HTML",
    "text/plain": "plain text",
    "message/rfc822": "messages within the message",
    "application/zip": "zip archives",
}
_HEADERS: Final = {
    "list-unsubscribe": "it can be unsubscribed from",
    "auto-submitted": "sent by a program",
    "in-reply-to": "it is an answer",
    "x-mailer": "which program wrote it",
}


class Operator(msgspec.Struct, frozen=True):
    """What may stand before a colon, what it asks for, and values that may stand behind it.

    `also` are words under which a person may look for it, `units` what a number can be followed by.
    """

    name: str
    meaning: str
    values: Mapping[str, str] = _NONE
    also: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()


OPERATORS: Final = {
    one.name: one
    for one in (
        Operator("from", "who wrote it", also=("sender",)),
        Operator("to", "who it is addressed to", also=("recipient",)),
        Operator("subject", "words of its subject"),
        Operator("tag", "a tag that it has"),
        Operator("has", "an attachment, a code, a link …", _HAS),
        Operator("is", "unread, pinned, released …", _IS),
        Operator("newer", "received not longer ago than 2h or 7d", _SPANS, ("since",), _SPAN_UNITS),
        Operator("mailbox", "the mailbox that it came into", also=("in",)),
        Operator("filename", "the name of an attachment"),
        Operator("type", "the type of a part", _TYPES),
        Operator("on", "the day, month or year it was received", _DAYS),
        Operator("after", "received on this day or later", _DAYS),
        Operator("before", "received before this day", _DAYS, ("until",)),
        Operator("older", "received longer ago than 2h or 7d", units=_SPAN_UNITS),
        Operator("larger", "more than this size", _SIZES, units=(("k", "KB"), ("m", "MB"))),
        Operator("smaller", "less than this size", _SIZES, units=(("k", "KB"), ("m", "MB"))),
        Operator("addressed", "anybody that it names", also=("person",)),
        Operator("cc", "who gets a copy"),
        Operator("bcc", "who gets a copy that no header names"),
        Operator("reply-to", "where answers go"),
        Operator("user", "the name that the app signed in with"),
        Operator("header", "a header, or a word in it: x-mailer=cron", _HEADERS),
        Operator("message-id", "its Message-ID"),
    )
}
"""By name, the most useful first."""

GUIDE: Final = ("from", "to", "subject", "tag", "has", "is", "newer", "mailbox")
"""Those that an empty search box tells about."""
