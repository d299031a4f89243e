"""What may be typed next into the search box: operators, and the people, tags, mailboxes and users there are."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.search.words import normal
from mailsluice.store import Store
from mailsluice.store.completing import PEOPLE
from mailsluice_web import filters
from mailsluice_web.completing import MOST, Offer, Typed, best, completed, goes_on, guide, known, named, typed, valued
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.patience import while_wanted
from mailsluice_web.places import Place, read_place
from mailsluice_web.rendering import render
from mailsluice_web.zones import zone_named

_LONGEST: Final = 4000
_LONGEST_VALUE: Final = 200
_NEWEST: Final = 200
_MOST_USERS: Final = 1000
_PATIENCE: Final = 0.25
_PATIENCE_FOR_MORE: Final = 0.08
_SHORTEST: Final = 2


async def completions(request: Request) -> Response:
    """What the term at the caret may become; `caret` counts in UTF-16 and is the end of the text without one."""
    return await while_wanted(request, _completions(request))


async def _completions(request: Request) -> Response:
    place = read_place(request)
    text, caret = place.query[:_LONGEST], _caret(request, place.query)
    here = typed(text, caret)
    is_guide = not text.strip()
    offers = guide() if is_guide else await _offers(sandbox_of(request).store, place, here) if here else []
    context = {
        "offers": [(offer, completed(here, offer), goes_on(here, offer)) for offer in offers] if here else [],
        "typed": (text, caret),
        "is_guide": is_guide,
        "is_half": bool(offers and not is_guide and place.understood().problems),
    }
    return render(request, "_completions.html", context)


async def _offers(store: Store, place: Place, here: Typed) -> list[Offer]:
    if not here.term:
        return []
    if not here.field:
        names = [offer for field in ("tag", "mailbox") for offer in await _names(store, field, here.term)]
        return best(here, [*named(here.term), *(names if len(here.term) >= _SHORTEST else [])])
    if here.field in _NAMES:
        return best(here, await _names(store, here.field, here.value))
    if here.field in PEOPLE:
        return best(here, await _people(store, place, here.field, here.value[:_LONGEST_VALUE]))
    return best(here, known(here, now=datetime.now(UTC).astimezone(zone_named(place.zone))))


async def _tags(store: Store) -> list[Offer]:
    found = sorted((await store.tags()).items(), key=lambda one: -one[1])
    return [valued("tag", name, filters.plural(number, "message"), hue=filters.hue(name)) for name, number in found]


async def _mailboxes(store: Store) -> list[Offer]:
    return [valued("mailbox", name, f"{filters.number(one.unread)} unread") for name, one in await store.mailboxes()]


async def _users(store: Store) -> list[Offer]:
    return [valued("user", name) for name in await store.search.complete("user", "", limit=_MOST_USERS)]


_NAMES: Final = {"tag": _tags, "mailbox": _mailboxes, "user": _users}


async def _names(store: Store, field: str, begin: str) -> list[Offer]:
    wanted = normal(begin)
    offers = await _NAMES[field](store)
    return [offer for offer in offers if normal(offer.term.partition(":")[2]).strip('" ').startswith(wanted)][:MOST]


async def _people(store: Store, place: Place, field: str, part: str) -> list[Offer]:
    """Those of the newest messages at once; others if the search knows them soon enough."""
    newest = await store.list_messages(limit=_NEWEST, mailbox=place.mailbox)
    people = {
        one.address: one.name
        for message in reversed(newest)
        for one in PEOPLE[field](message)
        if one.address and normal(part) in normal(f"{one.name} <{one.address}>")
    }
    found = list(reversed(people))
    if len(found) < MOST and len(newest) == _NEWEST and normal(part):
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_FOR_MORE if found else _PATIENCE):
                found += await store.search.complete(field, part, limit=MOST)
    return [valued(field, address, people.get(address, "")) for address in dict.fromkeys(found)]


def _caret(request: Request, text: str) -> int:
    given = request.query_params.get("caret", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 2 * len(text)


routes: Final[list[BaseRoute]] = [Route("/completions", completions)]
