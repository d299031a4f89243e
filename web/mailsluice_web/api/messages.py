"""Captured mail for programs, as JSON, with what Mailpit's shapes have no room for. Reading needs no token.

    GET /api/sandbox/messages       ?query= &tz= &mailbox= &limit= &before= the `next` of an answer, newest first
                                    {"messages": [MESSAGE, …], "next": null, "matching": 2, "unread": 1, "notes": []}
    GET /api/sandbox/messages/ID    MESSAGE; `latest` is the newest, with ?query=&tz= the newest that it finds
    GET /api/sandbox/mailboxes      {"mailboxes": [{"name", "messages", "unread", "size"}, …], "messages", "unread",
                                    "size"}: each that has messages, and all together
    GET /api/sandbox/tags           {"tags": [{"name", "messages"}, …]}
    GET /api/sandbox/completions    ?field=from &prefix=ad &limit= -> {"completions": ["ada@example.com", …]}

    MESSAGE {"id", "mailbox", "received", "size", "seen", "pinned", "tags": [], "from": ADDRESS, "to": [ADDRESS, …],
             "cc", "bcc", "reply_to", "subject", "snippet", "attachments": 0, "message_id", "envelope_sender",
             "unlisted": ["…"], "user", "session", "code": "",
             "code_confidence": null, "action": null}
    ADDRESS {"name", "address"}

`unlisted` are envelope recipients that no header names, `code` is the one-time code, `code_confidence` how sure that is
(to 1.0; null without a code, and for one of an older version), `action` what a person would follow. Reading marks
nothing as seen. Times are RFC 3339 in UTC. A query that is not understood is answered with 422 and `{"error": "…",
"field": "query", "link": ""}`; `notes` are sentences about words that look like an operator.
"""

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.search import doubts
from mailsluice.search.query import FIELDS
from mailsluice.store import Counts, ListedMessage
from mailsluice_web.api.answers import explained, json_answer
from mailsluice_web.api.dates import utc_time
from mailsluice_web.api.queries import asked, mailbox_named, message_named, whole_number
from mailsluice_web.api.resource import BadRequest, NotFound, Resource
from mailsluice_web.pages.cards import sandbox_of

_ROOT: Final = "/api/sandbox"
_PAGE: Final = 50
_MOST_LISTED: Final = 500
_COMPLETIONS: Final = 10
_MOST_COMPLETIONS: Final = 50
_LONGEST_PREFIX: Final = 200


async def index(request: Request) -> Response:
    """A page of the messages, of a mailbox and a query if they are named."""
    store, query = sandbox_of(request).store, asked(request)
    mailbox = mailbox_named(request.query_params.get("mailbox", ""))
    limit = min(whole_number(request, "limit") or _PAGE, _MOST_LISTED)
    before = whole_number(request, "before")
    if query is None:
        listed = await store.list_messages(limit=limit + 1, before=before, mailbox=mailbox)
        counts = await store.counts(mailbox)
        matching, unread = counts.messages, counts.unread
    else:
        listed = await store.search.find(query, limit=limit + 1, before=before, mailbox=mailbox)
        matching, unread = await store.search.count(query, mailbox=mailbox)
    following = listed[limit - 1].key if len(listed) > limit else None
    numbers = {"next": following, "matching": matching, "unread": unread}
    notes = {"notes": doubts(request.query_params.get("query", ""))}
    return await run_in_threadpool(
        lambda: json_answer({"messages": [told_message(one) for one in listed[:limit]]} | numbers | notes)
    )


async def show(request: Request) -> Response:
    """One message."""
    found = await message_named(request)
    if found is None:
        raise NotFound("There is no such message.")
    return json_answer(told_message(found))


async def mailboxes(request: Request) -> Response:
    """Each mailbox with its numbers."""
    store = sandbox_of(request).store
    found = [{"name": name} | _numbers(counts) for name, counts in await store.mailboxes()]
    return json_answer({"mailboxes": found} | _numbers(await store.counts()))


async def tags(request: Request) -> Response:
    """Each tag with its number of messages."""
    found = sorted((await sandbox_of(request).store.tags()).items())
    return json_answer({"tags": [{"name": name, "messages": messages} for name, messages in found]})


async def completions(request: Request) -> Response:
    """What may stand behind a field of a query, given how it begins."""
    parameters = request.query_params
    field, prefix = parameters.get("field", "").lower(), parameters.get("prefix", "")[:_LONGEST_PREFIX]
    if field not in FIELDS:
        raise BadRequest(f"field: write one of {', '.join(sorted(FIELDS))}.")
    limit = min(whole_number(request, "limit") or _COMPLETIONS, _MOST_COMPLETIONS)
    found = await sandbox_of(request).store.search.complete(field, prefix, limit=limit)
    return json_answer({"completions": found})


def told_message(listed: ListedMessage) -> dict[str, Any]:
    """The message as programs read it."""
    summary = listed.summary
    return {
        "id": listed.id,
        "mailbox": listed.mailbox,
        "received": utc_time(listed.received),
        "size": listed.size,
        "seen": listed.seen,
        "pinned": listed.pinned,
        "tags": listed.tags,
        "from": summary.sender,
        "to": summary.to,
        "cc": summary.cc,
        "bcc": summary.bcc,
        "reply_to": summary.reply_to,
        "subject": summary.subject,
        "snippet": summary.snippet,
        "attachments": summary.attachments,
        "message_id": summary.message_id,
        "envelope_sender": listed.envelope_sender,
        "unlisted": listed.unlisted,
        "user": listed.user,
        "session": listed.session,
        "code": listed.code,
        "code_confidence": listed.code_confidence or None,
        "action": msgspec.json.decode(listed.action) if listed.action else None,
    }


def _numbers(counts: Counts) -> dict[str, int]:
    return {"messages": counts.messages, "unread": counts.unread, "size": counts.size}


routes: Final[list[BaseRoute]] = [
    Route(f"{_ROOT}/messages", Resource(get=explained(index))),
    Route(f"{_ROOT}/messages/{{id}}", Resource(get=explained(show))),
    Route(f"{_ROOT}/mailboxes", Resource(get=explained(mailboxes))),
    Route(f"{_ROOT}/completions", Resource(get=explained(completions))),
]
