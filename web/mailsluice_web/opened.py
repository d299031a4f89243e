"""Messages as they were parsed for a page, kept for the requests that follow: frame, inline images, other views."""

import asyncio
import base64
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec

from mailsluice.message.bounds import Bounds
from mailsluice.store import Store
from mailsluice.store.records import ListedMessage, Receipt

if TYPE_CHECKING:
    from mailsluice.message.html import Frame
    from mailsluice.message.oddities import Oddity
    from mailsluice.message.parse import Message
    from mailsluice.message.schemes import Scheme

_KEPT: Final = 8
_KEPT_BYTES: Final = 16 << 20
_FRAMED_BYTES: Final = 40 << 20  # a large document in both schemes
_TOKEN: Final = 16

_T = TypeVar("_T")


class Opened(msgspec.Struct, frozen=True):
    """One message parsed; `knows_dark` as its HTML does."""

    raw: bytes
    message: "Message"
    knows_dark: bool = False

    @property
    def has_html(self) -> bool:
        """Whether there is a document for the sandboxed frame."""
        return bool(self.message.html)


class Reader:
    """Parses messages and prepares their frames in worker threads, each once however many requests ask at a time.

    Whatever comes from one of the `own_hosts` a frame loads at once.
    """

    def __init__(self, store: Store, bounds: Bounds, *, own_hosts: Sequence[str] = ()) -> None:
        self._store, self._bounds, self._own_hosts = store, bounds, tuple(own_hosts)
        self._messages = Recent[Opened | None]()
        self._frames = Recent["Frame"](most=_FRAMED_BYTES)
        self._found_odd = Recent["tuple[Oddity, ...]"]()
        self._secret = secrets.token_bytes(32)

    async def open(self, listed: ListedMessage) -> Opened | None:
        """The message parsed, or None if it was deleted meanwhile."""
        return await self._messages.get((listed.id,), listed.size, lambda: self._read(listed.id))

    async def frame(self, id: str, opened: Opened, *, scheme: "Scheme", remote: bool) -> "Frame":
        """The HTML of a message made ready for the sandboxed frame, in a colour scheme, with remote content or not."""
        scheme = scheme if opened.knows_dark else "light"
        urls = {
            part.content_id: self.framed_part_url(id, part.number) for part in opened.message.parts if part.content_id
        }

        def make() -> Coroutine[Any, Any, "Frame"]:
            return asyncio.to_thread(_frame, opened.message.html, urls, scheme, remote, self._own_hosts)

        return await self._frames.get((id, scheme, remote), len(opened.message.html), make)

    async def oddities(self, listed: ListedMessage, opened: Opened, receipt: Receipt | None) -> "tuple[Oddity, ...]":
        """What is odd about a message and its session; what came by none of its own has no age either."""
        received = listed.received if receipt else None

        def make() -> Coroutine[Any, Any, "tuple[Oddity, ...]"]:
            return asyncio.to_thread(_oddities, opened, receipt, received, self._bounds)

        return await self._found_odd.get((listed.id,), 0, make)

    def framed_part_url(self, id: str, number: str) -> str:
        """Where a frame finds a part of its message: nobody guesses that path, so no other mail can ask for it."""
        return f"{part_url(id, '')}~{self._token(id)}/{number}"

    def knows(self, id: str, token: str) -> bool:
        """Whether this is the token in the path of that message's parts."""
        return hmac.compare_digest(self._token(id).encode(), token.encode("utf-8", "replace"))

    def _token(self, id: str) -> str:
        digest = hmac.digest(self._secret, id.encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(digest[:_TOKEN]).decode().rstrip("=")

    async def _read(self, id: str) -> Opened | None:
        raw = await self._store.raw(id)
        return None if raw is None else await asyncio.to_thread(opened_from, raw, self._bounds)


class Recent(Generic[_T]):
    """What was made last, by key; a request for something that is in the making waits for that."""

    def __init__(self, *, most: int = _KEPT_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[object, ...], tuple[int, asyncio.Task[_T]]] = OrderedDict()

    async def get(self, key: tuple[object, ...], size: int, make: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """What is kept for this key, else what `make` makes; None is not kept."""
        if key not in self._kept:
            self._kept[key] = (size, asyncio.create_task(make()))
            self._kept[key][1].add_done_callback(lambda task: self._settle(key, task))
        self._kept.move_to_end(key)
        # Shielded: a browser that goes away must not take the message from the next request.
        return await asyncio.shield(self._kept[key][1])

    def _settle(self, key: tuple[object, ...], task: "asyncio.Task[_T]") -> None:
        """Keep what has come, as far as there is room."""
        known = self._kept.get(key)
        if known and known[1] is task and (task.cancelled() or task.exception() or task.result() is None):
            del self._kept[key]
        while len(self._kept) > _KEPT or sum(size for size, _ in self._kept.values()) > self._most:
            self._kept.popitem(last=False)


def part_url(id: str, number: str) -> str:
    """Where a part of a message is served."""
    return f"/messages/{id}/parts/{number}"


def opened_from(raw: bytes, bounds: Bounds) -> Opened:
    """The message parsed; slow for a large one."""
    # The parser is loaded with the first message that somebody opens, not at start.
    from mailsluice.message.parse import parse
    from mailsluice.message.schemes import knows_dark

    message = parse(raw, bounds=bounds)
    # Read here, in the thread, what a page will ask for: these are lazy, and slow for a large message.
    _ = message.defects, message.headers, message.text, message.html
    return Opened(raw, message, knows_dark(message.html))


def _frame(html: str, urls: dict[str, str], scheme: "Scheme", remote: bool, own_hosts: Sequence[str]) -> "Frame":
    from mailsluice.message.html import frame
    from mailsluice.message.remote import allowed_hosts

    return frame(html, parts=urls, scheme=scheme, remote=remote, allowed=allowed_hosts(own_hosts))


def _oddities(opened: Opened, receipt: Receipt | None, received: int | None, bounds: Bounds) -> "tuple[Oddity, ...]":
    from mailsluice.message.oddities import oddities

    return oddities(opened.raw, opened.message, receipt, bounds=bounds, received=received)
