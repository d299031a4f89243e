"""Mailpit's routes for tags: which there are, those of messages, and renaming or deleting one everywhere."""

from collections.abc import Awaitable
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice_web.api.gojson import encode
from mailsluice_web.api.resource import BadRequest, Resource, text
from mailsluice_web.api.selection import renaming, tagging
from mailsluice_web.pages.cards import sandbox_of


async def index(request: Request) -> Response:
    """The names of all tags, sorted."""
    return Response(
        encode(sorted(await sandbox_of(request).store.tags())), headers={"Content-Type": "application/json"}
    )


async def replace(request: Request) -> Response:
    """Give messages these tags instead of those they have."""
    asked = await run_in_threadpool(tagging, await request.body())
    if asked.ids:
        await sandbox_of(request).set_tags(asked.ids, asked.tags)
    return text("ok")


async def rename(request: Request) -> Response:
    """Give a tag another name, on all of its messages."""
    name = await run_in_threadpool(renaming, await request.body())
    return await _changed(sandbox_of(request).rename_tag(_tag(request), name))


async def delete(request: Request) -> Response:
    """Take a tag from all of its messages."""
    return await _changed(sandbox_of(request).delete_tag(_tag(request)))


async def _changed(change: Awaitable[None]) -> Response:
    try:
        await change
    except LookupError as error:
        raise BadRequest(str(error)) from error
    return text("ok")


def _tag(request: Request) -> str:
    return str(request.path_params["tag"])


routes: Final[list[BaseRoute]] = [
    Route("/api/v1/tags", Resource(get=index, put=replace)),
    Route("/api/v1/tags/{tag}", Resource(put=rename, delete=delete)),
]
