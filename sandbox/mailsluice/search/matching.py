"""Does a message match? Each term looks at what it names; words look everywhere, and at any part of a word."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final

import msgspec

from mailsluice.message.addresses import Address
from mailsluice.search.query import And, Node, Not, Or, Query, Term
from mailsluice.search.words import normal

_MOST_TEXT: Final = 1 << 20
_MOST_HEADER_TEXT: Final = 1 << 16


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What terms look at.

    `text` is the text part and the text of the HTML part, `unlisted` are envelope recipients that no header names,
    `has` and `states` hold what `has:` and `is:` may ask for; `received` is microseconds UTC, `size` bytes.
    """

    sender: Address = Address()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    envelope_sender: str = ""
    unlisted: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    text: str = ""
    filenames: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    has: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    mailbox: str = ""
    user: str = ""
    size: int = 0
    received: int = 0


def matches(query: Query, candidate: Candidate) -> bool:
    """Whether the query finds the message; a query with problems finds nothing."""
    return not query.problems and _holds(query.root, _Seen(candidate))


def _holds(node: Node, seen: "_Seen") -> bool:
    match node:
        case And(parts):
            return all(_holds(part, seen) for part in parts)
        case Or(parts):
            return any(_holds(part, seen) for part in parts)
        case Not(part):
            return not _holds(part, seen)
    return _TESTS[node.field](node, seen)


class _Seen:
    """A candidate made comparable, each part of it when it is first asked for."""

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate

    @cached_property
    def sender(self) -> tuple[str, ...]:
        return _people([self.candidate.sender])

    @cached_property
    def to(self) -> tuple[str, ...]:
        return _people(self.candidate.to)

    @cached_property
    def cc(self) -> tuple[str, ...]:
        return _people(self.candidate.cc)

    @cached_property
    def bcc(self) -> tuple[str, ...]:
        """Blind copies are told by the envelope."""
        return (*_people(self.candidate.bcc), *(normal(one) for one in self.candidate.unlisted))

    @cached_property
    def reply_to(self) -> tuple[str, ...]:
        return _people(self.candidate.reply_to)

    @cached_property
    def addressed(self) -> tuple[str, ...]:
        return (*self.sender, *self.to, *self.cc, *self.bcc, *self.reply_to)

    @cached_property
    def words(self) -> tuple[str, ...]:
        one = self.candidate
        own = (one.subject, one.envelope_sender, one.text[:_MOST_TEXT], *one.filenames)
        return (*(normal(text) for text in own), *self.addressed)

    @cached_property
    def headers(self) -> tuple[tuple[str, str], ...]:
        found = self.candidate.headers
        return tuple((normal(name), normal(value[:_MOST_HEADER_TEXT])) for name, value in found)


def _people(people: Iterable[Address]) -> tuple[str, ...]:
    return tuple(normal(f"{one.name} <{one.address}>") for one in people)


def _within(term: Term, texts: Iterable[str]) -> bool:
    return any(term.value in text for text in texts)


def _within_raw(term: Term, texts: Iterable[str]) -> bool:
    return any(term.value in normal(text) for text in texts)


def _exactly(term: Term, texts: Iterable[str]) -> bool:
    return any(term.value == normal(text) for text in texts)


def _ranged(term: Term, number: int) -> bool:
    return (term.low is None or number >= term.low) and (term.high is None or number < term.high)


def _has_header(term: Term, seen: _Seen) -> bool:
    return any(name == term.name and term.value in value for name, value in seen.headers)


def _received(term: Term, seen: _Seen) -> bool:
    return _ranged(term, seen.candidate.received)


def _size(term: Term, seen: _Seen) -> bool:
    return _ranged(term, seen.candidate.size)


_TESTS: Final[Mapping[str, Callable[[Term, _Seen], bool]]] = {
    "": lambda term, seen: _within(term, seen.words),
    "from": lambda term, seen: _within(term, seen.sender),
    "to": lambda term, seen: _within(term, seen.to),
    "cc": lambda term, seen: _within(term, seen.cc),
    "bcc": lambda term, seen: _within(term, seen.bcc),
    "reply-to": lambda term, seen: _within(term, seen.reply_to),
    "addressed": lambda term, seen: _within(term, seen.addressed),
    "subject": lambda term, seen: _within_raw(term, [seen.candidate.subject]),
    "message-id": lambda term, seen: _within_raw(term, [seen.candidate.message_id]),
    "filename": lambda term, seen: _within_raw(term, seen.candidate.filenames),
    "type": lambda term, seen: _within_raw(term, seen.candidate.types),
    "header": _has_header,
    "has": lambda term, seen: term.value in seen.candidate.has,
    "is": lambda term, seen: term.value in seen.candidate.states,
    "tag": lambda term, seen: _exactly(term, seen.candidate.tags),
    "mailbox": lambda term, seen: _exactly(term, [seen.candidate.mailbox]),
    "user": lambda term, seen: _exactly(term, [seen.candidate.user]),
    "after": _received,
    "before": _received,
    "on": _received,
    "newer": _received,
    "older": _received,
    "larger": _size,
    "smaller": _size,
}
