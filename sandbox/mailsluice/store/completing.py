"""What a person may want to type next: people, tags, mailboxes and users that there are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from mailsluice.message.addresses import Address
from mailsluice.search import And, Node, Not, Query, Term
from mailsluice.search.words import normal
from mailsluice.store.records import ListedMessage

NAMES: Final = {
    "tag": "SELECT name FROM tag",
    "mailbox": "SELECT mailbox FROM counter WHERE messages > 0",
    "user": "SELECT DISTINCT user FROM (SELECT user FROM message ORDER BY key DESC LIMIT 10000)",  # of newer messages
}
"""Fields whose values are few, and where they are."""

PEOPLE: Final[Mapping[str, Callable[[ListedMessage], tuple[Address, ...]]]] = {
    "from": lambda one: (one.summary.sender,),
    "to": lambda one: one.summary.to,
    "cc": lambda one: one.summary.cc,
    "bcc": lambda one: (*one.summary.bcc, *_unlisted(one)),
    "reply-to": lambda one: one.summary.reply_to,
    "addressed": lambda one: (
        *(one.summary.sender, *one.summary.to, *one.summary.cc, *one.summary.bcc),
        *(*_unlisted(one), *one.summary.reply_to),
    ),
}
"""Fields whose values are people, and who they are in a message."""


def not_yet(field: str, prefix: str, found: Iterable[str]) -> Query:
    """The messages whose people have the prefix in them, but for those who are found already."""
    wanted: tuple[Node, ...] = (Term(field, normal(prefix)),) if normal(prefix) else ()
    return Query(And((*wanted, *(Not(Term(field, normal(one))) for one in found))))


def completions(messages: Iterable[ListedMessage], *, field: str, prefix: str) -> Iterator[str]:
    """The addresses of messages that have the prefix in them or in the name that stands with them."""
    wanted = normal(prefix)
    for message in messages:
        for one in PEOPLE[field](message):
            if wanted in normal(f"{one.name} <{one.address}>") and (one.address or one.name):
                yield one.address or one.name


def _unlisted(one: ListedMessage) -> tuple[Address, ...]:
    return tuple(Address("", address) for address in one.unlisted)
