"""The web application: which URL leads where, and what stands around every request. Read this first."""

import os
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from mailsluice.errors import Refusal, StoreError
from mailsluice.sandbox import Sandbox
from mailsluice_web.api import health, mailpit
from mailsluice_web.api import profiles as profiles_api
from mailsluice_web.checking import Checks, Turns
from mailsluice_web.opened import Reader
from mailsluice_web.pages import checks, errors, inbox, mails, messages, parts, profile_form, profiles, sessions
from mailsluice_web.security import Guard
from mailsluice_web.stream import Streams
from mailsluice_web.tokens import locked

_STATIC: Final = Path(__file__).parent / "static"


def create_app(sandbox: Sandbox) -> Starlette:
    """The inbox and the API over an open sandbox, which every request finds as `request.state.sandbox`."""
    app = Starlette(
        routes=_routes(),
        middleware=[
            Middleware(Guard, allowed_hosts=sandbox.settings.allowed_host),
            Middleware(_WithSandbox, sandbox=sandbox),
        ],
        exception_handlers={
            HTTPException: errors.http_error,
            StoreError: errors.store_error,
            Refusal: profiles.refused,
            Exception: errors.server_error,
        },
    )
    app.state.reader = Reader(sandbox.store, sandbox.bounds)
    app.state.turns = Turns()
    app.state.checks = Checks(app.state.turns)
    return app


def _routes() -> list[BaseRoute]:
    return [
        Route("/", inbox.inbox),
        Route("/messages", inbox.messages),
        Route("/messages/marks", inbox.mark_all, methods=["POST"]),
        Route("/messages/deletion", inbox.confirm_deletion),
        Route("/messages/deletion", inbox.delete_all, methods=["POST"]),
        Route("/messages/{id}.eml", parts.source_file),
        Route("/messages/{id}/raw", parts.source_text),
        Route("/messages/{id}/body", parts.body),
        Route("/messages/{id}/parts/{number}", parts.part),
        Route("/messages/{id}/deletion", messages.confirm_deletion),
        Route("/messages/{id}/deletion", messages.delete, methods=["POST"]),
        Route("/messages/{id}", messages.message),
        Route("/messages/{id}/{view}", messages.message),
        Route("/sessions", sessions.sessions),
        Route("/sessions/{id}", sessions.session),
        locked("/profiles", profiles.profiles),
        locked("/profiles", profile_form.create, methods=["POST"]),
        locked("/profiles/new", profile_form.new),
        locked("/profiles/{name}", profiles.profile),
        locked("/profiles/{name}", profile_form.update, methods=["POST"]),
        locked("/profiles/{name}/edit", profile_form.edit),
        locked("/profiles/{name}/marks", profiles.mark, methods=["POST"]),
        locked("/profiles/{name}/removal", profiles.confirm_removal),
        locked("/profiles/{name}/removal", profiles.remove, methods=["POST"]),
        locked("/profiles/{name}/checks", checks.begin, methods=["POST"]),
        locked("/profiles/{name}/checks/{id}", checks.check),
        locked("/profiles/{name}/mails", mails.send, methods=["POST"]),
        Route("/events", Streams().respond),
        Mount("/static", _Static(directory=_STATIC)),
        *health.routes,
        *profiles_api.routes,
        *mailpit.routes,
    ]


class _WithSandbox:
    def __init__(self, app: ASGIApp, *, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["sandbox"] = self._sandbox
        await self._app(scope, receive, send)


class _Static(StaticFiles):
    """Files whose name carries a version never change; all others are asked for again and usually answered 304."""

    def file_response(
        self, full_path: "str | os.PathLike[str]", stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_versioned = Path(full_path).name.startswith("htmx-")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_versioned else "no-cache"
        return response
