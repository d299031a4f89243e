"""What a person would take out of a mail at once: the one-time code, the link to act on, the way to unsubscribe."""

from collections.abc import Sequence

import msgspec

from mailsluice.message.codes import Code, find_code
from mailsluice.message.headers import text_of
from mailsluice.message.links import Action, find_links, links_from_html
from mailsluice.message.parse import Message
from mailsluice.message.tags import text_from_html

__all__ = ["Action", "Code", "Extract", "extract", "extract_from"]

_MAX_HTML = 64 * 1024
_LITTLE_TEXT = 120


class Extract(msgspec.Struct, frozen=True):
    """The code, the link to act on, and the address that unsubscribes (a web link, else a mail link)."""

    code: Code | None = None
    action: Action | None = None
    unsubscribe: str = ""


_NOTHING = Extract()


def extract(subject: str, text: str, *, links: Sequence[tuple[str, str]] = (), list_unsubscribe: str = "") -> Extract:
    """What a mail of this subject and plain text hands over; `links` are its HTML's (href, text) in order.

    `list_unsubscribe` is the field's value (RFC 2369). Takes linear time, and no more than for the first 64 KB.
    """
    code = find_code(subject, text)
    if not links and not list_unsubscribe and "://" not in text:
        return _NOTHING if code is None else Extract(code)
    action, unsubscribe = find_links(subject, text, links=links, list_unsubscribe=list_unsubscribe)
    return Extract(code, action, unsubscribe)


def extract_from(message: Message) -> Extract:
    """The same of a parsed message: of its text, or where that is little and has no code, of its HTML's."""
    subject, text, html = message.subject, message.text, message.html
    field = _list_unsubscribe(message)
    if not html:
        return extract(subject, text, list_unsubscribe=field)
    found = extract(subject, text, links=links_from_html(html), list_unsubscribe=field)
    if (found.code and found.action) or len(text) > _LITTLE_TEXT:
        return found
    # A link whose own text says nothing ("click here") is told by the text before it, which only this has.
    shown = extract(subject, text_from_html(html[:_MAX_HTML]))
    return Extract(found.code or shown.code, _surer(found.action, shown.action), found.unsubscribe or shown.unsubscribe)


def _surer(of_links: Action | None, of_text: Action | None) -> Action | None:
    if of_links is None or of_text is None:
        return of_links or of_text
    return of_links if of_links.confidence >= of_text.confidence else of_text


def _list_unsubscribe(message: Message) -> str:
    root = message.parts[0] if message.parts else None
    while root is not None and root.parent is not None:
        root = root.parent
    value = root.fields.get(b"list-unsubscribe") if root else None
    return text_of(value) if value else ""
