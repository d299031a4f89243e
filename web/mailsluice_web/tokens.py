"""What only the user who started the program may do needs the instance's token: profiles, tests, releases, settings.

The token travels in a header and never in a cookie, since cookies reach every port of a host, nor in a URL, since those
end up in logs. A page takes it from the fragment of the link that the program prints (static/token.js), a program sends

    Authorization: Bearer 6bGx…

A browser that opens an address directly cannot send a header. It gets the page without its content, and the page
fetches that by htmx, with the header.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mailsluice.sandbox import Sandbox
from mailsluice_web.rendering import is_fragment, page

HEADER: Final = "X-Mailsluice-Token"
"""What our own pages send it in."""

_BEARER: Final = "bearer "
_READS: Final = frozenset({"GET", "HEAD"})
_RELEASING: Final = "Releasing"
_WHY: Final = {
    "Profiles": "They are accounts that real mail leaves through",
    "Rules": "They send real mail without anybody looking",
    _RELEASING: "It sends real mail",
}


Endpoint = Callable[[Request], Awaitable[Response]]


def locked(path: str, endpoint: Endpoint, *, methods: Sequence[str] | None = None) -> Route:
    """A route whose endpoint runs only for those who know the instance's token."""
    return Route(path, endpoint, methods=methods, middleware=[Middleware(Lock)])


class Lock:
    """An ASGI layer that lets through who knows the token, and tells everybody else how to come by it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if is_unlocked(request):
            await self._app(scope, receive, send)
        else:
            await (await _refusal(request))(scope, receive, send)


def is_unlocked(request: Request) -> bool:
    """Whether the request brings the token; compared in a time that does not tell how much of it was right."""
    sandbox: Sandbox = request.state.sandbox
    token = sandbox.token
    # Header values are latin-1 text; an empty token of ours opens nothing.
    tries = [given.encode("latin-1", "replace") for given in _given(request)]
    return bool(token) and any([hmac.compare_digest(given, token.encode()) for given in tries])


def _given(request: Request) -> list[str]:
    """Every token that the request brings, right or wrong."""
    bearers = [value for value in request.headers.getlist("authorization") if value.lower().startswith(_BEARER)]
    return [*request.headers.getlist(HEADER), *(value[len(_BEARER) :].strip() for value in bearers)]


async def _refusal(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        message = "This needs the instance's token: Authorization: Bearer …, see `mailsluice unlock-link`."
        return JSONResponse({"error": message}, 401, {"WWW-Authenticate": "Bearer"})
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    is_read = request.method in _READS
    noun = _noun(request)
    about = {"noun": noun, "is_one": noun == _RELEASING, "why": _WHY[noun]}
    if is_read and not is_fragment(request):
        return await page(request, "profiles/_shell.html", about | {"address": address}, title=noun)
    # Whatever part of the page asked, the whole pane tells: a row or a dialog is too small for it.
    context = about | {"address": address if is_read else _back(request), "is_stale": any(_given(request))}
    headers = {"HX-Retarget": "#pane", "HX-Reswap": "innerHTML", "WWW-Authenticate": "Bearer"}
    return await page(request, "profiles/_locked.html", context, title="Locked", status=401, headers=headers)


def _noun(request: Request) -> str:
    """What is locked, as the pane calls it."""
    parts = request.url.path.split("/")
    return next((noun for noun in _WHY if parts[1] == noun.lower()), _RELEASING)


def _back(request: Request) -> str:
    """The page from which something was asked that an address alone cannot ask again."""
    current = urlsplit(request.headers.get("hx-current-url", ""))
    own = current.netloc == request.headers.get("host") and current.path.startswith("/")
    return current.path if own and not current.path.startswith("//") else "/profiles"
