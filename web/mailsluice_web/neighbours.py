"""The messages before and after one, in the place from which somebody looks at it."""

import asyncio
from typing import Final, NamedTuple

from mailsluice.sandbox import Sandbox
from mailsluice.search import Query
from mailsluice.store.records import ListedMessage
from mailsluice_web.listing import messages_of
from mailsluice_web.places import Place

_PATIENCE: Final = 0.15


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
            older = await messages_of(sandbox, place, query, limit=1, before=message.key)
            return Neighbours(await _newer(sandbox, place, query, message.key), older[0].id if older else "")
    except TimeoutError:
        return Neighbours()


async def _newer(sandbox: Sandbox, place: Place, query: Query, key: int) -> str:
    newer = await sandbox.store.newer_than(key, mailbox=place.mailbox)
    if newer and place.is_search:
        return await sandbox.store.search.newer_than(key, query, mailbox=place.mailbox)
    return newer
