"""What a message contains, as raw responses: parts, the source."""

import asyncio
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.sandbox import Sandbox
from mailsluice.store.records import ListedMessage
from mailsluice_web import downloads
from mailsluice_web.nested import Nested, nested_id
from mailsluice_web.opened import Opened, Reader

if TYPE_CHECKING:
    from mailsluice.message.mime import Part


async def part(request: Request) -> Response:
    """One part, decoded: safe images are shown, everything else is a download."""
    found = await found_part(request)
    content = await asyncio.to_thread(found.content)
    return Response(
        content, headers=downloads.headers(downloads.safe_type(found.content_type), downloads.part_name(found))
    )


async def found_part(request: Request) -> "Part":
    """The part that the URL names, also one of a message inside a part."""
    nested: Nested = request.app.state.nested
    listed, opened = await open_listed(request)
    found = await nested.part(listed.id, opened.message, request.path_params["number"])
    if found is None:
        raise HTTPException(404, "This message has no such part.")
    return found


async def source_file(request: Request) -> Response:
    """The message as a file, byte for byte as it came."""
    listed, raw = await _raw(request)
    name = downloads.safe_name(f"{listed.summary.subject.strip() or listed.id}.eml", fallback=f"{listed.id}.eml")
    return Response(raw, headers=downloads.headers("message/rfc822", name))


async def source_text(request: Request) -> Response:
    """The whole source as plain text in the browser, byte for byte."""
    _, raw = await _raw(request)
    return Response(raw, media_type="text/plain", headers={"Content-Security-Policy": downloads.UNRUN})


async def open_listed(request: Request) -> tuple[ListedMessage, Opened]:
    """The message that the URL names, and what it contains; one inside a part as if it had come by itself."""
    reader: Reader = request.app.state.reader
    listed = await _listed(request)
    opened = await reader.open(listed)
    if opened is None:
        raise HTTPException(404, "This message was deleted.")
    around = request.path_params.get("around")
    return await _inside(request, listed, opened, around) if around else (listed, opened)


async def _inside(request: Request, listed: ListedMessage, opened: Opened, around: str) -> tuple[ListedMessage, Opened]:
    nested: Nested = request.app.state.nested
    inner = await nested.open(listed.id, opened.message, around)
    if inner is None:
        raise HTTPException(404, "There is no message in this part.")
    id = nested_id(listed.id, around)
    return msgspec.structs.replace(listed, id=id, size=len(inner.raw), summary=inner.message.summary), inner


async def _raw(request: Request) -> tuple[ListedMessage, bytes]:
    sandbox: Sandbox = request.state.sandbox
    if "around" in request.path_params:
        inner, opened = await open_listed(request)
        return inner, opened.raw
    listed = await _listed(request)
    raw = await sandbox.store.raw(listed.id)
    if raw is None:
        raise HTTPException(404, "This message was deleted.")
    return listed, raw


async def _listed(request: Request) -> ListedMessage:
    sandbox: Sandbox = request.state.sandbox
    listed = await sandbox.store.get(request.path_params["id"])
    if listed is None:
        raise HTTPException(404, "This message was deleted.")
    return listed
