"""The messages before and after one, in the place from which somebody looks at it."""

import asyncio
from typing import Final, NamedTuple

from mailsluice.sandbox import Sandbox
from mailsluice.search import And, Query, Term
from mailsluice.store.records import ListedMessage
from mailsluice_web.places import Place

_PATIENCE: Final = 0.15
_SPANS: Final = (32, 512, 8192, 1 << 40)
_MOST: Final = 8192


class Neighbours(NamedTuple):
    """The ids of the next newer and the next older message; empty where there is none, or none was found in time."""

    newer: str = ""
    older: str = ""


async def neighbours_of(sandbox: Sandbox, place: Place, message: ListedMessage) -> Neighbours:
    """The neighbours of a message in a place; no page waits long for them."""
    query = place.understood()
    if query.problems:
        return Neighbours()
    try:
        async with asyncio.timeout(_PATIENCE):
            older = await _find(sandbox, place, query, before=message.key, limit=1)
            return Neighbours(await _newer(sandbox, place, query, message), older[0].id if older else "")
    except TimeoutError:
        return Neighbours()


async def _newer(sandbox: Sandbox, place: Place, query: Query, message: ListedMessage) -> str:
    """Lists begin with the newest, so the nearest is looked for in spans of keys that grow."""
    since = Query(And((query.root, Term("after", "", low=message.received))), query.problems)
    for span in _SPANS:
        found = await _find(sandbox, place, since, before=message.key + 1 + span, limit=min(span, _MOST))
        newer = [one for one in found if one.key > message.key]
        if newer:
            return newer[-1].id
    return ""


async def _find(sandbox: Sandbox, place: Place, query: Query, *, before: int, limit: int) -> list[ListedMessage]:
    if place.is_search:
        return await sandbox.store.search.find(query, limit=limit, before=before, mailbox=place.mailbox)
    return await sandbox.store.list_messages(limit=limit, before=before, mailbox=place.mailbox)
