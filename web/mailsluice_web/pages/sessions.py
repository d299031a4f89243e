"""Sessions that brought no message or were refused something: why the inbox is empty though the app did send."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.sandbox import Sandbox
from mailsluice_web.rendering import page

_SHOWN: Final = 100


async def sessions(request: Request) -> Response:
    """The newest of them, each with its reason."""
    sandbox: Sandbox = request.state.sandbox
    kept = await sandbox.store.list_sessions(limit=_SHOWN)
    return await page(request, "sessions/_sessions.html", {"sessions": kept}, title="Sessions without a message")


async def session(request: Request) -> Response:
    """One of them with its dialogue."""
    sandbox: Sandbox = request.state.sandbox
    record = await sandbox.store.get_session(request.path_params["id"])
    if record is None:
        raise HTTPException(404, "This session is not kept: only the newest ones without a message are.")
    return await page(request, "sessions/_session.html", {"record": record}, title="Session")
