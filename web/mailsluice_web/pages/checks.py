"""Tests of a profile as a page shows them: begun by a click, then fetched anew with every step."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.events import Events
from mailsluice.relay.profile import Profile
from mailsluice_web.checking import Check
from mailsluice_web.pages.cards import checks_of, profile_of, sandbox_of
from mailsluice_web.rendering import render

_PATIENCE: Final = 5.0
"""Seconds that a page waits for the next step before it asks again."""


async def begin(request: Request) -> Response:
    """Test the profile, with one login; while a test is under way, show that one."""
    found = await profile_of(request)
    return _show(request, found, checks_of(request).start(found, sandbox_of(request).vault))


async def check(request: Request) -> Response:
    """The test as soon as it has more steps than `after`."""
    found = await profile_of(request)
    newest = checks_of(request).newest(found)
    if newest is None or newest.id != request.path_params["id"]:
        raise HTTPException(404, "This test is over, or the profile was changed meanwhile.")
    after = request.query_params.get("after", "")
    count = int(after) if after.isascii() and after.isdigit() and len(after) < 4 else 0
    await _first_of(newest.wait(after=count, seconds=_PATIENCE), _closed(sandbox_of(request).events))
    return _show(request, found, newest)


async def _first_of(*waits: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _closed(events: Events) -> None:
    """Return when the program ends, which does not wait for an open request."""
    with events.subscribe() as subscription:
        while await subscription.next() is not None:
            pass


def _show(request: Request, profile: Profile, check: Check) -> Response:
    context: dict[str, Any] = {"profile": profile, "check": check}
    return render(request, "profiles/_check.html", context)
