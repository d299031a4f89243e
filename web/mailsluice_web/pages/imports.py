"""Bringing messages in from files: chosen in a form, or dropped on a page."""

from typing import Final, NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.errors import Refusal, StoreError
from mailsluice.exchange.formats import source_of
from mailsluice.exchange.incoming import import_mail
from mailsluice.exchange.mail import Limits
from mailsluice.sandbox import Sandbox
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.rendering import page, render


class Outcome(NamedTuple):
    """What became of a file: so many messages, with a note where not all of it is mail, or the reason for none.

    `limits` is a sentence when retention removes what is too much.
    """

    name: str
    messages: int = 0
    reason: str = ""
    note: str = ""
    limits: str = ""


async def new(request: Request) -> Response:
    """The form that takes files."""
    return await page(request, "imports/_new.html", {"outcomes": []}, title="Import")


async def create(request: Request) -> Response:
    """Store what the files hold; all of a file or, if it is refused, nothing of it."""
    async with request.form() as form:
        outcomes = await _import(sandbox_of(request), form)
        is_dropped = form.get("dropped") == "1"
    if is_dropped:
        return render(request, "imports/_dropped.html", {"outcomes": outcomes})
    status = 422 if any(outcome.reason for outcome in outcomes) else 200
    return await page(request, "imports/_new.html", {"outcomes": outcomes}, title="Import", status=status)


async def _import(sandbox: Sandbox, form: FormData) -> list[Outcome]:
    uploads = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename]
    return [await _take(sandbox, upload) for upload in uploads] or [Outcome("", reason="Choose a file.")]


async def _take(sandbox: Sandbox, upload: UploadFile) -> Outcome:
    limits = Limits(message=sandbox.settings.max_message_size)
    name = upload.filename or ""
    try:
        done = await import_mail(sandbox.store, source_of(upload.file, limits, name=name), limits)
    except Refusal as refusal:
        return Outcome(name, reason=refusal.reason)
    except StoreError as error:
        return Outcome(name, reason=f"{error}")
    return Outcome(name, len(done.ids), note=done.note_of_others, limits=done.note_of_limits)


routes: Final[list[BaseRoute]] = [
    Route("/imports", new),
    Route("/imports", create, methods=["POST"]),
]
