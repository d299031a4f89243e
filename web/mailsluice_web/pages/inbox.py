"""The list of captured messages, and what is done to all of them, or to those of a mailbox or a search."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mailsluice.search import Query
from mailsluice.store.records import Deletion
from mailsluice_web.deletions import changed_deletions, kept_deletions
from mailsluice_web.listing import count, open_message, read_listing
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.patience import while_wanted
from mailsluice_web.places import Place, pinned, read_place, unpinned
from mailsluice_web.rendering import is_fragment, page, render

_SEARCH_BOX: Final = "form#search"
_IDS: Final = 50


async def inbox(request: Request) -> Response:
    """The list with nothing open."""
    place = read_place(request)
    return await while_wanted(request, _blank(request, place, headers=_address(request, place)))


async def messages(request: Request) -> Response:
    """The list alone, so that an open page can refresh it; with `shown`, only the rows that join it below."""
    return await while_wanted(request, _rows(request))


async def mark_all(request: Request) -> Response:
    """Mark every message of the place as read."""
    sandbox, place = sandbox_of(request), read_place(request)
    ids = await sandbox.store.search.ids(place.understood(), mailbox=place.mailbox) if place.is_search else None
    await sandbox.mark_seen(ids, seen=True, mailbox=place.mailbox)
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Trigger": "messages"})
    return RedirectResponse(place.at("/"), 303)


async def confirm_deletion(request: Request) -> Response:
    """Ask before everything in the place is deleted: a dialog for htmx, a page for everybody else."""
    sandbox, place = sandbox_of(request), read_place(request)
    query = place.understood()
    found, _ = await count(sandbox, place, query)
    spared, _ = await sandbox.store.search.count(pinned(query), mailbox=place.mailbox)
    context = {"place": place, "messages": found, "pinned": spared}
    return await page(request, "messages/_deletion.html", context, title="Delete")


async def delete_all(request: Request) -> Response:
    """Delete every message of the place, pinned ones only if that was ticked."""
    sandbox, place = sandbox_of(request), read_place(request)
    spares = (await request.form()).get("pinned") != "1"
    if place.is_search:
        query: Query = unpinned(place.understood()) if spares else place.understood()
        ids = await sandbox.store.search.ids(query, mailbox=place.mailbox)
        deletion = await sandbox.delete(ids)
    else:
        deletion = await sandbox.delete(None, mailbox=place.mailbox, pinned=not spares)
    return await back_to_list(request, deletion)


async def back_to_list(request: Request, deletion: Deletion) -> Response:
    """What follows a deletion: a blank pane, a fresh list and the way back for htmx, the inbox for everybody else."""
    place = read_place(request)
    if is_fragment(request):
        context = {"deletions": await kept_deletions(request, new=deletion.token) if deletion.messages else None}
        return await _blank(request, place, context, headers={"HX-Replace-Url": place.at("/")})
    return RedirectResponse(place.at("/"), 303)


async def undo(request: Request) -> Response:
    """Bring back what was deleted together, while that is possible."""
    taken_back = await sandbox_of(request).undo(str(request.path_params["token"]))
    if is_fragment(request):
        ids = [id for deletion in taken_back for id in deletion.ids or ()]
        context = {"restored": sum(deletion.messages for deletion in taken_back), "ids": ids[:_IDS]}
        context |= {"deletions": await kept_deletions(request)}
        response = render(request, "messages/_undone.html", context)
        response.headers["HX-Trigger"] = "messages"
        return response
    return RedirectResponse(read_place(request).at("/"), 303)


async def _rows(request: Request) -> Response:
    if not is_fragment(request):
        return await _blank(request, read_place(request))
    template = "messages/_rows.html" if "shown" in request.query_params else "messages/_refresh.html"
    listing = await read_listing(request)
    context = {"listing": listing, "counts": listing.counts} | await _fate(request, open_message(request))
    return render(request, template, context | {"deletions": await changed_deletions(request)})


async def _fate(request: Request, selected: str) -> dict[str, object]:
    """What list and pane must know of the message that stands open: what is kept of it, or that it went and how."""
    store = sandbox_of(request).store
    if not selected or (opened := await store.get(selected)):
        return {"selected": selected, "gone": "", "open": opened if selected else None}
    return {"selected": selected, "gone": selected, "deletion": await store.deletion_of(selected), "was_open": True}


def _address(request: Request, place: Place) -> dict[str, str]:
    """What is typed into the search box is one step of the history, however often it changes."""
    if request.headers.get("hx-source") != _SEARCH_BOX:
        return {}
    was = request.headers.get("hx-current-url", "")
    goes_on = "?q=" in was or "&q=" in was
    return {"HX-Replace-Url" if goes_on else "HX-Push-Url": place.at("/")}


async def _blank(
    request: Request,
    place: Place,
    context: Mapping[str, object] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    listing = await read_listing(request)
    own = {"listing": listing, "counts": listing.counts, **(context or {})}
    title = place.query.strip()[:100] or place.mailbox
    return await page(request, "messages/_blank.html", own, title=title, headers=headers)


routes: Final[list[BaseRoute]] = [
    Route("/", inbox),
    Route("/messages", messages),
    Route("/messages/marks", mark_all, methods=["POST"]),
    Route("/messages/deletion", confirm_deletion),
    Route("/messages/deletion", delete_all, methods=["POST"]),
    Route("/deletions/{token}/undoing", undo, methods=["POST"]),
]
