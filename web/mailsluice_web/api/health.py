"""Whether the program lives, and whether it can capture; never asks for a password."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.sandbox import Sandbox
from mailsluice_web.api.resource import Resource, text


async def live(request: Request) -> Response:
    """The loop turns."""
    return text("")


async def ready(request: Request) -> Response:
    """Captures are accepted at the moment."""
    sandbox: Sandbox = request.state.sandbox
    return text("Service Unavailable", status=503) if sandbox.store.trouble else text("")


routes: Final[list[BaseRoute]] = [
    Route("/livez", Resource(get=live, options=False)),
    Route("/readyz", Resource(get=ready, options=False)),
]
