"""What a person does to a release that is there: cancel it, try it again, settle what nobody can say."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal
from mailsluice.release import Release
from mailsluice_web.pages import releases
from mailsluice_web.pages.cards import profile_of, sandbox_of
from mailsluice_web.rendering import render


async def cancel(request: Request) -> Response:
    """Take it back as long as nothing was sent."""
    return await _do(request, sandbox_of(request).outbox.cancel)


async def retry(request: Request) -> Response:
    """Try it again: for an outcome that nobody knows, this is the user's word that it was not sent."""
    return await _do(request, sandbox_of(request).outbox.retry)


async def settle(request: Request) -> Response:
    """The user found it in the Sent folder."""
    return await _do(request, sandbox_of(request).outbox.settle)


async def resume(request: Request) -> Response:
    """Dial a parked profile now, whatever it was parked for."""
    profile = await profile_of(request)
    problem = ""
    try:
        await sandbox_of(request).outbox.resume(profile.name)
    except Refusal as refusal:
        problem = refusal.reason
    context = {"name": profile.name, "parking": sandbox_of(request).outbox.parking(profile.name), "problem": problem}
    response = render(request, "releases/_parked.html", context, status=422 if problem else 200)
    response.headers["HX-Trigger"] = "messages"
    return response


async def _do(request: Request, act: Callable[[str], Awaitable[Release]]) -> Response:
    """Do it and show the release: its record, or its card among those of a message."""
    id, problem = request.path_params["id"], ""
    if await sandbox_of(request).store.journal.get(id) is None:
        raise HTTPException(404, "There is no such release, or its record is not kept any more.")
    try:
        await act(id)
    except Refusal as refusal:
        problem = refusal.reason
    if request.headers.get("hx-target", "").startswith("li#"):
        context = {"release": await sandbox_of(request).store.journal.get(id), "problem": problem}
        response = render(request, "releases/_card.html", context, status=422 if problem else 200)
    else:
        response = await releases.show(request, id, problem=problem)
    response.headers["HX-Trigger"] = "messages"
    return response
