"""Pictures of parts: an image made small, a page of a document, the photo of a contact."""

import asyncio
import base64
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.preview.contacts import contacts
from mailsluice.preview.process import Picture, Refused
from mailsluice_web.contents import form_of
from mailsluice_web.downloads import UNRUN
from mailsluice_web.pages.parts import found_part
from mailsluice_web.previewing import MOST_PAGES, SHOWN_PAGES, WIDTHS, Drawings, wide

if TYPE_CHECKING:
    from mailsluice.message.mime import Part

_HEADERS: Final = {"Content-Security-Policy": UNRUN, "Cache-Control": "private, max-age=86400"}

# One pixel that is clear.
_CLEAR: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


async def preview(request: Request) -> Response:
    """A picture `width` pixels wide of a part, of a document its `page`, of contacts the photo of `card`."""
    drawn = await _draw(request, await found_part(request))
    if isinstance(drawn, Picture):
        return Response(drawn.content, media_type=drawn.content_type, headers=_HEADERS)
    if request.headers.get("sec-fetch-dest") == "image":
        # An image that nobody sees leaves its icon to be seen, and no complaint in the console.
        return Response(_CLEAR, media_type="image/gif", headers=_HEADERS)
    return Response(drawn.text + "\n", 422, _HEADERS, media_type="text/plain")


async def _draw(request: Request, part: "Part") -> Picture | Refused:
    drawings: Drawings = request.app.state.drawings
    id, number = str(request.path_params["id"]), str(request.path_params["number"])
    width = wide(_asked(request, "width", WIDTHS[1]))
    form = await asyncio.to_thread(form_of, part)
    if form == "contacts":
        card = _asked(request, "card", 1)
        return await drawings.image(id, f"{number}#{card}", lambda: _photo(part, card), width=width)
    if form == "image":
        return await drawings.image(id, number, part.content, width=width)
    if form == "pages":
        page = min(_asked(request, "page", 1), MOST_PAGES)
        first = pages_for(page, width)
        drawn = await drawings.pages(id, number, part.content, first=first, width=width)
        if isinstance(drawn, Refused):
            return drawn
        if page <= len(drawn.pictures):
            return drawn.pictures[page - 1]
    raise HTTPException(404, "There is no picture of this part.")


def pages_for(page: int, width: int) -> int:
    """How many pages are drawn at once where this one is asked for."""
    return 1 if page == 1 and width == WIDTHS[0] else SHOWN_PAGES if page <= SHOWN_PAGES else MOST_PAGES


def _photo(part: "Part", card: int) -> bytes:
    found = contacts(part.content(), charset=part.charset)
    return found.cards[card - 1].photo if found and card <= len(found.cards) else b""


def _asked(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, "")
    return max(1, int(value)) if value.isascii() and value.isdecimal() and len(value) < 6 else default


routes: Final[list[BaseRoute]] = [Route("/messages/{id}/parts/{number}/preview", preview)]
