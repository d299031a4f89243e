"""What the views of a message show: its text, its headers, its source; and what can be copied as a whole."""

import asyncio
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.message.headers import Header
from mailsluice_web.downloads import UNRUN
from mailsluice_web.opened import Opened
from mailsluice_web.pages import parts
from mailsluice_web.sources import read_source

_TEXT_SHOWN: Final = 256 << 10
_HTML_READ: Final = 512 << 10
_HEADERS_SHOWN: Final = 256 << 10
_LONGEST_FIND: Final = 200


async def text_context(request: Request, opened: Opened) -> dict[str, Any]:
    """The text of the message, or the one that its HTML makes."""
    text, is_made = await _text(opened, most=_HTML_READ)
    is_cut = len(text) > _TEXT_SHOWN or (is_made and len(opened.message.html) > _HTML_READ)
    has_own = opened.message.html_leads and bool(opened.message.text.strip())
    return {"text": text[:_TEXT_SHOWN], "is_cut": is_cut, "is_made": is_made, "has_own": has_own}


async def headers_context(request: Request, opened: Opened) -> dict[str, Any]:
    """As many header fields as a browser likes at once, decoded or as received."""
    fields = opened.message.headers
    shown = _shown(fields)
    as_received = request.query_params.get("raw") == "1"
    return {"fields": fields[:shown], "more_fields": len(fields) - shown, "as_received": as_received}


async def source_context(request: Request, opened: Opened) -> dict[str, Any]:
    """The stretch of the source that the query names, or that holds what it looks for."""
    asked = request.query_params
    at, match = _number(asked.get("at", "")), _number(asked.get("match", ""))
    find = asked.get("find", "")[:_LONGEST_FIND]
    return {"source": await asyncio.to_thread(read_source, opened.raw, at=at, find=find, match=match)}


async def whole(request: Request) -> Response:
    """The whole text, or the HTML as the mail has it, as plain text."""
    _, opened = await parts.open_listed(request)
    if request.path_params["kind"] == "text":
        content, _ = await _text(opened)
    elif request.path_params["kind"] == "html" and opened.has_html:
        content = opened.message.html
    else:
        raise HTTPException(404, "This message has nothing of that kind.")
    headers = {"Content-Security-Policy": UNRUN, "X-Content-Type-Options": "nosniff"}
    return Response(content.encode("utf-8", "replace"), media_type="text/plain", headers=headers)


async def _text(opened: Opened, *, most: int | None = None) -> tuple[str, bool]:
    """The text, and whether it was made from HTML, of which no more than `most` is read; plain text comes after it."""
    parsed = opened.message
    own = parsed.text.strip()
    if not opened.has_html or (own and not parsed.html_leads):
        return parsed.text, False
    made = await asyncio.to_thread(_made, parsed.html[:most])
    return f"{made.rstrip()}\n\n{parsed.text}" if own else made, True


def _made(html: str) -> str:
    from mailsluice.message.html import text_from_html
    from mailsluice.message.tags import bounded

    return text_from_html(bounded(html))


def _shown(fields: tuple[Header, ...]) -> int:
    room = _HEADERS_SHOWN
    for count, field in enumerate(fields):
        room -= len(field.name) + len(field.raw)
        if room < 0 and count:
            return count
    return len(fields)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


CONTEXTS: Final = {"text": text_context, "headers": headers_context, "source": source_context}
"""What a view needs beyond the message itself."""

routes: Final[list[BaseRoute]] = [Route("/messages/{id}/whole/{kind}", whole)]
