"""Messages inside messages, by numbers as IMAP has them: part 3 of the message in part 2 is 2.3 of the whole."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from mailsluice.message.bounds import Bounds
from mailsluice_web.opened import Opened, part_url

if TYPE_CHECKING:
    from mailsluice.message.mime import Part
    from mailsluice.message.parse import Message

_DEEPEST: Final = 20
_KEPT: Final = 8
_KEPT_BYTES: Final = 16 << 20
_ENVELOPED: Final = frozenset({"message/rfc822", "message/global"})
_ANYTHING: Final = frozenset({"application/octet-stream", "text/plain"})


def is_message(part: "Part") -> bool:
    """Whether a part is a message of its own, by its type or by its file name."""
    named = part.content_type in _ANYTHING and part.given_name.lower().endswith(".eml")
    return part.content_type in _ENVELOPED or named


def nested_id(id: str, number: str) -> str:
    """What stands for the id of the message inside a part, in addresses."""
    return f"{part_url(id, number)}/message".removeprefix("/messages/")


class Nested:
    """Parses messages inside messages in a worker thread, and keeps the last few for the requests that follow."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._recent: OrderedDict[str, Opened] = OrderedDict()

    async def part(self, id: str, message: "Message", number: str) -> "Part | None":
        """The part of that number of message `id`, however many messages it lies in; None if there is no such part."""
        outer = ""
        for _ in range(_DEEPEST):
            if found := message.part(number):
                return found
            around = next((part for part in message.parts if number.startswith(part.number + ".")), None)
            if around is None or not is_message(around):
                return None
            number = number.removeprefix(around.number + ".")
            message = (await self._parsed(nested_id(id, outer + around.number), around)).message
            outer += around.number + "."
        return None

    async def open(self, id: str, message: "Message", number: str) -> Opened | None:
        """The message in that part of message `id`; None if no message is there."""
        part = await self.part(id, message, number)
        return await self._parsed(nested_id(id, number), part) if part and is_message(part) else None

    async def _parsed(self, id: str, part: "Part") -> Opened:
        known = self._recent.get(id)
        if known is None:
            known = await asyncio.to_thread(_parse, part, self._bounds)
        self._recent[id] = known
        self._recent.move_to_end(id)
        while len(self._recent) > _KEPT or sum(len(one.raw) for one in self._recent.values()) > _KEPT_BYTES:
            self._recent.popitem(last=False)
        return known


def _parse(part: "Part", bounds: Bounds) -> Opened:
    from mailsluice.message.parse import parse

    raw = part.content()
    message = parse(raw, bounds=bounds)
    # Read here, in the thread, what a page will ask for: these are lazy, and slow for a large message.
    _ = message.defects, message.headers, message.text, message.html
    return Opened(raw, message)
