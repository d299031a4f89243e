"""The event stream: one signal for whatever changed, none for nothing, and an end."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import httpx2
import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp

from mailsluice.errors import StoreError
from mailsluice.events import Captured, Events
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from mailsluice_web.stream import News, Streams, read_news, signals
from tests.inbox import open_inbox

LONG = 60.0
ALIVE = "event: alive\ndata:\n\n"
NO_NEWS = '{"unread":0,"accepted":0,"newest":null}'


async def no_news() -> News:
    return News(0, 0, None)


async def test_a_new_page_hears_the_newest_event_at_once() -> None:
    events = Events()
    stream = signals(events, no_news, last="")
    assert await anext(stream) == "retry: 1000\n\n"
    assert await anext(stream) == f"event: messages\nid: {events.sequence}\ndata: {NO_NEWS}\n\n"
    await stream.aclose()


async def test_a_page_that_missed_nothing_hears_nothing_until_something_happens() -> None:
    events = Events()
    stream = signals(events, no_news, last=events.sequence, heartbeat=0.01)
    await anext(stream)
    assert await anext(stream) == ALIVE
    events.publish(Captured("x"))
    assert f"id: {events.sequence}\n" in await anext(stream)
    await stream.aclose()


async def test_many_events_become_few_signals() -> None:
    events = Events()
    stream = signals(events, no_news, last=events.sequence, heartbeat=0.01, pause=0)
    await anext(stream)
    for _ in range(5000):
        events.publish(Captured("x"))
    assert f"id: {events.sequence}\n" in await anext(stream)
    assert await anext(stream) == ALIVE
    await stream.aclose()


async def test_a_signal_tells_what_came_to_pages_that_nobody_sees(sandbox: Sandbox) -> None:
    async with open_inbox(sandbox) as inbox:
        await inbox.capture(b"From: Ada <ada@example.test>\r\nSubject: Old\r\n\r\n")
        id = await inbox.capture("From: Ada <ada@example.test>\r\nSubject: Köln\r\n\r\n".encode())
        stream = signals(sandbox.events, lambda: read_news(sandbox.store), last="")
        await anext(stream)
        signal = (await anext(stream)).splitlines()[2].removeprefix("data: ")
        await stream.aclose()
    assert json.loads(signal) == {
        "unread": 2,
        "accepted": 2,
        "newest": {"id": id, "sender": "Ada", "subject": "Köln"},
    }
    assert signal.isascii()


async def test_a_signal_comes_also_while_the_store_cannot_be_read() -> None:
    async def broken() -> News:
        raise StoreError("The disk is full.")

    events = Events()
    stream = signals(events, broken, last="")
    await anext(stream)
    assert await anext(stream) == f"event: messages\nid: {events.sequence}\ndata: \n\n"
    await stream.aclose()


async def test_the_stream_ends_when_the_events_close() -> None:
    events = Events()
    stream = signals(events, no_news, last=events.sequence, heartbeat=LONG, pause=LONG)
    await anext(stream)
    events.publish(Captured("x"))
    await anext(stream)
    events.close()
    assert [text async for text in stream] == []


async def test_a_closed_stream_leaves_no_subscription() -> None:
    events = Events()
    stream = signals(events, no_news, last="")
    await anext(stream)
    await stream.aclose()
    assert not events._subscriptions


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, sandbox: Sandbox) -> AsyncIterator[str]:
    """The app on a real socket; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None))
        server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]  # signals are pytest's here
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            sandbox.events.close()
            server.should_exit = True
            await task


async def test_a_capture_reaches_an_open_page_over_a_real_connection(sandbox: Sandbox) -> None:
    async with (
        serving(create_app(sandbox), sandbox) as url,
        httpx2.AsyncClient(timeout=LONG) as client,
        client.stream("GET", f"{url}/events") as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        seen = [await anext(lines) for _ in range(3)]
        assert seen == ["retry: 1000", "", "event: messages"]
        sandbox.events.publish(Captured("x"))
        while f"id: {sandbox.events.sequence}" not in seen:
            seen.append(await anext(lines))


async def test_one_stream_too_many_is_refused_and_a_closed_one_makes_room(sandbox: Sandbox) -> None:
    streams = Streams(limit=1)
    app = create_app(sandbox)
    app.router.routes.insert(0, Route("/limited", streams.respond))
    async with serving(app, sandbox) as url, httpx2.AsyncClient(timeout=LONG) as client:
        async with client.stream("GET", f"{url}/limited") as first:
            await anext(first.aiter_lines())
            refused = await client.get(f"{url}/limited")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        while streams.open:
            await asyncio.sleep(0)
        async with client.stream("GET", f"{url}/limited") as next_one:
            assert next_one.status_code == 200
