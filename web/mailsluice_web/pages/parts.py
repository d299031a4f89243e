"""What a message contains, as raw responses: the HTML body for its frame, parts, the source."""

import asyncio
import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.sandbox import Sandbox
from mailsluice.store.records import ListedMessage
from mailsluice_web import downloads
from mailsluice_web.opened import Opened, Reader, part_url

_SAFE_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(?::[0-9]{1,5})?")
_UNRUN: Final = "sandbox; default-src 'none'"


async def body(request: Request) -> Response:
    """The HTML body for its sandboxed frame: no scripts, no forms, and nothing from elsewhere before `?remote=1`."""
    listed, opened = await _open(request)
    if opened.frame is None:
        raise HTTPException(404, "This message has no HTML body.")
    policy = body_policy(
        listed.id, host=request.headers.get("host", ""), remote=request.query_params.get("remote") == "1"
    )
    html = opened.frame.html.encode("utf-8", "replace")
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": policy})


def body_policy(id: str, *, host: str, remote: bool) -> str:
    """The Content-Security-Policy of one message's frame.

    The frame's origin is opaque, so this message's parts are named by host and path, without a scheme; a host that
    cannot be written there (an IPv6 literal) falls back to `'self'`.
    """
    own = f"{host}{part_url(id, '')}" if _SAFE_HOST.fullmatch(host) else "'self'"
    elsewhere = " http: https:" if remote else ""
    directives = [
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "default-src 'none'",
        f"img-src {own} data:{elsewhere}",
        f"style-src 'unsafe-inline'{elsewhere}",
        *([f"font-src data:{elsewhere}", f"media-src data:{elsewhere}"] if remote else []),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    ]
    return "; ".join(directives)


async def part(request: Request) -> Response:
    """One part, decoded: safe images are shown, everything else is a download."""
    _, opened = await _open(request)
    found = opened.message.part(request.path_params["number"])
    if found is None:
        raise HTTPException(404, "This message has no such part.")
    content = await asyncio.to_thread(found.content)
    return Response(
        content, headers=downloads.headers(downloads.safe_type(found.content_type), downloads.part_name(found))
    )


async def source_file(request: Request) -> Response:
    """The message as a file, byte for byte as it came."""
    listed, raw = await _raw(request)
    name = downloads.safe_name(f"{listed.summary.subject.strip() or listed.id}.eml", fallback=f"{listed.id}.eml")
    return Response(raw, headers=downloads.headers("message/rfc822", name))


async def source_text(request: Request) -> Response:
    """The whole source as plain text in the browser, byte for byte."""
    _, raw = await _raw(request)
    return Response(raw, media_type="text/plain", headers={"Content-Security-Policy": _UNRUN})


async def _open(request: Request) -> tuple[ListedMessage, Opened]:
    reader: Reader = request.app.state.reader
    listed = await _listed(request)
    opened = await reader.open(listed)
    if opened is None:
        raise HTTPException(404, "This message was deleted.")
    return listed, opened


async def _raw(request: Request) -> tuple[ListedMessage, bytes]:
    sandbox: Sandbox = request.state.sandbox
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
