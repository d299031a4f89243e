"""What the list shows: one page of messages, newest first, what was understood of a search, and the counts above it."""

import asyncio
import re
from typing import Final, NamedTuple

import msgspec
from starlette.requests import Request

from mailsluice.release import Release
from mailsluice.sandbox import Sandbox
from mailsluice.search import Query, doubts
from mailsluice.store.records import Counts, ListedMessage
from mailsluice_web.places import Chip, Place, chips, parts_of, read_place

PAGE: Final = 50
"""Messages a page, and the step by which a list grows."""

LONGEST: Final = 500
"""A list that grew so long goes on as a page of its own."""

READ: Final = 20
"""Rows that stay because they were read here, with the one that is open."""

CHIPS: Final = 12
"""Parts of a search that are shown."""

PATIENCE: Final = 0.15
"""Seconds that rows which are there wait for the count above them."""

_OPEN_MESSAGE: Final = re.compile(r"/messages/([0-9A-Za-z]{22})(?:[/?#]|$)")


class Found(NamedTuple):
    """How many messages are in a place, and how many of them are unread; at least so many if that is not all."""

    messages: int
    unread: int
    is_all: bool = True


class Listing(msgspec.Struct, frozen=True):
    """A stretch of the captured mail.

    `before` is where it starts (None: at the newest), `newest` the key up to which all of the place is chosen,
    `older` where the next stretch starts (None: no more), `shown` how many rows the list has with this stretch,
    `sequence` the newest event it knows. `releases` has the newest release of each message that has one. `counts`
    are those of all mail, `found` those of the place that the list shows. `mailboxes` has each with its counts.
    Among the messages may be some that stay only because one is open, and others were opened here before.
    """

    messages: list[ListedMessage]
    place: Place
    query: Query
    counts: Counts
    found: Found
    mailboxes: list[tuple[str, Counts]]
    sequence: str
    before: int | None
    newest: int | None
    older: int | None
    shown: int
    releases: dict[str, Release]

    @property
    def doubts(self) -> list[str]:
        """What may have been meant otherwise in the search, in sentences."""
        return [] if self.query.problems else doubts(self.place.query)

    @property
    def limit(self) -> int:
        """How many rows a refresh must ask for, so that a grown list stays as long as it is."""
        return min(max(PAGE, self.shown), LONGEST)

    @property
    def grows(self) -> bool:
        """Whether the next stretch joins this list, rather than being a page of its own."""
        return self.shown < LONGEST

    @property
    def chips(self) -> list[Chip]:
        """What was understood of the search, part by part, as far as it is shown."""
        return chips(self.query, zone=self.place.zone, most=CHIPS) if self.place.is_search else []

    @property
    def more_chips(self) -> int:
        """How many parts of the search are not shown."""
        return max(0, len(parts_of(self.query)) - CHIPS) if self.place.is_search else 0


async def read_listing(request: Request) -> Listing:
    """The stretch that the query asks for: `before`, `limit`, and `shown` rows that stand above it already."""
    sandbox: Sandbox = request.state.sandbox
    place = read_place(request)
    before = _number(request, "before", highest=2**63 - 1)
    above = _number(request, "shown", highest=LONGEST) or 0
    limit = _number(request, "limit", highest=LONGEST) or PAGE
    sequence = sandbox.events.sequence
    query = place.understood()
    opened, focused = await asyncio.gather(_kept(sandbox, _opened(request)), _kept(sandbox, _focused(request)))
    (messages, more), counts, mailboxes = await asyncio.gather(
        _stretch(sandbox, place, query, [*opened, *focused], limit=limit, before=before),
        sandbox.store.counts(),
        sandbox.store.mailboxes(),
    )
    shown = above + len(messages)
    least = Found(len(messages), sum(not one.seen for one in messages), is_all=before is None and not more)
    messages = _with_opened(place, messages, opened, lowest=messages[-1].key if more else 0, before=before)
    return Listing(
        messages=messages,
        place=place,
        query=query,
        counts=counts,
        found=await _found(sandbox, place, query, least, is_shown=not above),
        mailboxes=mailboxes,
        sequence=sequence,
        before=before,
        newest=messages[0].key if before is None and messages else await _newest(sandbox),
        older=messages[-1].key if more and messages else None,
        shown=shown,
        releases=await sandbox.store.journal.newest_of([message.id for message in messages]),
    )


async def messages_of(
    sandbox: Sandbox, place: Place, query: Query, *, limit: int, before: int | None
) -> list[ListedMessage]:
    """The messages of a place below a key, newest first; `query` is its query as it was understood."""
    if place.is_search:
        return await sandbox.store.search.find(query, limit=limit, before=before, mailbox=place.mailbox)
    return await sandbox.store.list_messages(limit=limit, before=before, mailbox=place.mailbox)


async def _stretch(
    sandbox: Sandbox, place: Place, query: Query, kept: list[ListedMessage], *, limit: int, before: int | None
) -> tuple[list[ListedMessage], bool]:
    """So many messages, or as many pages as it takes to keep what somebody is at; and whether there are more."""
    found = await messages_of(sandbox, place, query, limit=limit + 1, before=before)
    if len(found) > limit and any(one.key < found[limit - 1].key for one in kept):
        longest = await messages_of(sandbox, place, query, limit=LONGEST + 1, before=before)
        end = longest[LONGEST].key if len(longest) > LONGEST else 0
        lowest = min((one.key for one in kept if one.key > end), default=found[limit - 1].key)
        needed = sum(one.key >= lowest for one in longest)
        if needed > limit:
            found, limit = longest, min((needed // PAGE + 1) * PAGE, LONGEST)
    return found[:limit], len(found) > limit


def _with_opened(
    place: Place, messages: list[ListedMessage], opened: list[ListedMessage], *, lowest: int, before: int | None
) -> list[ListedMessage]:
    """The same with what was opened from this list, although it may not belong to the place any more."""
    there = {one.id for one in messages}
    stay = [
        one
        for one in opened
        if one.id not in there
        and lowest <= one.key
        and (before is None or one.key < before)
        and (not place.mailbox or one.mailbox == place.mailbox)
    ]
    return sorted([*messages, *stay], key=lambda one: -one.key)


def _opened(request: Request) -> list[str]:
    """The ids of the message at this address, and of those that were opened in the list that asks."""
    match = _OPEN_MESSAGE.search(request.url.path)
    return ([match[1]] if match else []) + request.query_params.getlist("open")[:READ]


def _focused(request: Request) -> list[str]:
    return request.query_params.getlist("focused")[:1]


async def _kept(sandbox: Sandbox, ids: list[str]) -> list[ListedMessage]:
    found = [await sandbox.store.get(id) for id in dict.fromkeys(ids)]
    return [one for one in found if one]


async def count(sandbox: Sandbox, place: Place, query: Query) -> tuple[int, int]:
    """How many messages are in a place, and how many of them are unread."""
    if place.is_search:
        return await sandbox.store.search.count(query, mailbox=place.mailbox)
    counts = await sandbox.store.counts(place.mailbox)
    return counts.messages, counts.unread


async def _found(sandbox: Sandbox, place: Place, query: Query, least: Found, *, is_shown: bool) -> Found:
    """All of a place, or what is known at least where counting takes longer than anybody likes to wait for rows."""
    if place.is_search and (least.is_all or not is_shown):
        return least
    try:
        async with asyncio.timeout(PATIENCE if place.is_search else None):
            return Found(*await count(sandbox, place, query))
    except TimeoutError:
        return least


def open_message(request: Request) -> str:
    """The id of the message that stands open in the page from which htmx asks."""
    match = _OPEN_MESSAGE.search(request.headers.get("hx-current-url", ""))
    return match[1] if match else ""


async def _newest(sandbox: Sandbox) -> int | None:
    """The key of the newest message of all."""
    newest = await sandbox.store.list_messages(limit=1)
    return newest[0].key if newest else None


def _number(request: Request, name: str, *, highest: int) -> int | None:
    text = request.query_params.get(name, "")
    return min(int(text), highest) if text.isascii() and text.isdigit() and len(text) < 20 else None
