"""Messages as they were parsed for a page, kept for the requests that follow: frame, inline images, other views."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import msgspec

from mailsluice.message.bounds import Bounds
from mailsluice.store import Store
from mailsluice.store.records import ListedMessage

if TYPE_CHECKING:
    from mailsluice.message.html import Frame
    from mailsluice.message.parse import Message

_KEPT: Final = 8
_KEPT_BYTES: Final = 16 << 20


class Opened(msgspec.Struct, frozen=True):
    """One message parsed: `frame` is its HTML made ready for the sandboxed frame, None without HTML."""

    raw: bytes
    message: "Message"
    frame: "Frame | None"


class Reader:
    """Parses messages in a worker thread, each once however many requests ask at a time."""

    def __init__(self, store: Store, bounds: Bounds) -> None:
        self._store, self._bounds = store, bounds
        self._recent: OrderedDict[str, tuple[int, asyncio.Task[Opened | None]]] = OrderedDict()

    async def open(self, listed: ListedMessage) -> Opened | None:
        """The message parsed, or None if it was deleted meanwhile."""
        known = self._recent.get(listed.id)
        task = known[1] if known else asyncio.create_task(self._read(listed.id))
        self._recent[listed.id] = (listed.size, task)
        self._recent.move_to_end(listed.id)
        try:
            # Shielded: a browser that goes away must not take the message from the next request.
            return await asyncio.shield(task)
        finally:
            if not task.done() or task.cancelled() or task.exception() or task.result() is None:
                self._forget(listed.id, task)
            self._trim()

    async def _read(self, id: str) -> Opened | None:
        raw = await self._store.raw(id)
        return None if raw is None else await asyncio.to_thread(_parse, raw, id, self._bounds)

    def _forget(self, id: str, task: "asyncio.Task[Opened | None]") -> None:
        known = self._recent.get(id)
        if known and known[1] is task:
            del self._recent[id]

    def _trim(self) -> None:
        while len(self._recent) > _KEPT or sum(size for size, _ in self._recent.values()) > _KEPT_BYTES:
            self._recent.popitem(last=False)


def part_url(id: str, number: str) -> str:
    """Where a part of a message is served."""
    return f"/messages/{id}/parts/{number}"


def _parse(raw: bytes, id: str, bounds: Bounds) -> Opened:
    # Parser and HTML engine are loaded with the first message that somebody opens, not at start.
    from mailsluice.message.html import frame
    from mailsluice.message.parse import parse

    message = parse(raw, bounds=bounds)
    # Read here, in the thread, what a page will ask for: these are lazy, and slow for a large message.
    _ = message.defects, message.headers, message.text
    urls = {part.content_id: part_url(id, part.number) for part in message.parts if part.content_id}
    return Opened(raw, message, frame(message.html, parts=urls) if message.html else None)
