"""One captured message: its page, its views, its deletion."""

import asyncio
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailsluice.message.addresses import Address
from mailsluice.release import Release
from mailsluice.sandbox import Sandbox
from mailsluice.store.records import ListedMessage, Receipt
from mailsluice_web.opened import Opened, Reader
from mailsluice_web.pages.inbox import back_to_list
from mailsluice_web.places import read_place
from mailsluice_web.rendering import page

NO_SUBJECT: Final = "(no subject)"

_SOURCE_SHOWN: Final = 256 << 10
_TEXT_SHOWN: Final = 256 << 10
_FIRST: Final = 6
_RELEASES_SHOWN: Final = 50


async def message(request: Request) -> Response:
    """The message in the view that the URL names, or in the one that tells most; reading it marks it as seen."""
    return await show(request, view=request.path_params.get("view", ""))


async def show(request: Request, *, view: str) -> Response:
    """The message that the URL names, in this view."""
    sandbox: Sandbox = request.state.sandbox
    reader: Reader = request.app.state.reader
    listed = await sandbox.store.get(request.path_params["id"])
    if listed is None:
        return await gone(request)
    if listed.id != request.path_params["id"]:
        return RedirectResponse(read_place(request).at(f"/messages/{listed.id}"), 303)
    opened, receipt = await asyncio.gather(reader.open(listed), sandbox.store.receipt(listed.id))
    if opened is None:
        return await gone(request)
    released, known = await asyncio.gather(sandbox.store.journal.count_of(listed.id), sandbox.store.tags())
    views = _views(opened, receipt) + ["releases"] * (released > 0 or view == "releases")
    view = view or _best(opened, views)
    if view not in views:
        raise HTTPException(404, "This message has no such view.")
    if _is_read_now(request) and not listed.seen:
        await sandbox.mark_seen([listed.id], seen=True)
        listed = msgspec.structs.replace(listed, seen=True)
    context = _context(listed, opened, receipt) | {"views": views, "view": view, "selected": listed.id}
    context |= {"known_tags": sorted(known, key=str.lower), "released": released}
    context |= {"releases": await releases_of(sandbox, listed.id) if view == "releases" else []}
    if view in _VIEW_CONTEXT:
        context |= _VIEW_CONTEXT[view](request, opened)
    return await page(request, "messages/_message.html", context, title=context["subject"])


async def releases_of(sandbox: Sandbox, message: str) -> list[Release]:
    """The newest releases of a message, newest first."""
    return [release for _, release in await sandbox.store.journal.list(limit=_RELEASES_SHOWN, message=message)]


async def delete(request: Request) -> Response:
    """Delete the message, which can be taken back for a while; one that is gone already is fine."""
    sandbox: Sandbox = request.state.sandbox
    return await back_to_list(request, await sandbox.delete([request.path_params["id"]]))


async def gone(request: Request) -> Response:
    """No such message, or no longer."""
    sandbox: Sandbox = request.state.sandbox
    id = str(request.path_params["id"])
    context = {"gone": id, "deletion": await sandbox.store.deletion_of(id), "was_open": False}
    return await page(request, "messages/_gone.html", context, title="Deleted", status=404)


def _views(opened: Opened, receipt: Receipt | None) -> list[str]:
    has_text = bool(opened.message.text.strip()) or opened.frame is None
    offered = {"html": opened.frame is not None, "text": has_text, "transcript": receipt is not None}
    return [view for view in ("html", "text", "headers", "source", "transcript") if offered.get(view, True)]


def _best(opened: Opened, views: list[str]) -> str:
    """The source when MIME is broken: a multipart could not be taken apart, or nothing readable came out of it."""
    parsed = opened.message
    is_readable = opened.frame is not None or bool(parsed.text.strip())
    is_whole = not any(part.is_multipart for part in parsed.parts)
    return views[0] if not parsed.damage or (is_whole and is_readable) else "source"


def _is_read_now(request: Request) -> bool:
    return request.method == "GET" and "prefetch" not in request.headers.get("sec-purpose", "")


def _context(listed: ListedMessage, opened: Opened, receipt: Receipt | None) -> dict[str, Any]:
    parsed = opened.message
    people = {"From": (parsed.sender,), "To": parsed.to, "Cc": parsed.cc, "Bcc": parsed.bcc}
    if parsed.reply_to and parsed.reply_to != (parsed.sender,):
        people["Reply-To"] = parsed.reply_to
    return {
        "message": listed,
        "parsed": parsed,
        "subject": parsed.subject.strip() or NO_SUBJECT,
        "people": {name: _shorten(group) for name, group in people.items() if group and group != (Address(),)},
        "envelope": _envelope(listed, receipt) if receipt else None,
        "receipt": receipt,
        "oddities": (*parsed.defects, *_warnings(receipt)),
    }


def _warnings(receipt: Receipt | None) -> list[str]:
    """What was odd about the session, as sentences."""
    warnings = receipt.session.warnings if receipt else ()
    return [f"In the session {warning}." for warning in warnings]


def _shorten(people: tuple[Address, ...]) -> tuple[tuple[Address, ...], int]:
    return people[:_FIRST], max(0, len(people) - _FIRST)


def _envelope(listed: ListedMessage, receipt: Receipt) -> dict[str, Any]:
    """The envelope's addresses, each with whether the headers know it; unknown ones first if not all can be shown."""
    unlisted = set(listed.unlisted)
    recipients = [(one.address, one.address in unlisted) for one in receipt.envelope.recipients]
    if len(recipients) > _FIRST:
        recipients.sort(key=lambda recipient: not recipient[1])
    author = listed.summary.sender.address
    return {
        "sender": receipt.envelope.sender,
        "differs": receipt.envelope.sender.lower() != author.lower(),
        "recipients": recipients[:_FIRST],
        "more": max(0, len(recipients) - _FIRST),
    }


def _html_context(request: Request, opened: Opened) -> dict[str, Any]:
    return {"remote": request.query_params.get("remote") == "1", "blocked": opened.frame.remote if opened.frame else 0}


def _text_context(request: Request, opened: Opened) -> dict[str, Any]:
    text = opened.message.text
    return {"text": text[:_TEXT_SHOWN], "is_cut": len(text) > _TEXT_SHOWN}


def _headers_context(request: Request, opened: Opened) -> dict[str, Any]:
    return {"as_received": request.query_params.get("raw") == "1"}


def _source_context(request: Request, opened: Opened) -> dict[str, Any]:
    shown = opened.raw[:_SOURCE_SHOWN]
    is_cut = len(opened.raw) > len(shown)
    try:
        # A cut may run through a character, so the end of a cut source is allowed to be undecodable.
        source = (shown[:-4] if is_cut else shown).decode("utf-8")
    except UnicodeDecodeError:
        source = shown.decode("latin-1")
    return {"source": source, "is_cut": is_cut}


_VIEW_CONTEXT: Final = {
    "html": _html_context,
    "text": _text_context,
    "headers": _headers_context,
    "source": _source_context,
}
