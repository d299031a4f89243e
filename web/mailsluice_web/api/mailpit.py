"""The part of Mailpit's HTTP API that test suites read captured mail with."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from mailsluice.message.bounds import Bounds
from mailsluice.message.headers import split_message
from mailsluice.message.parse import parse
from mailsluice.store import LATEST, ListedMessage, StoreError
from mailsluice_web.api import searches, shapes, tags
from mailsluice_web.api.gojson import encode
from mailsluice_web.api.info import runtime_info
from mailsluice_web.api.queries import message_named, understood
from mailsluice_web.api.relaying import release, webui
from mailsluice_web.api.resource import NotFound, Nowhere, Resource, text
from mailsluice_web.api.selection import deletion, marking
from mailsluice_web.downloads import safe_type
from mailsluice_web.pages.cards import sandbox_of

_PIECE: Final = 256 << 10
# A part may be HTML with scripts, and it comes from our own origin: opened as a page it gets neither.
_PART_POLICY: Final = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


async def info(request: Request) -> Response:
    """The program, its database and what happened since it began."""
    return _json(encode(await runtime_info(sandbox_of(request))))


async def mark_messages(request: Request) -> Response:
    """Mark the messages named, or found by a search, or all, as read or unread."""
    body, sandbox = await request.body(), sandbox_of(request)
    asked = await run_in_threadpool(marking, body)
    ids = asked.ids
    if asked.search:
        zone = request.query_params.get("tz", "")
        ids = await sandbox.store.search.ids(understood(asked.search, zone=zone, outcome="Nothing was changed."))
    if ids is None or ids:
        await sandbox.mark_seen(ids, seen=asked.read)
    return text("ok")


async def delete_messages(request: Request) -> Response:
    """Delete the messages named, or all when the body names none."""
    body = await request.body()
    ids = await run_in_threadpool(deletion, body)
    if ids is None or ids:
        await sandbox_of(request).delete(ids)
    return text("ok")


async def message(request: Request) -> Response:
    """One message as a whole; it counts as read from now on."""
    listed, raw = await _source(request)
    bounds = sandbox_of(request).bounds
    answer = await run_in_threadpool(lambda: encode(shapes.message(listed, parse(raw, bounds=bounds))))
    if not listed.seen:
        with suppress(StoreError):  # a full disk keeps nobody from reading
            await sandbox_of(request).mark_seen([listed.id], seen=True)
    return _json(answer)


async def message_headers(request: Request) -> Response:
    """The header section, undecoded, by name."""
    _, raw = await _source(request)
    bounds = sandbox_of(request).bounds
    return _json(await run_in_threadpool(lambda: encode(shapes.header_values(split_message(raw, bounds=bounds)[0]))))


async def message_raw(request: Request) -> Response:
    """The exact bytes received."""
    listed, raw = await _source(request)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if request.query_params.get("dl") == "1":
        headers["Content-Disposition"] = f'attachment; filename="{listed.id}.eml"'
    return _bytes(raw, headers)


async def message_part(request: Request) -> Response:
    """The decoded content of an attachment or inline part."""
    _, raw = await _source(request)
    found = await run_in_threadpool(_part, raw, str(request.path_params["part"]), sandbox_of(request).bounds)
    if found is None:
        raise NotFound("404 page not found")
    content, headers = found
    return _bytes(content, headers)


async def _source(request: Request) -> tuple[ListedMessage, bytes]:
    listed = await message_named(request)
    raw = await sandbox_of(request).store.raw(listed.id) if listed else None
    if listed is None or raw is None:
        raise NotFound("Message not found" if request.path_params["id"] == LATEST else "404 page not found")
    return listed, raw


def _part(raw: bytes, number: str, bounds: Bounds) -> tuple[bytes, dict[str, str]] | None:
    parsed = parse(raw, bounds=bounds)
    part = next((part for part in (*parsed.inline, *parsed.attachments) if part.number == number), None)
    if part is None:
        return None
    name = quote(part.filename.encode("utf-8", errors="replace"), safe="")
    return part.content(), {
        "Content-Type": safe_type(part.content_type),
        "Content-Disposition": f'inline; filename="{name}"',
        "Content-Security-Policy": _PART_POLICY,
    }


def _json(body: bytes) -> Response:
    return Response(body, headers={"Content-Type": "application/json"})


def _bytes(content: bytes, headers: dict[str, str]) -> Response:
    """Large contents go out in pieces, as the client takes them, so that they are not copied as a whole."""
    if len(content) <= _PIECE:
        return Response(content, headers=headers)

    async def pieces() -> AsyncIterator[memoryview]:
        for start in range(0, len(content), _PIECE):
            yield memoryview(content)[start : start + _PIECE]

    return StreamingResponse(pieces(), headers={**headers, "Content-Length": str(len(content))})


routes: Final[list[BaseRoute]] = [
    Route("/api/v1/info", Resource(get=info)),
    Route("/api/v1/webui", Resource(get=webui)),
    Route("/api/v1/messages", Resource(get=searches.list_messages, put=mark_messages, delete=delete_messages)),
    Route("/api/v1/message/{id}", Resource(get=message)),
    Route("/api/v1/message/{id}/headers", Resource(get=message_headers)),
    Route("/api/v1/message/{id}/raw", Resource(get=message_raw)),
    Route("/api/v1/message/{id}/part/{part}", Resource(get=message_part)),
    Route("/api/v1/message/{id}/release", Resource(post=release)),
    *searches.routes,
    *tags.routes,
    Route("/api/v1/{rest:path}", Nowhere(options=True)),
    Route("/api/{rest:path}", Nowhere(options=False)),
]
"""The last two catch every other address under /api/: routes of another API there must come before these."""
