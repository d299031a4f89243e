"""Into which mailbox a capture comes, and which tags it has from the beginning."""

import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from mailsluice.capture import Capture
from mailsluice.mailbox import INBOX, Choice, MailboxRule
from mailsluice.message.bounds import Bounds
from mailsluice.message.summary import Summary
from mailsluice.search import Candidate, matches, terms_of
from mailsluice.store.candidates import readable
from mailsluice.store.counters import forget_empty, mailbox_names
from mailsluice.store.records import Receipt
from mailsluice.store.rows import unlisted_of
from mailsluice.store.tally import Tally
from mailsluice.tagging import MOST, TagRule, clean_tags, plus_tags

MOST_MAILBOXES: Final = 1000
_LOOK_SECONDS: Final = 1.0
_INSIDE: Final = frozenset({"", "header", "filename", "type"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sorting:
    """What the user decided about mailboxes and tags."""

    mailbox_rules: tuple[MailboxRule, ...] = ()
    mailbox_by_tag: bool = False
    tag_rules: tuple[TagRule, ...] = ()
    by_plus: bool = True


class Sorter:
    """Sorts captures; `names` are the mailboxes that there are."""

    def __init__(self, sorting: Sorting, names: set[str], tally: Tally, *, bounds: Bounds) -> None:
        self._choose = Choice(sorting.mailbox_rules, by_tag=sorting.mailbox_by_tag)
        self._has_choice = bool(sorting.mailbox_rules or sorting.mailbox_by_tag)
        self._rules, self._by_plus = sorting.tag_rules, sorting.by_plus
        self._looks_inside = any(term.field in _INSIDE for rule in self._rules for term in terms_of(rule.query))
        self._names, self._tally, self._bounds = names | {INBOX}, tally, bounds
        self._next_look = 0.0

    def mailbox(self, capture: Capture) -> str:
        """The mailbox that its user and envelope ask for."""
        if not self._has_choice and not capture.session.user:
            return INBOX  # most mail
        envelope = capture.envelope
        recipients = [one.address for one in envelope.recipients]
        return self._choose(user=capture.session.user, sender=envelope.sender, recipients=recipients)

    def bounded(self, connection: sqlite3.Connection, mailbox: str) -> str:
        """The same mailbox, or inbox if there are too many; on the writer thread only."""
        if mailbox in self._names:
            return mailbox
        if len(self._names) >= MOST_MAILBOXES and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            self._tally.write(connection)
            forget_empty(connection)
            self._names = mailbox_names(connection) | {INBOX}
        if len(self._names) >= MOST_MAILBOXES:
            return INBOX
        self._names.add(mailbox)
        return mailbox

    def tags(self, capture: Capture, summary: Summary, *, mailbox: str, beginning: bytes) -> list[str]:
        """The tags of its X-Tags field, of its recipients' plus-addresses, and of the rules that fit."""
        found = [*summary.tags]
        if self._by_plus:
            found += plus_tags(_addressed(capture, summary))
        if self._rules:
            found += self._by_rule(capture, summary, mailbox, beginning)
        return clean_tags(found)[:MOST] if found else []

    def _by_rule(self, capture: Capture, summary: Summary, mailbox: str, beginning: bytes) -> Iterable[str]:
        try:
            seen = self._candidate(capture, summary, mailbox, beginning)
            return [rule.tag for rule in self._rules if matches(rule.query, seen)]
        except Exception:  # as with the summary: no rule may cost a message
            log.exception("the rules for tags failed at a message; it is kept without them")
            return ()

    def _candidate(self, capture: Capture, summary: Summary, mailbox: str, beginning: bytes) -> Candidate:
        if self._looks_inside:
            receipt = Receipt(capture.envelope, capture.session, capture.transcript)
            fixed = readable(beginning, receipt, bounds=self._bounds)
        else:
            fixed = Candidate(
                sender=summary.sender,
                to=summary.to,
                cc=summary.cc,
                bcc=summary.bcc,
                reply_to=summary.reply_to,
                envelope_sender=capture.envelope.sender,
                unlisted=unlisted_of(capture.envelope, summary),
                subject=summary.subject,
                message_id=summary.message_id,
                user=capture.session.user,
            )
        size = len(capture.body) if isinstance(capture.body, bytes) else capture.body.size
        return msgspec.structs.replace(fixed, mailbox=mailbox, size=size, received=capture.received)


def _addressed(capture: Capture, summary: Summary) -> Iterator[str]:
    for one in (*summary.to, *summary.cc, *summary.bcc):
        yield one.address
    for recipient in capture.envelope.recipients:
        yield recipient.address
