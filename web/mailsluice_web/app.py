"""The web application: which URL leads where, and what stands around every request. Read this first."""

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mailsluice.errors import Refusal, StoreError
from mailsluice.sandbox import Sandbox
from mailsluice_web.api import exchange, health, mailpit
from mailsluice_web.api import keeping as keeping_api
from mailsluice_web.api import messages as messages_api
from mailsluice_web.api import profiles as profiles_api
from mailsluice_web.api import releases as releases_api
from mailsluice_web.api import rules as rules_api
from mailsluice_web.checking import Checks
from mailsluice_web.compression import Assets
from mailsluice_web.nested import Nested
from mailsluice_web.opened import Reader
from mailsluice_web.pages import (
    batches,
    checks,
    completions,
    errors,
    frames,
    imports,
    inbox,
    keeping,
    mails,
    messages,
    nested,
    outbox,
    parts,
    preflights,
    previews,
    profile_form,
    profiles,
    releases,
    rules,
    selection,
    sessions,
    views,
)
from mailsluice_web.previewing import Drawings
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
    app.state.reader = Reader(sandbox.store, sandbox.bounds, own_hosts=sandbox.settings.own_host)
    app.state.nested, app.state.drawings = Nested(sandbox.bounds), Drawings(sandbox.previews)
    app.state.checks = Checks(sandbox.turns, on_passed=sandbox.reconsider, own_addresses=sandbox.own_addresses)
    return app


def _routes() -> list[BaseRoute]:
    return [
        *inbox.routes,
        *completions.routes,
        Route("/messages/{id}.eml", parts.source_file),
        Route("/messages/{id}/raw", parts.source_text),
        *previews.routes,
        *nested.routes,
        Route("/messages/{id}/parts/{number}", parts.part),
        *frames.routes,
        *views.routes,
        Route("/messages/{id}/deletion", messages.delete, methods=["POST"]),
        locked("/messages/{id}/releases/new", preflights.of_message.new),
        locked("/messages/{id}/preflights", preflights.of_message.again, methods=["POST"]),
        Route("/messages/{id}/preflights/{digest}.eml", preflights.of_message.source),
        locked("/messages/{id}/releases", preflights.of_message.create, methods=["POST"]),
        Route("/messages/{id}/releases", releases.of_message),
        *keeping.routes,
        *batches.routes,
        *selection.routes,
        Route("/messages/{id}", messages.message),
        Route("/messages/{id}/{view}", messages.message),
        Route("/releases", releases.releases),
        Route("/releases/{id}.eml", releases.source),
        Route("/releases/{id}", releases.release),
        locked("/releases/{id}/cancellation", outbox.cancel, methods=["POST"]),
        locked("/releases/{id}/attempts", outbox.retry, methods=["POST"]),
        locked("/releases/{id}/settlement", outbox.settle, methods=["POST"]),
        locked("/releases/{id}/copies/new", preflights.of_release.new),
        locked("/releases/{id}/preflights", preflights.of_release.again, methods=["POST"]),
        Route("/releases/{id}/preflights/{digest}.eml", preflights.of_release.source),
        locked("/releases/{id}/copies", preflights.of_release.create, methods=["POST"]),
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
        locked("/profiles/{name}/resumption", outbox.resume, methods=["POST"]),
        locked("/profiles/{name}/mails", mails.send, methods=["POST"]),
        *rules.routes,
        *imports.routes,
        Route("/events", Streams().respond),
        Mount("/static", Assets(_STATIC)),
        *health.routes,
        *exchange.routes,
        *messages_api.routes,
        *keeping_api.routes,
        *profiles_api.routes,
        *releases_api.routes,
        *rules_api.routes,
        *mailpit.routes,
    ]


class _WithSandbox:
    def __init__(self, app: ASGIApp, *, sandbox: Sandbox) -> None:
        self._app, self._sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["sandbox"] = self._sandbox
        await self._app(scope, receive, send)
