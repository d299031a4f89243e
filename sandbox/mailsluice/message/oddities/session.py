"""What is odd about how a message came: what the session noted, and where the envelope and the message differ."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from mailsluice.capture import Envelope
from mailsluice.message.addresses import Address
from mailsluice.message.oddities.rules import Noted, listed, shown
from mailsluice.message.parse import Message

# Programs count before they add the last line end.
_LAST_LINE_END: Final = 2
_MUCH: Final = 4096
_TWO_DOTS: Final = re.compile(rb"(?<!\r)\n\.\.")
_SECTIONS: Final = (
    ("ended in LF alone", "RFC 5321, 2.3.8"),
    ("bytes that are not UTF-8", "RFC 6531, 3.3"),
    ("MAIL before EHLO", "RFC 5321, 4.1.4"),
    ("said HELO", "RFC 5321, 2.2.1"),
    ("authenticated", "RFC 4954, 4"),
    ("without < and >", "RFC 5321, 4.1.2"),
    ("the source route", "RFC 5321, C"),
    ("sender is null", "RFC 5321, 4.5.5"),
    ("has no domain", "RFC 5321, 2.3.5"),
    ("is quoted", "RFC 5321, 4.1.2"),
    ("white space in the address", "RFC 5321, 4.1.2"),
    ("outside ASCII", "RFC 6531, 3.1"),
    ("delivery notifications", "RFC 3461, 4"),
    ("AUTH in MAIL", "RFC 4954, 5"),
    ("was not offered", "RFC 6152, 3"),
    ("parameter", "RFC 5321, 4.1.1.11"),
)


def session_oddities(warnings: Iterable[str]) -> Iterator[Noted]:
    """What the session noted, in its own words."""
    for warning in warnings:
        rfc = next((section for words, section in _SECTIONS if words in warning), "")
        yield Noted("session", f"In the session {warning}.", rfc)


def envelope_oddities(raw: bytes, message: Message, envelope: Envelope, *, extended: bool) -> Iterator[Noted]:
    """Addresses that envelope and header do not share, and what MAIL declared of the message."""
    author = message.sender.address
    if author and envelope.sender and envelope.sender.casefold() != author.casefold():
        text = f"The envelope's sender {shown(envelope.sender)} is not the From address: bounces go there."
        yield Noted("sender-differs", text)
    yield from _recipients(message, envelope)
    declared = dict(_parameter(one) for one in envelope.parameters)
    yield from _size(declared.get("SIZE", ""), len(raw))
    yield from _dots(raw)
    yield from _body(raw, message, declared.get("BODY", "").upper(), extended=extended)


def _recipients(message: Message, envelope: Envelope) -> Iterator[Noted]:
    named = _folded((*message.to, *message.cc, *message.bcc))
    carried = Counter(one.address.casefold() for one in envelope.recipients)
    original = {one.address.casefold(): one.address for one in envelope.recipients}
    hidden = [shown(address) for folded, address in original.items() if folded not in named]
    if hidden:
        verb = "gets" if len(hidden) == 1 else "get"
        text = f"No To, Cc or Bcc field names {listed(hidden)}, who {verb} this message all the same."
        yield Noted("hidden-recipients", text)
    if absent := [shown(address) for folded, address in named.items() if folded not in carried]:
        verb = "does" if len(absent) == 1 else "do"
        yield Noted("absent-recipients", f"The header names {listed(absent)}, who {verb} not get it from this session.")
    if repeated := [shown(original[folded]) for folded, number in carried.items() if number > 1]:
        yield Noted("recipient-repeated", f"The envelope names {listed(repeated)} more than once.")


def _folded(addresses: Iterable[Address]) -> dict[str, str]:
    return {one.address.casefold(): one.address for one in addresses if one.address}


def _size(declared: str, size: int) -> Iterator[Noted]:
    if not (declared.isascii() and declared.isdigit() and len(declared) < 16):
        return
    said = int(declared)
    # The size said is a bound on what comes (RFC 1870 section 6); a generous one is not odd.
    if size > said + _LAST_LINE_END or said > 2 * size + _MUCH:
        yield Noted("size-differs", f"MAIL declared {said:,} bytes, but the message has {size:,}.")


def _dots(raw: bytes) -> Iterator[Noted]:
    # Programs that send bare LF double a dot behind it, too; a server that undid that could be made to see mail
    # which others do not (SMTP smuggling), so the dots stay as they came.
    if number := sum(1 for _ in _TWO_DOTS.finditer(raw)):
        lines = "1 line begins" if number == 1 else f"{number:,} lines begin"
        text = f"{lines} with two dots after a bare LF; the dot that SMTP adds to one is taken off only after CRLF."
        yield Noted("dots-doubled", text)


def _body(raw: bytes, message: Message, declared: str, *, extended: bool) -> Iterator[Noted]:
    if any(part.encoding == "binary" for part in message.parts) and declared != "BINARYMIME":
        yield Noted("binary-undeclared", "There is a binary part, but MAIL did not declare BODY=BINARYMIME.")
    if raw.isascii() or declared in ("8BITMIME", "BINARYMIME"):
        return
    if declared == "7BIT":
        yield Noted("8bit-undeclared", "MAIL declared BODY=7BIT, but the message has bytes above ASCII.")
    elif extended:
        yield Noted("8bit-undeclared", "The message has bytes above ASCII, but MAIL did not declare BODY=8BITMIME.")
    else:
        yield Noted("8bit-undeclared", "The message has bytes above ASCII, which needs EHLO and BODY=8BITMIME.")


def _parameter(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.upper(), value
