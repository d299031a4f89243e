"""Messages inside messages, by numbers as IMAP has them: part 3 of the message in part 2 is 2.3 of the whole."""

import asyncio
from typing import TYPE_CHECKING, Final

from mailsluice.message.bounds import Bounds
from mailsluice_web.opened import Opened, Recent, opened_from, part_url

if TYPE_CHECKING:
    from mailsluice.message.mime import Part
    from mailsluice.message.parse import Message

_DEEPEST: Final = 20
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
        self._recent = Recent[Opened]()

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
        def read() -> Opened:
            return opened_from(part.content(), self._bounds)

        return await self._recent.get((id,), part.end - part.body, lambda: asyncio.to_thread(read))
