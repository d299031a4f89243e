"""Bringing messages in from a file."""

from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.errors import Refusal
from mailsluice.exchange.incoming import import_mail, source_of
from mailsluice.exchange.mail import Limits
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.rendering import page
from mailsluice_web.security import IMPORT_LIMIT


async def new(request: Request) -> Response:
    """The form that takes a file."""
    return await _show(request)


async def create(request: Request) -> Response:
    """Store what the file holds; all of it or, if it is refused, nothing."""
    sandbox = sandbox_of(request)
    limits = Limits(message=sandbox.settings.max_message_size)
    async with request.form(max_files=1) as form:
        upload = form.get("file")
        try:
            if not isinstance(upload, UploadFile) or not upload.filename:
                raise Refusal("Choose a file.", field="body")
            ids = await import_mail(sandbox.store, source_of(upload.file, limits), limits)
        except Refusal as refusal:
            return await _show(request, refusal=refusal)
    return await _show(request, imported=len(ids))


async def _show(request: Request, *, refusal: Refusal | None = None, imported: int = 0) -> Response:
    context = {"refusal": refusal, "imported": imported, "most": IMPORT_LIMIT}
    return await page(request, "imports/_new.html", context, title="Import", status=422 if refusal else 200)


routes: Final[list[BaseRoute]] = [
    Route("/imports", new),
    Route("/imports", create, methods=["POST"]),
]
