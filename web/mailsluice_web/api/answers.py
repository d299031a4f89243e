"""Answers of our own API: JSON, errors included, whatever went wrong below."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from mailsluice.errors import Refusal, StoreError
from mailsluice_web.api.gojson import encode
from mailsluice_web.api.resource import BadRequest, NotFound
from mailsluice_web.tokens import Endpoint


def json_answer(content: object, *, status: int = 200) -> Response:
    """Anything that msgspec can encode; what is not Unicode becomes U+FFFD."""
    return Response(encode(content), status, media_type="application/json")


def explained(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with what it cannot do as `{"error": "…", "field": "to", "link": ""}`."""

    async def respond(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return _error(refusal.reason, 422, field=refusal.field, link=refusal.link)
        except msgspec.DecodeError as error:
            return _error(f"The body is not what is needed: {error}", 400)
        except BadRequest as error:
            return _error(str(error), 400)
        except NotFound as error:
            return _error(str(error), 404)
        except StoreError as error:
            return _error(str(error), 503)

    return respond


def closed(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The routes, and after them their addresses for every other method: 405, with those that there are."""
    methods = dict[str, set[str]]()
    for route in routes:
        if isinstance(route, Route) and route.methods:
            methods.setdefault(route.path, set()).update(route.methods)
    return [*routes, *(Route(path, _OtherMethods(known)) for path, known in methods.items())]


class _OtherMethods:
    """The ASGI endpoint of an address for the methods that it does not know."""

    def __init__(self, known: Iterable[str]) -> None:
        self._allow = ", ".join(sorted(known))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _error(f"This address knows {self._allow}, no {scope['method']}.", 405)
        answer.headers["Allow"] = self._allow
        await answer(scope, receive, send)


def _error(reason: str, status: int, **more: Any) -> Response:
    return json_answer({"error": reason, "field": "", "link": ""} | more, status=status)
