"""A message that has just arrived, as a query sees it."""

from typing import Final

from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.html import text_from_html
from mailsluice.message.parse import Message, parse
from mailsluice.search import Candidate, Query, terms_of
from mailsluice.store.records import ListedMessage, Receipt

_INSIDE: Final = frozenset({"", "header", "filename", "type", "has"})


def looks_inside(query: Query) -> bool:
    """Whether the query asks for more than a list knows, so that the message must be read."""
    return any(term.field in _INSIDE for term in terms_of(query))


def candidate_of(
    listed: ListedMessage, raw: bytes | None = None, receipt: Receipt | None = None, *, bounds: Bounds = DEFAULT
) -> Candidate:
    """What the query looks at; without source and receipt, only what the list knows."""
    summary = listed.summary
    message = None if raw is None else parse(raw, bounds=bounds)
    return Candidate(
        sender=summary.sender,
        to=summary.to,
        cc=summary.cc,
        bcc=summary.bcc,
        reply_to=summary.reply_to,
        envelope_sender=listed.envelope_sender,
        unlisted=listed.unlisted,
        subject=summary.subject,
        message_id=summary.message_id,
        text="" if message is None else "\n".join((message.text, text_from_html(message.html))),
        filenames=() if message is None else tuple(one.filename for one in message.parts if one.filename),
        types=() if message is None else tuple(one.content_type for one in message.parts),
        headers=() if message is None else tuple((one.name, one.value) for one in message.headers),
        size=listed.size,
        received=listed.received,
        mailbox=listed.mailbox,
        tags=listed.tags,
        user=listed.user,
        has=_has(message, receipt),
        states=frozenset({"read" if listed.seen else "unread", *(("pinned",) if listed.pinned else ())}),
    )


def _has(message: Message | None, receipt: Receipt | None) -> frozenset[str]:
    facts = {"warning": bool(receipt and receipt.session.warnings)}
    if message:
        facts["attachment"] = any(part.is_attachment for part in message.parts)
        facts["inline"] = bool(message.inline)
        facts["html"] = bool(message.html)
        facts["defect"] = bool(message.defects)
    return frozenset(name for name, is_so in facts.items() if is_so)
