"""What is sent in place of what was captured: the header made fit to leave, the body as it is. Bytes to bytes, pure."""

import re
from datetime import datetime
from typing import Final

import msgspec

from mailsluice.errors import Refusal
from mailsluice.relay.bcc import has_bcc
from mailsluice.relay.header import MBOX_LINE, Change, DiffLine, Header

__all__ = ["MBOX_LINE", "Change", "DiffLine", "Rewriting", "Rewritten", "rewrite"]

_DOUBLED: Final = re.compile(rb"(?<!\r)\r\r++\n")
_END: Final = re.compile(rb"\r++\n?|\n")  # one line end, or several CR
_LARGEST_HEADER: Final = 8 << 20
_CRLF: Final = b"\r\n"


class Rewriting(msgspec.Struct, frozen=True, kw_only=True):
    """What to put in: a date with a zone, a fresh Message-ID without brackets, and what the user wishes besides.

    `original_recipients` become X-Original-To fields.
    """

    date: datetime
    message_id: str
    keep_message_id: bool = False
    adds_reply_to: bool = False
    original_recipients: tuple[str, ...] = ()


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes to send, and how they differ from what was captured.

    `message_id` is the one that they carry, `original_message_id` the capture's ("" for none), both without brackets.
    `line_ends` counts the lines that did not end in CRLF, `body_line_ends` those of them after the header;
    `kept_reply_to` says that the message has a Reply-To of its own. `diff` is of the header alone, and bounded.
    """

    raw: bytes
    message_id: str
    original_message_id: str
    changes: tuple[Change, ...]
    line_ends: int
    diff: tuple[DiffLine, ...]
    body_is_same: bool
    body_line_ends: int = 0
    kept_reply_to: bool = False


def rewrite(raw: bytes, *, wishes: Rewriting) -> Rewritten:
    """The message as it may leave; Refusal if a Bcc is left all the same, or the header is beyond all measure.

    First every line end becomes CRLF, and one is put at the end. The header ends at the first empty line; without one
    all is header, and a message that begins with one is all body.
    """
    text, line_ends = _with_crlf(raw)
    empty = 0 if text.startswith(_CRLF) else text.find(b"\r\n\r\n") + 2
    end = len(text) if empty == 1 else empty
    if end > _LARGEST_HEADER:
        raise Refusal("The header of this message is larger than 8 MB; no mail server takes that.", field="message")
    header = Header(text[:end])
    header.strip()
    header.set_date(wishes.date)
    message_id, original = header.set_message_id(wishes.message_id, keep=wishes.keep_message_id)
    kept_reply_to = header.has_reply_to
    if wishes.adds_reply_to:
        header.add_reply_to()
    header.add_original_recipients(wishes.original_recipients)
    rest = text[end:]
    result = bytes(header) + rest
    if has_bcc(result):
        raise Refusal(
            "A Bcc is written into this message's header in a way that cannot be removed safely; it is not released.",
            field="message",
        )
    return Rewritten(
        raw=result,
        message_id=message_id,
        original_message_id=original,
        changes=header.changes,
        line_ends=line_ends,
        diff=header.diff,
        body_is_same=raw.endswith(rest[2:]),
        body_line_ends=_with_crlf(_body(raw, lines=text.count(_CRLF, 0, end)))[1] if line_ends and rest[2:] else 0,
        kept_reply_to=kept_reply_to,
    )


def _body(raw: bytes, *, lines: int) -> bytes:
    """What comes after so many lines of header and the empty line, as it was captured."""
    left = lines + 1
    for found in _END.finditer(raw):
        ends = 1 if found[0].endswith(b"\n") else len(found[0])
        if ends >= left:
            return raw[found.end() if ends == 1 else found.start() + left :]
        left -= ends
    return b""


def _with_crlf(raw: bytes) -> tuple[bytes, int]:
    """The message with CRLF line ends, and how many of its line ends were others."""
    ends = raw.count(_CRLF)
    bare = raw.count(b"\n") + raw.count(b"\r") - 2 * ends
    if bare:
        # CR CR LF is one line end that was converted twice.
        raw = _DOUBLED.sub(b"\n", raw).replace(_CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", _CRLF)
    if not raw.endswith(_CRLF):
        raw, bare = raw + _CRLF, bare + 1
    return raw, bare
