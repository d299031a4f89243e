"""A message inside a part, in the same views as any other: to be read, and with a way back."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice_web.framing import keep_look
from mailsluice_web.opened import Reader
from mailsluice_web.pages import frames, messages, parts, views
from mailsluice_web.places import read_place
from mailsluice_web.rendering import page

_BASE: Final = "/messages/{id}/parts/{around}/message"


async def message(request: Request) -> Response:
    """The message in that part, in the view that the URL names, or in the one that tells most."""
    listed, opened = await parts.open_listed(request)
    views = messages.views_of(opened, None)
    view = request.path_params.get("view", "") or messages.best_view(opened, views)
    if view not in views:
        return messages.without(view, read_place(request).at(f"/messages/{listed.id}"))
    reader: Reader = request.app.state.reader
    outer, _, _ = str(request.path_params["around"]).rpartition(".")
    context = messages.context_of(listed, opened, None) | {"views": views, "view": view}
    context |= {
        "captured": request.path_params["id"],
        "selected": request.path_params["id"],
        "around": request.path_params["around"],
        "outer": outer,
        "oddities": await reader.oddities(listed, opened, None),
    }
    context |= await messages.view_context(request, view, listed, opened)
    response = await page(request, "messages/_nested.html", context, title=context["subject"])
    keep_look(request, response)
    return response


routes: Final[list[BaseRoute]] = [
    Route(_BASE + ".eml", parts.source_file),
    Route(_BASE, message),
    Route(_BASE + "/raw", parts.source_text),
    Route(_BASE + "/body", frames.body),
    Route(_BASE + "/whole/{kind}", views.whole),
    Route(_BASE + "/remote", frames.wish, methods=["POST"]),
    Route(_BASE + "/parts/~{token}/{number}", frames.framed_part),
    Route(_BASE + "/{view}", message),
]
