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
from mailsluice_web.attached import attachments
from mailsluice_web.framing import html_context, keep_look, tab_url
from mailsluice_web.neighbours import neighbours_of
from mailsluice_web.opened import Opened, Reader, part_url
from mailsluice_web.pages import views
from mailsluice_web.pages.inbox import back_to_list
from mailsluice_web.pages.tree import inner_number, parts_context
from mailsluice_web.places import read_place
from mailsluice_web.rendering import page

NO_SUBJECT: Final = "(no subject)"

_FIRST: Final = 6
_LOOKED_AT: Final = 10_000
_QUOTED: Final = 80
_ALWAYS: Final = frozenset({"text", "headers", "source", "parts"})
_SOME: Final = frozenset({"html", "transcript"})
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
    offered = views_of(opened, receipt) + ["releases"] * (released > 0 or view == "releases")
    # A view that was chosen, and that every message has, is kept from message to message.
    kept = view if view in _ALWAYS else ""
    view = view or best_view(opened, offered)
    if view not in offered:
        return without(view, read_place(request).at(f"/messages/{listed.id}"))
    if _is_read_now(request) and not listed.seen:
        await sandbox.mark_seen([listed.id], seen=True)
        listed = msgspec.structs.replace(listed, seen=True)
    context = context_of(listed, opened, receipt) | {"views": offered, "view": view, "selected": listed.id}
    context |= {"known_tags": sorted(known, key=str.lower), "released": released}
    context |= {"releases": await releases_of(sandbox, listed.id) if view == "releases" else []}
    context |= {"neighbours": await neighbours_of(sandbox, read_place(request), listed), "kept_view": kept}
    context |= {"oddities": await reader.oddities(listed, opened, receipt)}
    context |= await view_context(request, view, listed, opened)
    response = await page(request, "messages/_message.html", context, title=context["subject"])
    keep_look(request, response)
    return response


def without(view: str, base: str) -> Response:
    """The answer for a view that this message does not have: what it has instead, if others have that view."""
    if view not in _SOME:
        raise HTTPException(404, "This message has no such view.")
    return RedirectResponse(base, 303)


async def view_context(request: Request, view: str, listed: ListedMessage, opened: Opened) -> dict[str, Any]:
    """What this view of a message shows below the head, and the attachments in the head."""
    id, around = inner_number(request, "")
    attached = {
        "attached": await asyncio.to_thread(attachments, opened.message),
        "part_base": part_url(id, around),
        "tab_url": tab_url(request, listed) if opened.has_html else "",
    }
    if view == "html":
        beside = await asyncio.to_thread(_beside, opened)
        return attached | {"beside": beside} | await html_context(request, listed, opened)
    if view == "parts":
        return attached | await parts_context(request, listed, opened)
    return attached | (await views.CONTEXTS[view](request, opened) if view in views.CONTEXTS else {})


def _beside(opened: Opened) -> str:
    """The beginning of the plain text that the HTML does not stand for."""
    words = " ".join(opened.message.beside[:_LOOKED_AT].split()).lstrip("_-=*~ ")
    return words if len(words) <= _QUOTED else words[:_QUOTED].rstrip() + "…"


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


def views_of(opened: Opened, receipt: Receipt | None) -> list[str]:
    """The views that show something of it."""
    offered = {"html": opened.has_html, "transcript": receipt is not None}
    return [view for view in ("html", "text", "headers", "source", "parts", "transcript") if offered.get(view, True)]


def best_view(opened: Opened, views: list[str]) -> str:
    """The source when MIME is broken: a multipart could not be taken apart, or nothing readable came out of it."""
    parsed = opened.message
    is_readable = opened.has_html or bool(parsed.text.strip())
    is_whole = not any(part.is_multipart for part in parsed.parts)
    return views[0] if not parsed.damage or (is_whole and is_readable) else "source"


def _is_read_now(request: Request) -> bool:
    """Whether somebody looks at it: no page of another site asks behind the reader's back, and no mail as an image."""
    asked = request.headers
    if "sec-fetch-dest" not in asked and "hx-request" not in asked and "text/html" not in asked.get("accept", ""):
        # Over plain HTTP to another name than localhost, browsers do not say what they load: this is no page.
        return False
    is_foreign = asked.get("sec-fetch-site", "same-origin") in ("cross-site", "same-site")
    if asked.get("sec-fetch-dest", "document") not in (("document",) if is_foreign else ("document", "empty")):
        return False
    return request.method == "GET" and "prefetch" not in asked.get("sec-purpose", "")


def context_of(listed: ListedMessage, opened: Opened, receipt: Receipt | None) -> dict[str, Any]:
    """What the head of a message shows."""
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
    }


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
