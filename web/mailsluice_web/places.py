"""Places in the captured mail, with URLs: all of it, a mailbox, what a search finds (`/?q=invoice&mailbox=shop`)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as Time
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.requests import Request

from mailsluice.capture import now
from mailsluice.search import And, Node, Not, Or, Query, Term, parse
from mailsluice_web.zones import zone_named, zone_of

_NAMES: Final = ("q", "mailbox")
_SPANS: Final = {"s": "s", "m": "min", "h": "h", "d": "day", "w": "week"}
_PINNED: Final = Term("is", "pinned")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Place(msgspec.Struct, frozen=True):
    """What a page looks at; an empty query and an empty mailbox stand for all.

    `zone` names the reader's time zone, in which days begin and end; empty is the server's.
    """

    query: str = ""
    mailbox: str = ""
    zone: str = ""

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
        return Place(query, self.mailbox, self.zone)

    def within(self, mailbox: str = "") -> "Place":
        """The same query in another mailbox, or in all."""
        return Place(self.query, mailbox, self.zone)

    def understood(self) -> Query:
        """The query as data, dates in the reader's time zone."""
        return parse(self.query, now=now(), zone=zone_named(self.zone))


class Piece(msgspec.Struct, frozen=True):
    """A word of a chip.

    `kind` is `field`, `when` (before or after a moment), `value`, `tag`, `word`, `not`, `or`, `open` or `close` (of
    parentheses).
    """

    kind: str
    text: str


class Chip(msgspec.Struct, frozen=True):
    """A part of a query as it was understood, and the query without it; `pieces` is how a person reads the part."""

    text: str
    rest: str
    pieces: tuple[Piece, ...] = ()


def chips(query: Query, *, zone: str = "", most: int | None = None) -> list[Chip]:
    """The parts that must all be true, or the first ones; moments as a reader in that zone says them."""
    parts = parts_of(query)
    texts = [str(And((part,))) for part in parts] if len(parts) != 1 else [str(query)]
    return [
        Chip(text, " ".join(texts[:at] + texts[at + 1 :]), tuple(_pieces(parts[at], zone)))
        for at, text in enumerate(texts[:most])
    ]


def parts_of(query: Query) -> tuple[Node, ...]:
    """What must all be true."""
    return query.root.parts if isinstance(query.root, And) else (query.root,)


def _pieces(node: Node, zone: str) -> Iterator[Piece]:
    match node:
        case Term(field="header", name=name, value=value):
            yield Piece("field", f"header {name}")
            yield from [Piece("value", value)] if value else []
        case Term(field="after" | "before" as field, value=value) if "t" in value and (said := _said(value, zone)):
            yield from (Piece("when", field), Piece("value", said))
        case Term(field="on", value=value):
            yield from (Piece("when", "on" if value.count("-") == 2 else "in"), Piece("value", _day(value)))
        case Term(field="newer" | "older" as field, value=value):
            yield from (Piece("when", f"{field} than"), Piece("value", _span(value)))
        case Term(field=field, value=value):
            yield from [Piece("field", field)] if field else []
            yield Piece(("tag" if field == "tag" else "value") if field else "word", value)
        case Not(part):
            yield Piece("not", "not")
            yield from _pieces(part, zone) if isinstance(part, Term) else _enclosed(part, zone)
        case And(parts) | Or(parts):
            for at, part in enumerate(parts):
                yield from [Piece("or", "or")] if at and isinstance(node, Or) else []
                yield from _enclosed(part, zone) if isinstance(part, And | Or) else _pieces(part, zone)


def _enclosed(node: Node, zone: str) -> Iterator[Piece]:
    yield Piece("open", "(")
    yield from _pieces(node, zone)
    yield Piece("close", ")")


def _said(moment: str, zone: str) -> str:
    """`1 Jan 2026` where a day begins, else with the time: `1 Jan 2026, 14:30`; empty for what is no moment."""
    try:
        time = datetime.fromisoformat(moment.upper()).astimezone(zone_named(zone))
    except (ValueError, OverflowError):
        return ""
    return f"{time.day} {time:%b %Y}" + ("" if time.time() == Time.min else f", {time:%H:%M}")


def _day(value: str) -> str:
    """`21 Nov 2026`, `November 2026` or `2026`."""
    if value.count("-") == 0:
        return value
    if value.count("-") == 1:
        return f"{date.fromisoformat(value + '-01'):%B} {value[:4]}"
    day = date.fromisoformat(value)
    return f"{day.day} {day:%b} {value[:4]}"


def _span(value: str) -> str:
    """`2 h`, `7 days`, for `2h` and `7d`."""
    count, unit = int(value[:-1]), _SPANS[value[-1]]
    return f"{count} {unit}" + ("s" if count != 1 and value[-1] in "dw" else "")


def fixed(node: Node) -> Node:
    """The same with each day as the moments between which it lies, so that it means the same in every time zone."""
    match node:
        case And(parts):
            return And(tuple(map(fixed, parts)))
        case Or(parts):
            return Or(tuple(map(fixed, parts)))
        case Not(part):
            return Not(fixed(part))
    if node.field != "on" or node.low is None or node.high is None:
        return node
    return And((Term("after", _moment(node.low)), Term("before", _moment(node.high - 1))))


def _moment(microseconds: int) -> str:
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().lower()


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
    return Place(own.get("q", ""), own.get("mailbox", ""), zone_of(request))


def _asking(request: Request) -> Mapping[str, str]:
    current = urlsplit(request.headers.get("hx-current-url", ""))
    is_inbox = current.path == "/" or current.path.startswith("/messages/")
    return dict(parse_qsl(current.query)) if is_inbox else {}
