"""What the list shows of a message; made at capture, so it is fast and decodes no attachment."""

import re
from functools import lru_cache
from html import unescape

import msgspec

from mailsluice.message.addresses import Address, parse_addresses
from mailsluice.message.bodies import Bodies, arrange
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.charsets import decode, decode_loose
from mailsluice.message.headers import Source, text_of, unfold
from mailsluice.message.mime import Part, identifier, read
from mailsluice.message.words import clean

_LENGTH = 200
_USUAL = 512
_CHUNKS = (400, 16 * 1024, 64 * 1024)
_HIDDEN = re.compile(
    r"<!--(?:[^-]++|-(?!->))*+(?:-->)?|<(style|script|title)\b(?:[^<]++|<(?!/(?:style|script|title)\b))*+",
    re.IGNORECASE,
)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|code|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*+>", re.IGNORECASE
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>?")
# What newsletters fill the preview line with: joiners, soft hyphens, byte order marks.
_FILLERS = re.compile("[\u034f\u00ad\u200b\u200c\u200e\u200f\u2060\ufeff]+")


class Summary(msgspec.Struct, frozen=True):
    """A message in brief: decoded header fields, the beginning of its text, and how many attachments it has.

    `tags` are those that its X-Tags field asks for, as it asks.
    """

    subject: str = ""
    message_id: str = ""
    sender: Address = Address()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    snippet: str = ""
    attachments: int = 0
    tags: tuple[str, ...] = ()


def summarize(raw: Source, *, bounds: Bounds = DEFAULT) -> Summary:
    """Read a message in brief, whatever its bytes; one in a file is not taken into memory for that. Never raises."""
    root, leaves, _ = read(raw, bounds=bounds)
    return summary_of(root, leaves, arrange(leaves))


def summary_of(root: Part, leaves: list[Part], bodies: Bodies) -> Summary:
    """The summary of a message whose parts have been read and arranged."""
    fields = root.fields
    subject = fields.get(b"subject")
    message_id = fields.get(b"message-id")
    sender = _addresses(fields.get(b"from"))
    tags = fields.get(b"x-tags")
    return Summary(
        "" if subject is None else text_of(subject),
        "" if message_id is None else identifier(message_id),
        sender[0] if sender else Address(),
        _addresses(fields.get(b"to")),
        _addresses(fields.get(b"cc")),
        _addresses(fields.get(b"bcc")),
        _addresses(fields.get(b"reply-to")),
        _snippet(bodies),
        sum([part.is_attachment for part in leaves]),
        () if tags is None else tuple(text_of(tags).split(",")),
    )


def _addresses(value: bytes | None) -> tuple[Address, ...]:
    if value is None:
        return ()
    return _usual_addresses(value) if len(value) < _USUAL else _read_addresses(value)


def _read_addresses(value: bytes) -> tuple[Address, ...]:
    return parse_addresses(decode_loose(unfold(value)))


_usual_addresses = lru_cache(512)(_read_addresses)  # an app writes the same few From and To all day


def _snippet(bodies: Bodies) -> str:
    if bodies.html_leads and (snippet := _beginning(bodies.html[0], html=True)):
        return snippet
    for part in bodies.text[:3]:
        if snippet := _beginning(part, html=False):
            return snippet
    return _beginning(bodies.html[0], html=True) if bodies.html else ""


def _beginning(part: Part, *, html: bool) -> str:
    """The first 200 characters of a part's text, from as little of it as gives them."""
    snippet = ""
    for size in _CHUNKS:
        text = decode(part.chunk(size), charset=part.charset)[0]
        if html:
            text = _stripped(text)
        if not text.isascii():
            text = _FILLERS.sub("", text)
        snippet = clean(" ".join(text.split()))
        if len(snippet) >= _LENGTH or part.end - part.body <= size:
            break
    return snippet[:_LENGTH].rstrip()


def _stripped(html: str) -> str:
    """The text of the beginning of an HTML document, good enough for one line."""
    return unescape(_TAG.sub(" ", _INLINE_TAG.sub("", _HIDDEN.sub(" ", html))))
