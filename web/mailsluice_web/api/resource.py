"""One URL of the API: which methods it knows, and the plain-text answers that clients of Mailpit expect."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mailsluice.errors import Refusal, StoreError

Endpoint = Callable[[Request], Awaitable[Response]]


class BadRequest(Exception):
    """The client must ask differently; the text says how, and is sent to it."""


class NotFound(Exception):
    """What the address names is not there; the text is sent to the client."""


class Resource:
    """An ASGI endpoint of one function a method; HEAD comes with GET, and OPTIONS unless `options` is False."""

    def __init__(
        self,
        *,
        get: Endpoint | None = None,
        post: Endpoint | None = None,
        put: Endpoint | None = None,
        delete: Endpoint | None = None,
        options: bool = True,
    ) -> None:
        given = {
            "GET": get,
            "HEAD": get,
            "POST": post,
            "PUT": put,
            "DELETE": delete,
            "OPTIONS": _options if options else None,
        }
        self._endpoints = {method: endpoint for method, endpoint in given.items() if endpoint}
        self._allow: Final = ", ".join(sorted(self._endpoints))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, _without_body(send) if request.method == "HEAD" else send)

    async def _respond(self, request: Request) -> Response:
        endpoint = self._endpoints.get(request.method)
        if endpoint is None:
            return error_page("Method Not Allowed", status=405, headers={"Allow": self._allow})
        try:
            return await endpoint(request)
        except (BadRequest, Refusal) as error:
            return text(str(error), status=400)
        except NotFound as error:
            return text(str(error), status=404)
        except StoreError as error:
            return text(str(error), status=503)


class Nowhere:
    """The ASGI endpoint of an address under /api/ that does not exist."""

    def __init__(self, *, options: bool) -> None:
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._options and scope["method"] == "OPTIONS"
        response = text("") if found else error_page("File not found", status=404)
        await response(scope, receive, _without_body(send) if scope["method"] == "HEAD" else send)


def text(body: str, *, status: int = 200) -> Response:
    """A plain-text answer as Mailpit's own code writes it: no charset, no line end."""
    return Response(body, status, {"Content-Type": "text/plain"})


def error_page(body: str, *, status: int, headers: dict[str, str] | None = None) -> Response:
    """A plain-text error as Go's HTTP library writes it: with charset and line end."""
    return Response(f"{body}\n", status, {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


async def _options(request: Request) -> Response:
    return text("")


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head
