"""The header of a message that is to leave, being rewritten field by field; what is not touched stays byte for byte."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from itertools import pairwise
from typing import Final, Literal

import msgspec

from mailsluice.message.charsets import decode_loose
from mailsluice.message.headers import unfold
from mailsluice.message.mime import identifier
from mailsluice.message.words import clean

MBOX_LINE: Final = "From line of a mailbox file"
"""The name of a Change that is no field's."""

_REMOVED: Final = {
    name.lower().encode(): name
    for name in (
        "Bcc", "Resent-Bcc", "Return-Path", "Received", "X-Original-To", "DKIM-Signature", "DomainKey-Signature",
        "X-Google-DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
    )
}  # fmt: skip
_LONGEST_ID: Final = 998
_DIFF_CONTEXT, _DIFF_LINES, _DIFF_WIDTH = 400, 800, 1000
_CRLF: Final = b"\r\n"
_FIELD_END: Final = re.compile(rb"\r\n(?![ \t:])")
_NOT_IN_NAMES: Final = bytes(set(range(256)) - set(range(33, 127)))
# What this or that program takes for a line end, though SMTP does not: NUL, VT, FF, FS, GS, RS, NEL, LS, PS.
_EXOTIC: Final = rb"[\x00\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]|(?<![\x80-\xff])\x85"
_EXOTIC_END: Final = re.compile(_EXOTIC)
_ANY_END: Final = re.compile(rb"\r\n|" + _EXOTIC)
_MBOX: Final = re.compile(rb">?From [ \t]*+[^ \t:\r]")
_VALID_ID: Final = re.compile(rb"<([!-;=?A-~]*[!-\-/-;=?A-~]@[!-;=?A-~]*[!-\-/-;=?A-~])>")


class Change(msgspec.Struct, frozen=True):
    """So many fields of this name were removed, replaced or added."""

    name: str
    kind: Literal["removed", "replaced", "added"]
    count: int


class DiffLine(msgspec.Struct, frozen=True):
    """One line of the header as a person may see it: kept, taken away or put in."""

    mark: Literal[" ", "-", "+"]
    text: str


class _Field:
    """A field before and after: `old` is None for an added one, `new` for a removed one; without the last line end."""

    __slots__ = ("name", "new", "old")

    def __init__(self, old: bytes | None, new: bytes) -> None:
        self.old, self.name = old, _name(new)
        self.new: bytes | None = new


class Header:
    """The fields of one message: made of the bytes before the empty line, their last line end included."""

    def __init__(self, block: bytes) -> None:
        self._is_plain = not _EXOTIC_END.search(block)
        fields = _FIELD_END.split(block[:-2]) if block else []
        self._fields = [_Field(field, field) for field in fields]
        self._named: dict[bytes, list[_Field]] = {}
        self._added: list[_Field] = []
        self._counts: Counter[tuple[str, Literal["removed", "replaced", "added"]]] = Counter()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was done, by name, in the order in which it was done."""
        return tuple(Change(name, kind, count) for (name, kind), count in self._counts.items())

    def __bytes__(self) -> bytes:
        return b"".join([field.new + _CRLF for field in self._all() if field.new is not None])

    @property
    def diff(self) -> tuple[DiffLine, ...]:
        """The lines before and after, in order; where there are very many, fewer of those that stay."""
        return _bounded(self._diff())

    def strip(self) -> None:
        """Remove what must not, or need not, leave."""
        for field in self._fields:
            if field.new is None or not _MBOX.match(field.new):
                break
            self._remove(field, MBOX_LINE)
        for field in self._fields:
            if field.new is None:
                continue
            if field.name not in _REMOVED:
                self._strip_hidden(field, field.new)
            if field.name in _REMOVED:
                self._remove(field, _REMOVED[field.name])
            else:
                self._named.setdefault(field.name, []).append(field)

    def set_date(self, date: datetime) -> None:
        """Put this date in place of the first, and no other."""
        self._set_only(b"date", "Date", b"Date: " + format_datetime(date).encode())

    def set_message_id(self, fresh: str, *, keep: bool) -> tuple[str, str]:
        """Put in a fresh Message-ID, the old one after it, or keep the first valid one; which it is now, and was."""
        fields = self._named.get(b"message-id", [])
        value = _value(fields[0]) if fields else b""
        original = identifier(value)[:_LONGEST_ID]
        valid = [(field, found) for field in fields if keep and (found := _VALID_ID.fullmatch(unfold(_value(field))))]
        if valid:
            for field in fields:
                if field is not valid[0][0]:
                    self._remove(field, "Message-ID")
            return valid[0][1][1].decode(), original
        line = f"Message-ID: <{fresh}>".encode()
        if value.strip() and b"x-original-message-id" not in self._named:
            line += b"\r\nX-Original-Message-ID:" + value
            self._counts["X-Original-Message-ID", "added"] += 1
        self._set_only(b"message-id", "Message-ID", line)
        return fresh, original

    @property
    def has_reply_to(self) -> bool:
        """Whether it says itself where answers go."""
        return b"reply-to" in self._named

    def add_reply_to(self) -> None:
        """Let answers go to whom the app wrote as, unless it said itself where they go."""
        if b"from" in self._named and b"reply-to" not in self._named:
            field = self._named[b"from"][0]
            field.new = (field.new or b"") + b"\r\nReply-To:" + _value(field)
            self._counts["Reply-To", "added"] += 1

    def add_original_recipients(self, addresses: tuple[str, ...]) -> None:
        """Write the envelope's recipients into the header."""
        for address in addresses:
            visible = "".join(letter for letter in address if letter.isprintable())
            self._add("X-Original-To", b"X-Original-To: " + visible.encode("utf-8", "replace"))

    def _all(self) -> Iterator[_Field]:
        # What is added comes first, where junk lines cannot hide it, but would take a continuation line for its own.
        orphans = 1 if self._fields and (self._fields[0].old or b"")[:1] in (b" ", b"\t", b":") else 0
        yield from self._fields[:orphans]
        yield from self._added
        yield from self._fields[orphans:]

    def _diff(self) -> Iterator[DiffLine]:
        for field in self._all():
            old, new = field.old or b"", field.new or b""
            kept = field.old is not None and field.new is not None and (new + _CRLF).startswith(old + _CRLF)
            yield from _lines(" " if kept else "-", old if field.old is not None else None)
            added = new[len(old) + 2 :] if kept else new
            yield from _lines("+", added if added else None)

    def _remove(self, field: _Field, name: str) -> None:
        field.new = None
        self._counts[name, "removed"] += 1

    def _add(self, name: str, line: bytes) -> None:
        self._added.append(_Field(None, line))
        self._counts[name, "added"] += 1

    def _set_only(self, key: bytes, name: str, line: bytes) -> None:
        fields = self._named.get(key, [])
        if not fields:
            self._add(name, line)
            return
        fields[0].new = line
        self._counts[name, "replaced"] += 1
        for field in fields[1:]:
            self._remove(field, name)

    def _strip_hidden(self, field: _Field, unit: bytes) -> None:
        """Remove fields behind what only some programs take for a line end, or behind a folded line without colon."""
        colon = unit.find(b":")
        if colon < 0 or (self._is_plain and unit.find(_CRLF, 0, colon) < 0):
            return
        cuts = [found.start() for found in _ANY_END.finditer(unit, 0, colon)]
        cuts += [found.start() for found in _EXOTIC_END.finditer(unit, colon)]
        ends = [*cuts, len(unit)]
        kept, dropping = [unit[: ends[0]]], False
        for start, stop in pairwise(ends):
            piece = unit[start:stop]
            if b":" in piece:
                name = _REMOVED.get(_name(piece))
                dropping = name is not None
                if name is not None:
                    self._counts[name, "removed"] += 1
            if not dropping:
                kept.append(piece)
        if sum(map(len, kept)) < len(unit):
            field.new = b"".join(kept)
            field.name = _name(field.new)


def _name(unit: bytes) -> bytes:
    """What the most lenient reader takes for the field's name: visible ASCII before the colon, in lower case."""
    colon = unit.find(b":")
    return unit[:colon].translate(None, _NOT_IN_NAMES).lower() if colon >= 0 else b""


def _value(field: _Field) -> bytes:
    """All after the colon, folds included."""
    return (field.new or b"").partition(b":")[2]


def _lines(mark: Literal[" ", "-", "+"], text: bytes | None) -> Iterator[DiffLine]:
    for line in text.split(_CRLF) if text is not None else ():
        shown = clean(decode_loose(line[: 4 * _DIFF_WIDTH]))
        yield DiffLine(mark, shown if len(shown) <= _DIFF_WIDTH else shown[:_DIFF_WIDTH] + "…")


def _bounded(lines: Iterator[DiffLine]) -> tuple[DiffLine, ...]:
    """The first lines, fewer of those that stay than of those that change."""
    shown: list[DiffLine] = []
    left_out = 0
    for line in lines:
        if len(shown) < (_DIFF_CONTEXT if line.mark == " " else _DIFF_LINES):
            shown.append(line)
        else:
            left_out += 1
    if left_out:
        shown.append(DiffLine(" ", f"… ({left_out:,} more lines)"))
    return tuple(shown)
