"""Lists in Mailpit's shape: a page of all messages, and of those that a search finds."""

from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.sandbox import Sandbox
from mailsluice.search import Query
from mailsluice.store import ListedMessage
from mailsluice_web.api import shapes
from mailsluice_web.api.dates import parse_date
from mailsluice_web.api.gojson import encode
from mailsluice_web.api.queries import asked, number, older
from mailsluice_web.api.resource import BadRequest, Resource, text

_PAGE: Final = 50
_NO_QUERY: Final = "Error: no search query"


async def list_messages(request: Request) -> Response:
    """A page of the list, newest first; `limit=0` is all, `before` a date, exclusive."""
    store = _sandbox(request).store
    start, limit, before = _stretch(request)
    listed = await store.list_messages(limit=limit, offset=start, received_before=before)
    return await _page(request, listed, start=start)


async def search(request: Request) -> Response:
    """A page of what `query` finds, newest first; `limit=0` only counts, and so far as `before` allows."""
    found = _sandbox(request).store.search
    start, limit, before = _stretch(request)
    query = older(_query(request), before)
    listed, *matching = await found.page(query, limit=limit, offset=start)
    return await _page(request, listed, start=start, matching=(matching[0], matching[1]))


async def delete_search(request: Request) -> Response:
    """Delete what `query` finds; pinned messages too, since the query names them."""
    given = request.query_params.get("before", "").strip()
    before = parse_date(given)
    if given and before is None:
        raise BadRequest("before: write a date such as 2026-07-01. Nothing was deleted.")
    sandbox = _sandbox(request)
    ids = await sandbox.store.search.ids(older(_query(request, outcome="Nothing was deleted."), before))
    if ids:
        await sandbox.delete(ids)
    return text("ok")


def _sandbox(request: Request) -> Sandbox:
    sandbox: Sandbox = request.state.sandbox
    return sandbox


def _query(request: Request, *, outcome: str = "") -> Query:
    query = asked(request, outcome=outcome)
    if query is None:
        raise BadRequest(_NO_QUERY)
    return query


def _stretch(request: Request) -> tuple[int, int, int | None]:
    """Which page: `start`, `limit`, and the moment before which."""
    parameters = request.query_params
    limit = number(parameters.get("limit", ""), default=_PAGE)
    return (
        max(number(parameters.get("start", ""), default=0), 0),
        _PAGE if limit < 0 else limit,
        parse_date(parameters.get("before", "")),
    )


async def _page(
    request: Request, listed: Sequence[ListedMessage], *, start: int, matching: tuple[int, int] | None = None
) -> Response:
    """The page with the counts of the whole and, after a search, of all that match."""
    store = _sandbox(request).store
    counts, tags = await store.counts(), sorted(await store.tags())
    messages, unread = matching or (counts.messages, counts.unread)

    def encoded() -> bytes:
        return encode(
            shapes.MessagesSummary(
                total=counts.messages,
                unread=counts.unread,
                count=len(listed),
                messages_count=messages,
                messages_unread=unread,
                start=start,
                tags=tags,
                messages=[shapes.message_summary(one) for one in listed],
            )
        )

    return Response(await run_in_threadpool(encoded), headers={"Content-Type": "application/json"})


routes: Final[list[BaseRoute]] = [Route("/api/v1/search", Resource(get=search, delete=delete_search))]
