"""Places in the captured mail, with URLs: all of it, a mailbox, what a search finds (`/?q=invoice&mailbox=shop`)."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.requests import Request

from mailsluice.capture import now
from mailsluice.search import And, Not, Query, Term, parse
from mailsluice_web.api.dates import LOCAL

_NAMES: Final = ("q", "mailbox")
_PINNED: Final = Term("is", "pinned")


class Place(msgspec.Struct, frozen=True):
    """What a page looks at; an empty query and an empty mailbox stand for all."""

    query: str = ""
    mailbox: str = ""

    @property
    def is_search(self) -> bool:
        """Whether something is looked for; a query of blanks looks for nothing."""
        return bool(self.query.strip())

    @property
    def is_all(self) -> bool:
        """Whether this is all of the captured mail."""
        return not self.is_search and not self.mailbox

    def at(self, path: str = "/", **more: str) -> str:
        """The address of a path seen from this place: `/messages/4oR…?q=invoice`."""
        own = {"q": self.query if self.is_search else "", "mailbox": self.mailbox}
        query = urlencode({name: value for name, value in (own | more).items() if value}, errors="replace")
        return path + (f"?{query}" if query else "")

    def looking(self, query: str = "") -> "Place":
        """The same mailbox with another query, or with none."""
        return Place(query, self.mailbox)

    def within(self, mailbox: str = "") -> "Place":
        """The same query in another mailbox, or in all."""
        return Place(self.query, mailbox)

    def understood(self) -> Query:
        """The query as data, dates in the server's time zone."""
        return parse(self.query, now=now(), zone=LOCAL)


class Chip(msgspec.Struct, frozen=True):
    """A part of a query as it was understood, and the query without it."""

    text: str
    rest: str


def chips(query: Query) -> list[Chip]:
    """The parts that must all be true."""
    parts = query.root.parts if isinstance(query.root, And) else (query.root,)
    texts = [str(And((part,))) for part in parts]
    if len(parts) == 1:
        texts = [str(query)]
    return [Chip(text, " ".join(texts[:at] + texts[at + 1 :])) for at, text in enumerate(texts)]


def pinned(query: Query) -> Query:
    """What is pinned among what the query finds."""
    return Query(And((query.root, _PINNED)), query.problems)


def unpinned(query: Query) -> Query:
    """What is not pinned among what the query finds."""
    return Query(And((query.root, Not(_PINNED))), query.problems)


def read_place(request: Request) -> Place:
    """The place that the URL names; for a fragment whose URL names none, the place of the page that asks for it."""
    own: Mapping[str, str] = request.query_params
    if request.url.path != "/" and not any(name in own for name in _NAMES):
        own = _asking(request)
    return Place(own.get("q", ""), own.get("mailbox", ""))


def _asking(request: Request) -> Mapping[str, str]:
    current = urlsplit(request.headers.get("hx-current-url", ""))
    is_inbox = current.path == "/" or current.path.startswith("/messages/")
    return dict(parse_qsl(current.query)) if is_inbox else {}
