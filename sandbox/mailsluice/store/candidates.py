"""What search looks at in a message: read from its bytes and its receipt, in bounded length."""

import logging
import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from mailsluice.message.addresses import Address
from mailsluice.message.bounds import Bounds
from mailsluice.message.extract import Action, Code, extract_from
from mailsluice.message.headers import Header
from mailsluice.message.html import text_from_html
from mailsluice.message.parse import Message, parse
from mailsluice.search import Candidate
from mailsluice.store.finds import acts
from mailsluice.store.records import Receipt
from mailsluice.store.rows import unlisted_of
from mailsluice.store.sources import CHUNKED, unpack

log = logging.getLogger(__name__)

MOST_TEXT: Final = 100_000
_LIKELY: Final = 0.6
_LEAVES: Final = 0.8
_MOST_HTML: Final = 1 << 20
_MOST_HEADERS: Final = 16_000
_MOST_NAMES: Final = 500
_MOST_ADDRESSES: Final = 500
_MOST_LINE: Final = 4000
_MOST_SOURCE: Final = 16 << 20


class Reading(NamedTuple):
    """What search looks at, the one-time code, how sure it is, and the link to act on as JSON; both may be empty."""

    candidate: Candidate
    code: str
    code_confidence: float
    action: str


def readable(raw: bytes, receipt: Receipt, *, bounds: Bounds) -> Candidate:
    """All that never changes of a message; never raises, so that one odd mail cannot end the search of all others."""
    return read_whole(raw, receipt, bounds=bounds).candidate


def read_whole(raw: bytes, receipt: Receipt, *, bounds: Bounds) -> Reading:
    """The same, with what a person would take out of it at once."""
    envelope, session = receipt.envelope, receipt.session
    code, code_confidence, action = "", 0.0, ""
    try:
        message = parse(raw, bounds=bounds)
        found = content_of(message, receipt)
        code, code_confidence, action = _extracted(message)
    except Exception:  # as at capture: whatever the reader thinks of it, the mail stays findable by its envelope
        log.exception("a message could not be read for the search; it is found by its envelope only")
        found = Candidate(unlisted=tuple(one.address for one in envelope.recipients))
    traits = {"warning": session.warnings, "code": code, "link": acts(action)}
    candidate = msgspec.structs.replace(
        found,
        envelope_sender=_line(envelope.sender),
        user=_line(session.user),
        has=found.has | {name for name, holds in traits.items() if holds},
    )
    return Reading(candidate, code, code_confidence, action)


def content_of(
    message: Message, receipt: Receipt, *, most_text: int = MOST_TEXT, most_headers: int = _MOST_HEADERS
) -> Candidate:
    """What the message itself tells, in bounded length."""
    summary, parts = message.summary, message.parts[:_MOST_NAMES]
    named = [part.filename for part in parts if part.is_attachment or part.is_inline]
    return Candidate(
        sender=_person(summary.sender),
        to=_people(summary.to),
        cc=_people(summary.cc),
        bcc=_people(summary.bcc),
        reply_to=_people(summary.reply_to),
        unlisted=tuple(_line(address) for address in unlisted_of(receipt.envelope, summary)[:_MOST_ADDRESSES]),
        subject=_line(summary.subject),
        message_id=_line(summary.message_id),
        text=_text(message, most_text),
        filenames=tuple(_line(name) for name in named if name),
        types=tuple(dict.fromkeys(_line(part.content_type) for part in parts)),
        headers=tuple(_headers(message.headers, most_headers)),
        has=frozenset(_traits(message)),
    )


def _extracted(message: Message) -> tuple[str, float, str]:
    """Code and link, where they are more likely right than wrong; without such a link, what unsubscribes."""
    found = extract_from(message)
    code = found.code if found.code and found.code.confidence >= _LIKELY else Code("", 0.0)
    action = found.action if found.action and found.action.confidence >= _LIKELY else None
    if action is None and found.unsubscribe:
        action = Action(found.unsubscribe, "unsubscribe", "", _LEAVES)
    link = _storable(msgspec.json.encode(action).decode()) if action else ""
    return _storable(code.text), code.confidence, link


def _text(message: Message, most: int) -> str:
    """The text and the text of the HTML, each with half of the room for certain."""
    html = text_from_html(message.html[:_MOST_HTML])[:most] if message.html else ""
    text = message.text[: max(most - len(html), most // 2)]
    return _storable(f"{text}\n{html[: most - len(text)]}" if html else text)


def _traits(message: Message) -> Iterator[str]:
    if message.summary.attachments:
        yield "attachment"
    if any(part.is_inline for part in message.parts):
        yield "inline"
    if message.html:
        yield "html"
    if message.defects:
        yield "defect"


def _headers(headers: tuple[Header, ...], room: int) -> Iterator[tuple[str, str]]:
    for header in headers:
        name, value = _line(header.name), _line(header.value)
        room -= len(name) + len(value)
        if room < 0:
            return
        yield name, value


def _people(people: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(_person(one) for one in people[:_MOST_ADDRESSES])


def _person(one: Address) -> Address:
    return Address(_line(one.name), _line(one.address))


def _line(text: str) -> str:
    return _storable(text[:_MOST_LINE])


def _storable(text: str) -> str:
    """Text that UTF-8 can hold: half a surrogate pair becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def read_beginning(connection: sqlite3.Connection, key: int, id: str) -> bytes:
    """The bytes of a message as far as search reads them."""
    encoding, content = connection.execute("SELECT encoding, content FROM source WHERE message = ?", (key,)).fetchone()
    if encoding != CHUNKED:
        return unpack(encoding, content)
    pieces = connection.execute("SELECT encoding, content FROM chunk WHERE message_id = ? ORDER BY number", (id,))
    found, size = [], 0
    for piece in pieces:
        found.append(unpack(*piece))
        size += len(found[-1])
        if size >= _MOST_SOURCE:
            break
    return b"".join(found)
