"""Messages out of and into the sandbox, as files.

    GET  /api/sandbox/export?format=zip&query=from:ada   .eml files in a zip archive, or mbox; without query all
    GET  /api/sandbox/export?id=ID&id=ID                 these messages; `latest` is the newest
    POST /api/sandbox/import?format=mbox                 the file itself as body: eml, mbox or zip, else it is guessed
                                                         -> 201 {"imported": 2, "ids": ["…", "…"],
                                                                 "left_out": ["readme.txt"], "notes": ["1 file …"]}

`left_out` names the files of an archive that are no mail; `notes` says what happened besides, in sentences.
No byte of a message changes on its way; with `crlf=1` an import makes every line end CRLF. An import that is refused
(422, `{"error": "…", "field": "body", "link": ""}`) brings nothing in. Imported mail is never released by rules.
"""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from mailsluice.errors import StoreError
from mailsluice.exchange.formats import source_of
from mailsluice.exchange.incoming import import_mail
from mailsluice.exchange.mail import Limits
from mailsluice.exchange.outgoing import WRITERS, chosen, pieces
from mailsluice_web import downloads
from mailsluice_web.api.answers import explained, json_answer
from mailsluice_web.api.resource import BadRequest
from mailsluice_web.pages.cards import sandbox_of

_SWITCH: Final = {"": False, "0": False, "1": True}


async def export_mail(request: Request) -> Response:
    """The messages as one file, sent while it is made."""
    parameters, store = request.query_params, sandbox_of(request).store
    format, ids, query = parameters.get("format", "zip"), parameters.getlist("id"), parameters.get("query", "")
    if format not in WRITERS:
        raise BadRequest(f"There is no format {format[:40]!r}; there are {', '.join(sorted(WRITERS))}.")
    if ids and query:
        raise BadRequest("Name messages or a query, not both.")
    found = await chosen(store, ids=ids, query=query)
    writer = WRITERS[format]()
    name = f"mailsluice-{datetime.now(UTC):%Y%m%d-%H%M%S}{writer.extension}"
    headers = downloads.headers(writer.media_type, name)
    if request.method == "HEAD":
        return Response(headers=headers)
    return StreamingResponse(pieces(store, found, writer), headers=headers)


async def import_messages(request: Request) -> Response:
    """Store what the body holds; all of it or, if it is refused, nothing."""
    parameters, sandbox = request.query_params, sandbox_of(request)
    mends_line_ends = _SWITCH.get(parameters.get("crlf", ""))
    if mends_line_ends is None:
        raise BadRequest("crlf: write 1 to make every line end CRLF, or leave it out.")
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise BadRequest("Send the file itself as the body (curl --data-binary @mail.mbox), not a form.")
    limits = Limits(message=sandbox.settings.max_message_size)
    with _spooled(sandbox.store.spool_folder) as file:
        await _receive(request, file)
        source = source_of(file, limits, format=parameters.get("format", ""))
        done = await import_mail(sandbox.store, source, limits, mends_line_ends=mends_line_ends)
    answer = {"imported": len(done.ids), "ids": done.ids, "left_out": done.left_out, "notes": done.notes}
    return json_answer(answer, status=201)


def _spooled(folder: Path) -> BinaryIO:
    """A file beside the database that is gone when it is closed; /tmp is often memory."""
    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise _full(error) from error


async def _receive(request: Request, file: BinaryIO) -> None:
    try:
        async for piece in request.stream():
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(file.flush)
    except OSError as error:
        raise _full(error) from error


def _full(error: OSError) -> StoreError:
    return StoreError(f"The upload finds no place on the disk ({error.strerror or error}); nothing was imported.")


routes: Final[list[BaseRoute]] = [
    Route("/api/sandbox/export", explained(export_mail)),
    Route("/api/sandbox/import", explained(import_messages), methods=["POST"]),
]
