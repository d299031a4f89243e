"""The header of a message or part: where it ends, its fields, and their text (RFC 5322 section 2.2, RFC 2047)."""

import re
from collections import Counter
from mmap import mmap

import msgspec

from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.charsets import decode_loose
from mailsluice.message.words import clean, decode_words

Field = tuple[bytes, bytes]
Source = bytes | mmap
"""The bytes of a message, in memory or in a file."""

_FIELD = re.compile(rb"\n\r?+([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_FOLD = re.compile(rb"[ \t\r]*+\n[ \t\r]*+")
_BLANK = re.compile(rb"\n\r*+\n")
_ONCE = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "Subject", "Date", "Content-Type")


class Header(msgspec.Struct, frozen=True):
    """One field: `raw` is its value unfolded, as bytes; `value` its text for a person, without control characters."""

    name: str
    raw: bytes
    value: str


def split_message(raw: bytes, *, bounds: Bounds = DEFAULT) -> tuple[tuple[Header, ...], int]:
    """The header fields in order, and the offset at which the body begins."""
    block, body = header_block(raw, start=0, end=len(raw), bounds=bounds)
    pairs = fields(block, bounds=bounds)
    if not pairs:
        return (), 0 if block else body
    return tuple(Header(decode_loose(name), unfold(value), text_of(value)) for name, value in pairs), body


def header_block(raw: Source, *, start: int, end: int, bounds: Bounds = DEFAULT) -> tuple[bytes, int]:
    """The header's bytes with LF line ends and an LF before it, and the offset of the body.

    Line ends may be CRLF, LF, or CR where the header has no LF at all; without a blank line everything is header.
    """
    first = raw.find(b"\n", start, end)
    if raw[start : start + 1] in b"\r\n" and (first == start or raw[start : min(end, start + 2)] in (b"\r\n", b"\r\r")):
        return b"", first + 1 if first >= start else start + 1
    bare = raw.find(b"\r\r", start, end if first < 0 else first - 1)
    if bare >= 0 or first < 0:
        stop = bare if bare >= 0 else end
        return _block(raw, start, stop, bounds).replace(b"\r", b"\n"), min(end, stop + 2)
    stop = raw.find(b"\n\r\n", first, end)
    early = raw.find(b"\n\n", first, end if stop < 0 else stop + 1)
    if early >= 0:
        stop, body = early, early + 2
    elif stop >= 0:
        body = stop + 3
    elif blank := _BLANK.search(raw, first, end):
        stop, body = blank.start(), blank.end()
    else:
        stop = body = end
    return _block(raw, start, stop, bounds), body


def _block(raw: Source, start: int, stop: int, bounds: Bounds) -> bytes:
    return b"\n" + raw[start : min(stop, start + bounds.size)].replace(b"\r\n", b"\n")


def fields(block: bytes, *, bounds: Bounds = DEFAULT) -> list[Field]:
    """Names and folded values of a header block, in order; lines that are no fields are left out."""
    found: list[Field] = _FIELD.findall(block)
    return found if len(found) <= bounds.fields else found[: bounds.fields]


def unfold(value: bytes) -> bytes:
    """A field's value on one line."""
    return (_FOLD.sub(b" ", value) if b"\n" in value else value).strip(b" \t\r")


def text_of(value: bytes) -> str:
    """A field's value as text: unfolded, encoded words decoded, raw UTF-8 or windows-1252, no control characters."""
    return clean(decode_words(decode_loose(unfold(value)))[0])


def header_defects(block: bytes, *, size: int, bounds: Bounds = DEFAULT) -> list[str]:
    """What is wrong with a header of `size` bytes, of which `block` was read; in sentences for a person."""
    defects = []
    if size > bounds.size + 4:
        defects.append(f"The header is longer than {bounds.size:,} bytes; the rest of it was not read.")
    found = _FIELD.findall(block)
    if len(found) > bounds.fields:
        defects.append(f"The header has {len(found):,} fields; only the first {bounds.fields:,} were read.")
    if block.startswith(b"\nFrom ") and not _FIELD.match(block):
        defects.append("The message begins with the 'From ' line of a mailbox file; it was skipped.")
    rest = [line for line in _FIELD.sub(b"", block).split(b"\n") if line.strip() and not line.startswith(b"From ")]
    if rest:
        shown = clean(decode_loose(rest[0][:60]))
        defects.append(f"{len(rest):,} header line(s) are no fields and were skipped, the first being '{shown}'.")
    if b"\r" in block.rstrip(b"\r"):
        defects.append("The header holds carriage returns that do not end a line.")
    names = Counter(name.lower() for name, _ in found)
    defects += [f"There are {n} {name} fields." for name in _ONCE if (n := names[name.lower().encode()]) > 1]
    broken = [
        n for n, value in found[: bounds.fields] if b"=?" in value and not decode_words(decode_loose(unfold(value)))[1]
    ]
    for name in list(dict.fromkeys(broken))[:5]:
        defects.append(f"The {decode_loose(name)} field holds encoded words that could not be decoded as they say.")
    return defects
