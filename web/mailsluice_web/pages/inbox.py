"""The list of captured messages, and what is done to all of them."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailsluice.sandbox import Sandbox
from mailsluice_web.listing import open_message, read_listing
from mailsluice_web.rendering import is_fragment, page, render


async def inbox(request: Request) -> Response:
    """The list with nothing open."""
    return await _blank(request)


async def messages(request: Request) -> Response:
    """The list alone, so that an open page can refresh it; with `shown`, only the rows that join it below."""
    if not is_fragment(request):
        return await _blank(request)
    template = "messages/_rows.html" if "shown" in request.query_params else "messages/_refresh.html"
    listing = await read_listing(request)
    context = {"listing": listing, "counts": listing.counts, "selected": open_message(request)}
    return render(request, template, context)


async def mark_all(request: Request) -> Response:
    """Mark every message as read."""
    sandbox: Sandbox = request.state.sandbox
    await sandbox.mark_seen(None, seen=True)
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Trigger": "messages"})
    return RedirectResponse("/", 303)


async def confirm_deletion(request: Request) -> Response:
    """Ask before everything is deleted: a dialog for htmx, a page for everybody else."""
    sandbox: Sandbox = request.state.sandbox
    context = {"message": None, "counts": await sandbox.store.counts()}
    return await page(request, "messages/_deletion.html", context, title="Delete all")


async def delete_all(request: Request) -> Response:
    """Delete every message."""
    sandbox: Sandbox = request.state.sandbox
    await sandbox.delete(None)
    return await back_to_list(request)


async def back_to_list(request: Request) -> Response:
    """What follows a deletion: a blank pane and a fresh list for htmx, the inbox for everybody else."""
    if is_fragment(request):
        return await _blank(request, {"HX-Replace-Url": "/", "HX-Trigger": "messages"})
    return RedirectResponse("/", 303)


async def _blank(request: Request, headers: Mapping[str, str] | None = None) -> Response:
    sandbox: Sandbox = request.state.sandbox
    counts = await sandbox.store.counts()
    return await page(request, "messages/_blank.html", {"counts": counts}, headers=headers)
