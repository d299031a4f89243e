"""What programs change about captured mail, as JSON: tags, pins, marks, and deletions that can be taken back.

    GET    /api/sandbox/tags                        {"tags": [{"name", "messages"}, …]}
    PUT    /api/sandbox/tags                        {CHOICE, "add": ["new"], "remove": ["old"]} -> 204
    PUT    /api/sandbox/pins                        {CHOICE, "pinned": true} -> 204
    PUT    /api/sandbox/marks                       {CHOICE, "seen": true} -> 204
    POST   /api/sandbox/deletions                   {CHOICE, "pinned": false} -> 201 DELETION
    POST   /api/sandbox/deletions/TOKEN/undoing     brings it all back, within ten seconds -> {"messages": 3}
    DELETE /api/sandbox/mailboxes/NAME[?pinned=1]   its messages -> DELETION

    CHOICE     one of "ids": ["4oRB…"], "query": "from:ada" (also with a "mailbox"), "mailbox": "shop", "all": true
    DELETION   {"token", "messages": 3, "until": "2026-07-20T12:00:10Z"}; without messages token and until are empty

Dates of a query are meant in the zone of `?tz=Europe/Berlin`, else in the server's. A pinned message stays when a
mailbox or all is deleted, unless `pinned` says otherwise; named by id or found by a query it goes. Ids that are not
there are passed over. What cannot be done is answered with 400, 404 or 422, `{"error": "…", "field": "query", "link":
""}`, and changes nothing. None of this needs the token.
"""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.search import Query
from mailsluice.store.records import Deletion
from mailsluice.tagging import MOST, clean_tag
from mailsluice_web.api.answers import explained, json_answer
from mailsluice_web.api.dates import utc_time
from mailsluice_web.api.messages import tags
from mailsluice_web.api.queries import is_id, mailbox_named, understood
from mailsluice_web.api.resource import BadRequest, NotFound, Resource
from mailsluice_web.pages.cards import sandbox_of

_ROOT: Final = "/api/sandbox"
_NOTHING: Final = "Nothing was changed."


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages, as a program writes it."""

    ids: list[str] | None = None
    query: str | None = None
    mailbox: str | None = None
    all: bool = False


class Tagging(Choice, frozen=True, kw_only=True):
    """Which tags they get and lose."""

    add: list[str] = []
    remove: list[str] = []


class Pinning(Choice, frozen=True, kw_only=True):
    """Whether they are pinned or let go."""

    pinned: bool


class Marking(Choice, frozen=True, kw_only=True):
    """Whether they count as seen."""

    seen: bool


class Deleting(Choice, frozen=True, kw_only=True):
    """Whether pinned messages of a mailbox, or among all, go too."""

    pinned: bool = False


async def tag(request: Request) -> Response:
    """Add and remove tags; the others stay."""
    wanted = msgspec.json.decode(await request.body(), type=Tagging)
    for name in (*wanted.add, *wanted.remove):
        if not clean_tag(name):
            raise BadRequest(f"No tag can have the name {name[:60]!r}. {_NOTHING}")
    if not 0 < len(wanted.add) + len(wanted.remove) <= MOST:
        raise BadRequest(f"Name tags to add or to remove, at most {MOST}. {_NOTHING}")
    ids, sandbox = await _ids(request, wanted), sandbox_of(request)
    if ids and wanted.remove:
        await sandbox.remove_tags(ids, wanted.remove)
    if ids and wanted.add:
        await sandbox.add_tags(ids, wanted.add)
    return Response(status_code=204)


async def pin(request: Request) -> Response:
    """Pin messages, or let go of them."""
    wanted = msgspec.json.decode(await request.body(), type=Pinning)
    ids = await _ids(request, wanted)
    if ids:
        await sandbox_of(request).pin(ids, pinned=wanted.pinned)
    return Response(status_code=204)


async def mark(request: Request) -> Response:
    """Mark messages as seen or unseen."""
    wanted = msgspec.json.decode(await request.body(), type=Marking)
    ids, mailbox = await _chosen(request, wanted)
    await sandbox_of(request).mark_seen(ids, seen=wanted.seen, mailbox=mailbox)
    return Response(status_code=204)


async def delete(request: Request) -> Response:
    """Delete messages; they can be taken back for ten seconds."""
    wanted = msgspec.json.decode(await request.body(), type=Deleting)
    ids, mailbox = await _chosen(request, wanted)
    deletion = await sandbox_of(request).delete(ids, mailbox=mailbox, pinned=wanted.pinned)
    return json_answer(_told(deletion), status=201)


async def clear(request: Request) -> Response:
    """Delete what a mailbox holds."""
    mailbox, pinned = mailbox_named(str(request.path_params["name"])), request.query_params.get("pinned", "")
    if pinned not in ("", "0", "1"):
        raise BadRequest("pinned: write 1 to delete pinned messages too, or leave it out.")
    deletion = await sandbox_of(request).delete(None, mailbox=mailbox, pinned=pinned == "1")
    return json_answer(_told(deletion))


async def undo(request: Request) -> Response:
    """Bring back what was deleted together."""
    found = await sandbox_of(request).undo(str(request.path_params["token"]))
    if not found:
        raise NotFound("There is no such deletion that can still be taken back: after ten seconds it is final.")
    return json_answer({"messages": sum(deletion.messages for deletion in found)})


async def _chosen(request: Request, choice: Choice) -> tuple[list[str] | None, str]:
    """Ids, or None with the mailbox whose messages are meant: an empty one for all."""
    by_search = choice.query is not None or choice.mailbox is not None
    if [choice.ids is not None, by_search, choice.all].count(True) != 1:
        raise BadRequest(f"Name the messages in one way: ids, a query, a mailbox, or all. {_NOTHING}")
    if choice.ids is not None:
        return [id for id in dict.fromkeys(choice.ids) if is_id(id)], ""
    mailbox = "" if choice.mailbox is None else mailbox_named(choice.mailbox or " ")
    if choice.query is None:
        return None, mailbox
    if not choice.query.strip():
        raise BadRequest(f"The query is blank. {_NOTHING}")
    query = understood(choice.query, zone=request.query_params.get("tz", ""), outcome=_NOTHING)
    return await sandbox_of(request).store.search.ids(query, mailbox=mailbox), ""


async def _ids(request: Request, choice: Choice) -> list[str]:
    ids, mailbox = await _chosen(request, choice)
    return await sandbox_of(request).store.search.ids(Query(), mailbox=mailbox) if ids is None else ids


def _told(deletion: Deletion) -> dict[str, Any]:
    return {
        "token": deletion.token if deletion.messages else "",
        "messages": deletion.messages,
        "until": utc_time(deletion.until) if deletion.messages else "",
    }


routes: Final[list[BaseRoute]] = [
    Route(f"{_ROOT}/tags", Resource(get=explained(tags), put=explained(tag))),
    Route(f"{_ROOT}/pins", Resource(put=explained(pin))),
    Route(f"{_ROOT}/marks", Resource(put=explained(mark))),
    Route(f"{_ROOT}/deletions", Resource(post=explained(delete))),
    Route(f"{_ROOT}/deletions/{{token}}/undoing", Resource(post=explained(undo))),
    Route(f"{_ROOT}/mailboxes/{{name}}", Resource(delete=explained(clear))),
]
