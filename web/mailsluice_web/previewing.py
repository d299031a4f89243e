"""Small pictures of parts, drawn once however many pages ask for them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from mailsluice.preview.process import Pages, Picture, Previews, Refused

Drawn = Pages | Refused
Key = tuple[str, str, int, int]

WIDTHS: Final = (192, 720, 1440)
"""How wide pictures are drawn: an attachment in the head, one in the page, one for a fine screen."""

MOST_PAGES: Final = 10
"""The most pages of a document that are drawn."""

SHOWN_PAGES: Final = 3
"""The pages of a document that are shown with the others behind a link."""

_KEPT: Final = 64
_KEPT_BYTES: Final = 16 << 20


class Drawings:
    """Pictures by message, part and width, the last ones kept."""

    def __init__(self, previews: Previews) -> None:
        self._previews = previews
        self._recent: OrderedDict[Key, asyncio.Future[Drawn]] = OrderedDict()

    async def image(self, id: str, number: str, content: Callable[[], bytes], *, width: int) -> Picture | Refused:
        """The image, at most `width` pixels wide."""

        async def draw() -> Drawn:
            drawn = await self._previews.image(await asyncio.to_thread(content), width=width)
            return drawn if isinstance(drawn, Refused) else Pages((drawn,), 1)

        drawn = await self._once((id, number, 0, width), draw)
        return drawn if isinstance(drawn, Refused) else drawn.pictures[0]

    async def pages(self, id: str, number: str, content: Callable[[], bytes], *, first: int, width: int) -> Drawn:
        """The first pages of a document, and how many it has."""

        async def draw() -> Drawn:
            return await self._previews.pages(await asyncio.to_thread(content), first=first, width=width)

        return await self._once((id, number, first, width), draw)

    async def _once(self, key: Key, draw: Callable[[], Awaitable[Drawn]]) -> Drawn:
        task = self._recent.get(key)
        if task is None:
            task = self._recent[key] = asyncio.ensure_future(draw())
        self._recent.move_to_end(key)
        try:
            # Shielded: a browser that goes away must not take the picture from the next request.
            return await asyncio.shield(task)
        finally:
            if not task.done() or task.cancelled() or task.exception() or _may_pass(task.result()):
                self._forget(key)
            self._trim()

    def _trim(self) -> None:
        while len(self._recent) > _KEPT or sum(map(_weight, self._recent.values())) > _KEPT_BYTES:
            self._forget(next(iter(self._recent)))

    def _forget(self, key: Key) -> None:
        self._recent.pop(key, None)


def wide(asked: int) -> int:
    """The width that is drawn for one that is asked for."""
    return next((width for width in WIDTHS if width >= asked), WIDTHS[-1])


def _may_pass(drawn: Drawn) -> bool:
    """Whether it was refused for a reason that is not the file's own."""
    return isinstance(drawn, Refused) and drawn.reason in ("slow", "unavailable")


def _weight(task: asyncio.Future[Drawn]) -> int:
    if not task.done() or task.cancelled() or task.exception():
        return 0
    drawn = task.result()
    return 0 if isinstance(drawn, Refused) else sum(len(picture.content) for picture in drawn.pictures)
