"""What a search asks for: its text understood, in the time zone of whoever asks, and what bounds it further."""

import re
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request

from mailsluice.capture import now
from mailsluice.errors import Refusal
from mailsluice.mailbox import clean_mailbox
from mailsluice.search import And, Query, Term, parse, terms_of
from mailsluice.store import LATEST, ListedMessage
from mailsluice_web.api.dates import LOCAL, utc_time
from mailsluice_web.api.resource import BadRequest
from mailsluice_web.pages.cards import sandbox_of

_ID: Final = re.compile(r"[0-9A-Za-z]{22}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_WHOLE: Final = re.compile(r"[0-9]+")
_MOST: Final = 10**18
_MOST_DIGITS: Final = 18
_ZONED: Final = frozenset({"after", "before", "on"})


def understood(text: str, *, zone: str = "", outcome: str = "") -> Query:
    """The query, with dates in the IANA zone, else in the server's.

    Refusal names each term that could not be understood, or a zone that is not known when a date depends on it; then
    `outcome` says what that means for the request.
    """
    found = _zone(zone)
    query = parse(text, now=now(), zone=found or LOCAL)
    reasons, field = list(query.problems), "query"
    if found is None and any(term.field in _ZONED for term in terms_of(query)):
        reasons.append(f"There is no time zone “{_shown(zone)}”: write one such as Europe/Berlin, or leave it out.")
        field = field if query.problems else "tz"
    if reasons:
        raise Refusal(" ".join([*reasons, outcome]).strip(), field=field)
    return query


def asked(request: Request, *, outcome: str = "") -> Query | None:
    """The query of `?query=&tz=`; None without one. Refusal as `understood`."""
    text = request.query_params.get("query", "").strip()
    return understood(text, zone=request.query_params.get("tz", ""), outcome=outcome) if text else None


def older(query: Query, received_before: int | None) -> Query:
    """The query, of messages received before this moment (microseconds UTC) only."""
    if received_before is None:
        return query
    return Query(And((query.root, Term("before", utc_time(received_before).lower(), high=received_before))))


async def message_named(request: Request) -> ListedMessage | None:
    """The message that the path names; `latest` is the newest, with `?query=&tz=` the newest that the query finds."""
    id, store = str(request.path_params["id"]), sandbox_of(request).store
    if id != LATEST:
        return await store.get(id) if is_id(id) else None
    query = asked(request)
    if query is None:
        return await store.get(LATEST)
    return next(iter(await store.search.find(query, limit=1)), None)


def is_id(text: str) -> bool:
    """Whether this could be the id of a message."""
    return _ID.fullmatch(text) is not None


def number(value: str, *, default: int) -> int:
    """A parameter as Go reads it: the default for what is no number. One that is too large is as large as can be."""
    return _bounded(value) if _NUMBER.fullmatch(value) else default


def whole_number(request: Request, name: str) -> int | None:
    """A parameter of our own API, None without one; BadRequest for what is no whole number."""
    given = request.query_params.get(name, "")
    if given and not _WHOLE.fullmatch(given):
        raise BadRequest(f"{name}: write a whole number.")
    return _bounded(given) if given else None


def _bounded(digits: str) -> int:
    """A number within 64 bits, and without the work that a million digits would be."""
    sign, most = (-1 if digits.startswith("-") else 1), digits.lstrip("+-0")
    return sign * (int(most or "0") if len(most) <= _MOST_DIGITS else _MOST)


def mailbox_named(name: str) -> str:
    """The mailbox that is meant, an empty one being all; Refusal for what can be none, lest all are taken."""
    mailbox = clean_mailbox(name)
    if name and not mailbox:
        raise Refusal("No mailbox can have this name.", field="mailbox")
    return mailbox


def _zone(name: str) -> tzinfo | None:
    if name in ("", "UTC"):
        return UTC if name else LOCAL
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such file, no name of a file, a folder
        return None


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text[:60])
