"""What a person keeps of a message: its tags, its pin, and whether it was read."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailsluice.store.records import ListedMessage
from mailsluice.tagging import clean_tags
from mailsluice_web.pages import messages
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.places import read_place
from mailsluice_web.rendering import is_fragment, render


async def tag(request: Request) -> Response:
    """Add tags, with commas between them, and remove those named."""
    sandbox, id = sandbox_of(request), str(request.path_params["id"])
    form = await request.form()
    added = clean_tags(str(form.get("add", "")).split(","))
    removed = [str(name) for name in form.getlist("remove")]
    if removed:
        await sandbox.remove_tags([id], removed)
    if added:
        await sandbox.add_tags([id], added)
    return await _kept(request, "messages/_tags.html")


async def tags(request: Request) -> Response:
    """The tags of a message, with a field for one more and all that there are to choose from."""
    return await _kept(request, "messages/_tags.html")


async def pin(request: Request) -> Response:
    """Pin the message, or let go of it."""
    form = await request.form()
    await sandbox_of(request).pin([str(request.path_params["id"])], pinned=form.get("pinned") == "1")
    return await _kept(request, "messages/_pin.html")


async def mark(request: Request) -> Response:
    """Mark the message as read or unread."""
    form = await request.form()
    await sandbox_of(request).mark_seen([str(request.path_params["id"])], seen=form.get("seen") == "1")
    if is_fragment(request):
        return await _kept(request, "messages/_mark.html")
    # The message itself would be read again as soon as it is shown.
    return RedirectResponse(read_place(request).at("/"), 303)


async def _kept(request: Request, template: str) -> Response:
    found: ListedMessage | None = await sandbox_of(request).store.get(str(request.path_params["id"]))
    if found is None:
        # The part that asked is too small to say so.
        response = await messages.gone(request)
        response.headers.update({"HX-Retarget": "#pane", "HX-Reswap": "innerHTML"})
        return response
    if not is_fragment(request):
        return RedirectResponse(read_place(request).at(f"/messages/{found.id}"), 303)
    known = await sandbox_of(request).store.tags()
    return render(request, template, {"message": found, "known_tags": sorted(known, key=str.lower)})


routes: Final[list[BaseRoute]] = [
    Route("/messages/{id}/tags", tags),
    Route("/messages/{id}/tags", tag, methods=["POST"]),
    Route("/messages/{id}/pin", pin, methods=["POST"]),
    Route("/messages/{id}/marks", mark, methods=["POST"]),
]
