"""What stands in the frame of the HTML view: the document and its images; and what it may load from now on."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailsluice.message.schemes import Scheme
from mailsluice_web import downloads
from mailsluice_web.framing import frame_headers, keep_wishes, read_wishes
from mailsluice_web.opened import Reader
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.pages.parts import open_listed
from mailsluice_web.places import read_place

_NO_ICON: Final = "<link rel=icon href=data:,>"
"""Keeps a tab from asking for /favicon.ico, which is refused; without quotes, so that it ends no attribute."""


async def body(request: Request) -> Response:
    """The HTML body for its sandboxed frame: nothing runs, and nothing from elsewhere is loaded before `?remote=1`."""
    reader: Reader = request.app.state.reader
    listed, opened = await open_listed(request)
    if not opened.has_html:
        raise HTTPException(404, "This message has no HTML body.")
    scheme: Scheme = "dark" if request.query_params.get("scheme") == "dark" else "light"
    remote = request.query_params.get("remote") == "1"
    frame = await reader.frame(listed.id, opened, scheme=scheme, remote=remote)
    headers = frame_headers(
        reader.framed_part_url(listed.id, ""),
        host=request.headers.get("host", ""),
        remote=remote,
        own_hosts=sandbox_of(request).settings.own_host,
    )
    html = frame.html.replace("<head>", f"<head>{_NO_ICON}", 1)
    return Response(html.encode("utf-8", "replace"), media_type="text/html", headers=headers)


async def framed_part(request: Request) -> Response:
    """One part for the frame of its own message, which asks as a stranger: the path says that it may."""
    reader: Reader = request.app.state.reader
    listed, opened = await open_listed(request)
    found = opened.message.part(request.path_params["number"])
    if found is None or not reader.knows(listed.id, request.path_params["token"]):
        raise HTTPException(404, "This message has no such part.")
    content = await asyncio.to_thread(found.content)
    headers = downloads.headers(downloads.safe_type(found.content_type), downloads.part_name(found))
    return Response(content, headers=headers | {"Cross-Origin-Resource-Policy": "cross-origin"})


async def wish(request: Request) -> Response:
    """Load remote content always, or always from this sender, or ask again; this browser remembers it."""
    listed, _ = await open_listed(request)
    form = await request.form()
    wishes = read_wishes(request).changed(str(form.get("load", "")), listed.summary.sender.address)
    response = RedirectResponse(read_place(request).at(f"/messages/{listed.id}/html"), 303)
    keep_wishes(response, wishes)
    return response


routes: Final[list[BaseRoute]] = [
    Route("/messages/{id}/body", body),
    Route("/messages/{id}/parts/~{token}/{number}", framed_part),
    Route("/messages/{id}/remote", wish, methods=["POST"]),
]
