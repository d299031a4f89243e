"""What is done to several messages at once: those that are ticked in the list, or all of a place."""

from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from mailsluice.exchange.outgoing import WRITERS, pieces
from mailsluice.store.records import Deletion
from mailsluice.tagging import clean_tags
from mailsluice_web import downloads
from mailsluice_web.deletions import kept_deletions
from mailsluice_web.filters import plural
from mailsluice_web.listing import open_message
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.pages.choosing import Selection, ids_of, read_selection
from mailsluice_web.pages.inbox import back_to_list
from mailsluice_web.rendering import is_fragment, page, render

MOST: Final = 100_000
"""Messages that are changed at once; of a larger place these are the newest."""

_FIELDS: Final = 5_000  # a list that has grown to its end, and what arrivals have pushed out of it
_TAGS_SHOWN: Final = 60
_KNOWN_SHOWN: Final = 200


async def mark(request: Request) -> Response:
    """Mark them as read or unread; with neither said, as read if one of them is unread."""
    chosen, fields = await _posted(request)
    sandbox, seen = sandbox_of(request), fields.get("seen") != "0"
    changed = await sandbox.mark_seen(chosen.ids, seen=seen)
    if not changed and "seen" not in fields:
        seen, changed = False, await sandbox.mark_seen(chosen.ids, seen=False)
    return await _done(request, chosen, f"{plural(len(changed), 'message')} marked {'read' if seen else 'unread'}")


async def pin(request: Request) -> Response:
    """Pin them, or let go of them."""
    chosen, fields = await _posted(request)
    is_pinned = fields.get("pinned") == "1"
    changed = await sandbox_of(request).pin(chosen.ids, pinned=is_pinned)
    return await _done(request, chosen, f"{plural(len(changed), 'message')} {'pinned' if is_pinned else 'unpinned'}")


async def tags(request: Request) -> Response:
    """The tags they have, with a field for more: a dialog for htmx, a page for everybody else."""
    return await _tagging(request, await _read(request, request.query_params))


async def tag(request: Request) -> Response:
    """Give them tags, with commas in between, or take one from them."""
    chosen, fields = await _posted(request)
    sandbox, removed = sandbox_of(request), str(fields.get("remove", ""))
    if removed:
        having = (await sandbox.store.tags(chosen.ids)).get(removed, 0)
        await sandbox.remove_tags(chosen.ids, [removed])
        return await _done(request, chosen, f"Tag {removed} removed from {plural(having, 'message')}")
    added = clean_tags(str(fields.get("add", "")).split(","))
    if not added:
        return await _tagging(request, chosen, complaint="Write a tag: letters, digits, blanks and - _ . @")
    changed = await sandbox.add_tags(chosen.ids, added)
    return await _done(request, chosen, f"{plural(len(changed), 'message')} tagged: {', '.join(added)}")


async def delete(request: Request) -> Response:
    """Delete them, which can be taken back for a while; of a place that was chosen as a whole pinned ones stay."""
    chosen, _ = await _posted(request)
    ids, note = chosen.ids, ""
    if chosen.upto:
        kept = set(await ids_of(request, chosen, most=MOST, of_pinned=True))
        ids = [id for id in ids if id not in kept]
        note = f"{plural(len(kept), 'pinned message stays', 'pinned messages stay')}" if kept else ""
    deletion = await sandbox_of(request).delete(ids)
    if not is_fragment(request):
        return RedirectResponse(chosen.place.at("/"), 303)
    if not note and open_message(request) in ids:
        response = await back_to_list(request, deletion)
        response.headers.update({"HX-Retarget": "#pane", "HX-Reswap": "innerHTML"})
        return response
    return await _done(request, chosen, note, deletion)


async def export(request: Request) -> Response:
    """One file of them, oldest first, sent while it is made."""
    chosen, fields = await _posted(request)
    writer = WRITERS.get(str(fields.get("format", "")), WRITERS["zip"])()
    name = f"mailsluice-{datetime.now(UTC):%Y%m%d-%H%M%S}{writer.extension}"
    headers = downloads.headers(writer.media_type, name)
    return StreamingResponse(pieces(sandbox_of(request).store, chosen.ids[::-1], writer), headers=headers)


async def _posted(request: Request) -> tuple[Selection, FormData]:
    fields = await request.form(max_fields=_FIELDS)
    return await _read(request, fields), fields


async def _read(request: Request, fields: FormData | QueryParams) -> Selection:
    chosen = await read_selection(request, fields, most=MOST)
    if not chosen.ids and not chosen.upto:
        raise HTTPException(422, "Choose messages first: tick them in the list.")
    return chosen


async def _tagging(request: Request, chosen: Selection, *, complaint: str = "") -> Response:
    store = sandbox_of(request).store
    having, known = await store.tags(chosen.ids), await store.tags()
    everywhere = {name for name, count in having.items() if count == len(chosen.ids)}
    context = {
        "selection": chosen,
        "having": list(having.items())[:_TAGS_SHOWN],
        "known": [name for name in sorted(known, key=str.lower) if name not in everywhere][:_KNOWN_SHOWN],
        "complaint": complaint,
    }
    headers = {"HX-Retarget": "#modal", "HX-Reswap": "innerHTML"}
    status = 422 if complaint else 200
    return await page(request, "selection/_tagging.html", context, title="Tags", status=status, headers=headers)


async def _done(request: Request, chosen: Selection, text: str, deletion: Deletion | None = None) -> Response:
    """What was done in one line, and a fresh list."""
    if not is_fragment(request):
        return RedirectResponse(chosen.place.at("/"), 303)
    new = deletion.token if deletion and deletion.messages else ""
    context = {"text": text, "deletions": await kept_deletions(request, new=new)}
    response = render(request, "selection/_done.html", context)
    response.headers["HX-Trigger"] = "messages"
    return response


routes: Final[list[BaseRoute]] = [
    Route("/selection/marks", mark, methods=["POST"]),
    Route("/selection/pins", pin, methods=["POST"]),
    Route("/selection/tags", tags),
    Route("/selection/tags", tag, methods=["POST"]),
    Route("/selection/deletion", delete, methods=["POST"]),
    Route("/selection/export", export, methods=["POST"]),
]
