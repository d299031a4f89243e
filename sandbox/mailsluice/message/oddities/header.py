"""What is odd about a header as such: missing and empty fields, folding, bytes and line lengths."""

import re
from collections.abc import Iterator
from typing import Final

from mailsluice.message.headers import unfold
from mailsluice.message.oddities.rules import Fields, Noted, listed, proper, shown
from mailsluice.message.words import decode_words

_ONCE: Final = (b"in-reply-to", b"references", b"mime-version", b"content-transfer-encoding", b"return-path")
_ONCE_IN_LISTS: Final = (b"list-unsubscribe", b"list-unsubscribe-post", b"list-id")
# Bcc alone may be empty.
_FILLED: Final = (b"from", b"sender", b"reply-to", b"to", b"cc", b"date", b"message-id", b"in-reply-to", b"references")
_PREFERRED: Final = 78
_LONGEST: Final = 998
_SPACED: Final = re.compile(rb"\n[!-9;-~]++[ \t]++:")
_FOLD_BLANK: Final = re.compile(rb"\n[ \t\r]++(?=\n)")
_FOLD_FIRST: Final = re.compile(rb"\n([!-9;-~]++):[ \t\r]*+\n[ \t]")
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IDENTIFIER: Final = re.compile(rb"<[^\s<>@()\"\\,;]++@(?:\[[^\s<>\[\]]++\]|[^\s<>@()\"\\,;]++)>")
_COMMENT: Final = re.compile(rb"\((?:[^()\\]|\\.)*+\)")
_VERSION: Final = re.compile(rb"1\s*+\.\s*+0")


def missing_fields(named: Fields) -> Iterator[Noted]:
    """Fields that every message has to have, or had better have, and MIME-Version where MIME is used."""
    if b"from" not in named:
        yield Noted("no-from", "There is no From field; every message must name its author.")
    if b"date" not in named:
        yield Noted("no-date", "There is no Date field; every message must have one.")
    if b"message-id" not in named:
        yield Noted("no-message-id", "There is no Message-ID field; replies and duplicates are recognised by it.")
    if not any(name in named for name in (b"to", b"cc", b"bcc")):
        yield Noted("no-recipient-field", "There is no To, Cc or Bcc field; spam filters mind that.")
    if not decode_words(unfold(b"".join(named.get(b"subject", ()))).decode("latin-1"))[0].strip():
        yield Noted("no-subject", "There is no subject.")
    mime = [name for name in named if name in (b"content-type", b"content-transfer-encoding")]
    if mime and b"mime-version" not in named:
        names = listed([proper(name) for name in mime])
        yield Noted("no-mime-version", f"There is {names} but no MIME-Version field, so that MIME may be ignored.")


def header_oddities(raw: bytes, block: bytes, named: Fields, *, parameters: frozenset[str]) -> Iterator[Noted]:
    """What is odd about the fields that there are, whatever they mean; `block` is the header as it was read."""
    for name in (*_ONCE, *_ONCE_IN_LISTS):
        if (number := len(named.get(name, ()))) > 1:
            code = "repeated-list-field" if name in _ONCE_IN_LISTS else "repeated-field"
            yield Noted(code, f"There are {number:,} {proper(name)} fields.")
    if empty := [proper(name) for name in _FILLED if any(not unfold(value) for value in named.get(name, ()))]:
        yield Noted("empty-field", f"There is nothing in {listed(empty)}; such a field must be left out.")
    yield from _identifiers(named)
    yield from _bytes(block, named, unicode="SMTPUTF8" in parameters)
    yield from _folding(block)
    if (nul := raw.count(0)) and "BODY=BINARYMIME" not in parameters:
        yield Noted("nul", f"There {'is a NUL byte' if nul == 1 else f'are {nul:,} NUL bytes'} in the message.")
    if any(unfold(value) for value in named.get(b"bcc", ())):
        yield Noted("bcc-in-header", "The Bcc field would show its recipients to everybody; it must go before sending.")


def submission_oddities(named: Fields) -> Iterator[Noted]:
    """Fields that only servers on the way add, in a message that an app has just sent."""
    if b"return-path" in named:
        yield Noted("return-path", "The app sent a Return-Path field; only the last server adds one.")
    if number := len(named.get(b"received", ())):
        fields = "1 Received field" if number == 1 else f"{number:,} Received fields"
        yield Noted("received", f"The message came with {fields}: it passed other servers, or was sent on as it is.")


def _identifiers(named: Fields) -> Iterator[Noted]:
    for value in named.get(b"message-id", ())[:1]:
        plain = unfold(value)
        if plain and not _IDENTIFIER.fullmatch(_COMMENT.sub(b"", plain).strip()):
            text = shown(plain[:200].decode("latin-1"))
            yield Noted("message-id-malformed", f"The Message-ID '{text}' is not of the form <left@right>.")
    for value in named.get(b"mime-version", ())[:1]:
        plain = unfold(value)
        if not _VERSION.fullmatch(_COMMENT.sub(b"", plain).strip()):
            yield Noted("mime-version-odd", f"MIME-Version says '{shown(plain[:200].decode('latin-1'))}' and not 1.0.")


def _bytes(block: bytes, named: Fields, *, unicode: bool) -> Iterator[Noted]:
    if _CONTROL.search(block):
        yield Noted("control-in-header", "The header holds control characters.")
    if block.isascii():
        return
    high = [proper(name) for name, values in named.items() if not all(value.isascii() for value in values)]
    place = listed(high) or "the header"
    try:
        block.decode()
    except UnicodeDecodeError:
        # The last character may have been cut with a header that is too long.
        yield Noted("header-8bit", f"There are bytes in {place} that are neither ASCII nor UTF-8.")
        return
    if not unicode:
        yield Noted("header-8bit", f"There are characters beyond ASCII in {place}, not encoded and without SMTPUTF8.")


def _folding(block: bytes) -> Iterator[Noted]:
    if spaced := _SPACED.search(block):
        name = proper(spaced[0].strip(b"\n\t :").lower())
        yield Noted("space-before-colon", f"There is white space between {name} and its colon.")
    if _FOLD_BLANK.search(block):
        yield Noted("fold-blank", "A folded field has a line of nothing but white space, which may end the header.")
    if first := [proper(name.lower()) for name in dict.fromkeys(_FOLD_FIRST.findall(block)[:100])]:
        yield Noted("fold-first", f"The first line of {listed(first)} is empty; some programs then miss the value.")
    long = sum(_PREFERRED < len(line.rstrip(b"\r")) <= _LONGEST for line in block.split(b"\n"))
    if long:
        lines = "1 header line is" if long == 1 else f"{long:,} header lines are"
        yield Noted("header-line-long", f"{lines} longer than {_PREFERRED} characters.")
