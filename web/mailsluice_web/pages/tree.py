"""The view “Parts”: the MIME tree of a message, and what is in the part that is open."""

import asyncio
from typing import Any, Final

from starlette.requests import Request

from mailsluice.preview.process import Pages, Refused
from mailsluice.store.records import ListedMessage
from mailsluice_web.contents import Content, container_of, content_of, differs
from mailsluice_web.nested import is_message
from mailsluice_web.opened import Opened
from mailsluice_web.pages.previews import pages_for
from mailsluice_web.previewing import MOST_PAGES, SHOWN_PAGES, WIDTHS, Drawings
from mailsluice_web.tree import Line, Stretch, stretch, tree

_WIDTH: Final = WIDTHS[1]
# What a browser should not be given to draw, either.
_HEAVY: Final = ("large", "damaged", "failed", "slow")


async def parts_context(request: Request, listed: ListedMessage, opened: Opened) -> dict[str, Any]:
    """The lines of the tree, and for `?part=` what is in that part."""
    number, first = request.query_params.get("part", ""), request.query_params.get("from", "")
    at = int(first) if first.isascii() and first.isdecimal() and len(first) < 6 else 0
    lines, line, content = await asyncio.to_thread(_read, opened, number, at)
    drawn = await _drawn(request, listed, line, content)
    shown = MOST_PAGES if request.query_params.get("pages") == "all" else SHOWN_PAGES
    return {
        "lines": lines,
        "opened_line": line,
        "content": content,
        "drawn": None if isinstance(drawn, Refused) else drawn,
        "refused": drawn.text if isinstance(drawn, Refused) else "",
        "shown_pages": shown,
        "opens": not (content and content.differs) and not (isinstance(drawn, Refused) and drawn.reason in _HEAVY),
    }


def _read(opened: Opened, number: str, first: int) -> tuple[Stretch, Line | None, Content | None]:
    lines = tree(opened.message)
    line = next((line for line in lines if line.part.number == number), None)
    if line is None:
        content = None
    elif line.is_container:
        content = container_of(line.part)
    else:
        content = content_of(line.part)
    shown = stretch(lines, first=first, number=number)
    return shown._replace(lines=[_told(one) for one in shown.lines]), line, content


def _told(line: Line) -> Line:
    """The line with what is slow to find out."""
    part = line.part
    if line.is_container:
        return line._replace(title=part.given_name)
    _ = part.size
    title = (part.inner_subject if is_message(part) else "") or part.given_name
    return line._replace(title=title, differs="" if part.is_multipart else differs(part))


async def _drawn(
    request: Request, listed: ListedMessage, line: Line | None, content: Content | None
) -> Pages | Refused | None:
    """The picture that the page will show, or why there is none: said on the page, whatever the browser can do."""
    if line is None or content is None or content.form not in ("image", "pages"):
        return None
    drawings: Drawings = request.app.state.drawings
    id, number = inner_number(request, line.part.number)
    if content.form == "pages":
        page = MOST_PAGES if request.query_params.get("pages") == "all" else 1 + SHOWN_PAGES // 2
        return await drawings.pages(id, number, line.part.content, first=pages_for(page, _WIDTH), width=_WIDTH)
    drawn = await drawings.image(id, number, line.part.content, width=_WIDTH)
    return drawn if isinstance(drawn, Refused) else Pages((drawn,), 1)


def inner_number(request: Request, number: str) -> tuple[str, str]:
    """The id of the captured message, and the number that a part of the one shown has in it."""
    around = request.path_params.get("around")
    return str(request.path_params["id"]), f"{around}.{number}" if around else number
