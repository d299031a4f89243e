"""A message that has just arrived, as a query sees it."""

from typing import Final

import msgspec

from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.parse import parse
from mailsluice.search import Candidate, Query, terms_of
from mailsluice.store.candidates import content_of
from mailsluice.store.records import ListedMessage, Receipt

_INSIDE: Final = frozenset({"", "header", "filename", "type", "has"})
_MOST: Final = 1 << 20  # more than a search keeps: what a rule leaves out must not stand behind its sight


def looks_inside(query: Query) -> bool:
    """Whether the query asks for more than a list knows, so that the message must be read."""
    return any(term.field in _INSIDE for term in terms_of(query))


def candidate_of(listed: ListedMessage, raw: bytes | None, receipt: Receipt, *, bounds: Bounds = DEFAULT) -> Candidate:
    """What the query looks at; without the source, only what the list knows. Raises if the source cannot be read."""
    summary, inside = listed.summary, Candidate()
    if raw is not None:
        inside = content_of(parse(raw, bounds=bounds), receipt, most_text=_MOST, most_headers=_MOST)
    return msgspec.structs.replace(
        inside,
        sender=summary.sender,
        to=summary.to,
        cc=summary.cc,
        bcc=summary.bcc,
        reply_to=summary.reply_to,
        envelope_sender=listed.envelope_sender,
        unlisted=listed.unlisted,
        subject=summary.subject,
        message_id=summary.message_id,
        size=listed.size,
        received=listed.received,
        mailbox=listed.mailbox,
        tags=listed.tags,
        user=listed.user,
        has=inside.has | ({"warning"} if receipt.session.warnings else set()),
        states=frozenset({"read" if listed.seen else "unread", *(("pinned",) if listed.pinned else ())}),
    )
