"""A search ends when its browser has gone on."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from mailsluice_web.patience import while_wanted


def request(gone: asyncio.Event) -> Request:
    whole = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for message in whole:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


async def test_work_that_somebody_waits_for_gives_its_answer() -> None:
    async def work() -> Response:
        await asyncio.sleep(0)
        return Response("found")

    assert (await while_wanted(request(asyncio.Event()), work())).body == b"found"


async def test_work_that_nobody_waits_for_is_cancelled() -> None:
    began, gone, was_cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> Response:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            was_cancelled.set()
            raise
        return Response("never")

    answering = asyncio.create_task(while_wanted(request(gone), work()))
    await began.wait()
    gone.set()
    assert (await answering).status_code == 499
    assert was_cancelled.is_set()


async def test_a_failure_of_the_work_is_told() -> None:
    async def work() -> Response:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await while_wanted(request(asyncio.Event()), work())
