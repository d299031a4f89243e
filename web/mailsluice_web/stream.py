"""Server-sent events: tells open pages that the captured mail changed; they fetch what they show themselves.

A stream begins with `retry: 1000`; a signal is `event: messages`, `id: 5Yk2fP0a-17` and, for pages that nobody sees and
that therefore fetch nothing, what is new: `data: {"unread":3,"accepted":17,"newest":{"id":…,"sender":…,"subject":…}}`.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from mailsluice.errors import StoreError
from mailsluice.events import Events, Subscription
from mailsluice.sandbox import Sandbox
from mailsluice.store import Store
from mailsluice_web.filters import sender

LIMIT: Final = 256
"""Streams that may be open at a time."""

HEARTBEAT: Final = 15.0
"""Seconds of silence after which an event shows both ends that the connection lives."""

PAUSE: Final = 0.1
"""Seconds between two signals of one stream: what happens in between becomes one signal."""

_SHOWN: Final = 200


class Streams:
    """Opens event streams, up to a limit, and knows how many are open."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.limit, self.open = limit, 0

    async def respond(self, request: Request) -> Response:
        """Answer `/events` with a stream that ends when the sandbox closes."""
        sandbox: Sandbox = request.state.sandbox
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        if self.open >= self.limit:
            return PlainTextResponse("Too many pages are open.\n", 503, {"Retry-After": "10"})
        last = request.headers.get("last-event-id", "")
        return _Stream(signals(sandbox.events, lambda: read_news(sandbox.store), last=last), self)


class _Stream(StreamingResponse):
    def __init__(self, stream: AsyncGenerator[str], streams: Streams) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(stream, media_type="text/event-stream", headers=headers)
        self._stream, self._streams = stream, streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.open += 1
        try:
            async with contextlib.aclosing(self._stream):
                await super().__call__(scope, receive, send)
        finally:
            self._streams.open -= 1


class Newest(msgspec.Struct, frozen=True):
    """The newest message, for a notification."""

    id: str
    sender: str
    subject: str


class News(msgspec.Struct, frozen=True):
    """How many messages are unread, how many ever came, and the newest."""

    unread: int
    accepted: int
    newest: Newest | None


async def read_news(store: Store) -> News:
    """The news of this moment."""
    counts, messages = await asyncio.gather(store.counts(), store.list_messages(limit=1))
    newest = [Newest(one.id, sender(one)[:_SHOWN], one.summary.subject.strip()[:_SHOWN]) for one in messages]
    return News(counts.unread, counts.accepted, newest[0] if newest else None)


async def signals(
    events: Events,
    news: Callable[[], Awaitable[News]],
    *,
    last: str,
    heartbeat: float = HEARTBEAT,
    pause: float = PAUSE,
) -> AsyncGenerator[str]:
    """One signal for whatever changed since the last one, a heartbeat when nothing did, until the events close.

    A page that comes with another `last` than the newest event has missed something and hears so at once.
    """
    with events.subscribe() as subscription:
        changed = asyncio.Event()
        watch = asyncio.create_task(_watch(subscription, changed))
        try:
            yield "retry: 1000\n\n"
            told = last
            while not watch.done():
                if told != events.sequence:
                    told = events.sequence
                    yield _signal(told, await _known(news))
                    await asyncio.wait({watch}, timeout=pause)
                elif not await _within(heartbeat, changed):
                    yield "event: alive\ndata:\n\n"
                changed.clear()
        finally:
            watch.cancel()


async def _watch(subscription: Subscription, changed: asyncio.Event) -> None:
    try:
        while await subscription.next() is not None:
            changed.set()
    finally:
        changed.set()


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _known(news: Callable[[], Awaitable[News]]) -> str:
    try:
        content = msgspec.structs.asdict(await news())
    except StoreError:
        return ""  # pages that look hear what is wrong when they fetch
    # ASCII, whatever a subject holds: a line's end would end the event, and half a character is no text.
    return json.dumps(content, default=msgspec.structs.asdict, separators=(",", ":"))


def _signal(sequence: str, known: str) -> str:
    # Without a data line a browser drops the event.
    return f"event: messages\nid: {sequence}\ndata: {known}\n\n"
