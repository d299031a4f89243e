"""The dialog in which several messages are looked at and released together, and what stops those that have not gone."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mailsluice.errors import Refusal
from mailsluice.release import Release
from mailsluice.releasing import Batch
from mailsluice.releasing.recipients import own_address
from mailsluice.releasing.releasing import MOST_AT_ONCE
from mailsluice.store.records import ABOVE_ALL_KEYS
from mailsluice_web.folds import fold
from mailsluice_web.pages import releases
from mailsluice_web.pages.batch_form import Typed, need_of, over_quota, read_form, refuse_unseen, seen_of
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.pages.choosing import read_selection
from mailsluice_web.rendering import page, render
from mailsluice_web.shown import INTO_PANE, account
from mailsluice_web.tokens import locked

_BASE: Final = "/selection"
_NONE: Final = "Choose the messages to release first."
_GONE: Final = "These messages were deleted meanwhile."
_QUEUED: Final = "This was released already. What is shown now would be another release: look again."


async def new(request: Request) -> Response:
    """The dialog over the messages that are named, or over all of a place; a page if nobody asked for a dialog."""
    is_standing = request.headers.get("hx-target") != "div#modal"
    try:
        ids = await _chosen(request)
        inner, context, status = await _begin(request, Typed(ids=ids, is_standing=is_standing))
    except Refusal as refusal:
        context = {"base": _BASE, "cancel": "/", "refusal": refusal, "is_standing": is_standing}
        inner, status = "releases/_refused.html", 422
    return await page(request, "releases/_new.html", {**context, "inner": inner}, title="Release", status=status)


async def again(request: Request) -> Response:
    """The preflight for what stands in the form now, with the same stamp."""
    typed = read_form(await request.form())
    try:
        if typed.allow:
            await sandbox_of(request).releasing.allow(typed.profile, typed.allow)
        found = await _preflight(request, typed)
    except Refusal as refusal:
        return await _anew(request, typed, refusal)
    return await _form(request, found, typed)


async def create(request: Request) -> Response:
    """Queue what was shown, all of it and once; whatever is in the way comes back in the form."""
    typed = read_form(await request.form())
    batch = typed.stamp.partition(".")[2]
    earlier = await _releases_of(request, batch)
    if typed.is_queued(earlier):
        return await _progress(request, batch)
    try:
        found = await _preflight(request, msgspec.structs.replace(typed, stamp="") if earlier else typed)
    except Refusal as refusal:
        return await _anew(request, typed, refusal)
    try:
        if earlier:
            raise Refusal(_QUEUED)
        refuse_unseen(found, typed)
        going = found.going(override=typed.override)
        await sandbox_of(request).releasing.release(going, origin="page", override=typed.override, batch=found.id)
    except Refusal as refusal:
        if typed.is_queued(await _releases_of(request, batch)):
            return await _progress(request, batch)  # the same form came twice, and the other was faster
        return await _form(request, found, typed, refusal, status=422)
    return await _progress(request, found.id)


async def cancel(request: Request) -> Response:
    """Stop what has not gone, the last first, as the first are sent meanwhile."""
    batch, sandbox = request.path_params["batch"], sandbox_of(request)
    for release in await _releases_of(request, batch):
        if release.state in ("queued", "deferred"):
            with suppress(Refusal):  # it is on its way by now, as the list shows
                await sandbox.outbox.cancel(release.id)
    response = await releases.show_all(request, releases.Filter(batch=batch))
    response.headers["HX-Trigger"] = "messages"
    return response


async def _chosen(request: Request) -> tuple[str, ...]:
    """The ids, oldest first; Refusal if they are none or too many."""
    newest = ABOVE_ALL_KEYS - 1
    chosen = await read_selection(request, request.query_params, most=MOST_AT_ONCE + 1, newest=newest)
    if len(chosen.ids) > MOST_AT_ONCE:
        raise Refusal(f"More than {MOST_AT_ONCE} messages are chosen, and at most {MOST_AT_ONCE} are released at once.")
    if not chosen.ids:
        raise Refusal(_NONE)
    return tuple(reversed(chosen.ids))


async def _begin(request: Request, typed: Typed, refusal: Refusal | None = None) -> tuple[str, dict[str, Any], int]:
    """What the dialog begins with: the form, or the way to a profile; Refusal if there is nothing to release."""
    profiles = await asyncio.to_thread(sandbox_of(request).profiles.list)
    if not profiles:
        return "releases/_none.html", {"base": _BASE, "cancel": "/", "is_standing": typed.is_standing}, 200
    # Without a default profile it begins with the first; the form offers the others.
    name = next((one.name for one in profiles if one.default), profiles[0].name)
    typed = msgspec.structs.replace(typed, profile=name)
    found = await _preflight(request, typed)
    return "releases/_batch.html", await _context(request, found, typed, refusal), 422 if refusal else 200


async def _anew(request: Request, typed: Typed, refusal: Refusal) -> Response:
    """The profile or the messages are gone: the dialog begins anew and says so, or says that it cannot."""
    blank = Typed(ids=typed.ids, whom=typed.whom, to=typed.to, is_standing=typed.is_standing)
    try:
        inner, context, status = await _begin(request, blank, refusal)
    except Refusal as why:
        context = {"base": _BASE, "cancel": "/", "refusal": why, "is_standing": typed.is_standing}
        inner, status = "releases/_refused.html", 422
    return render(request, inner, context, status=status)


async def _preflight(request: Request, typed: Typed) -> Batch:
    found = await sandbox_of(request).releasing.preflight_batch(typed.ids, typed.wishes)
    if not found.preflights:
        raise Refusal(_GONE if typed.ids else _NONE)
    return found


async def _form(
    request: Request, found: Batch, typed: Typed, refusal: Refusal | None = None, *, status: int = 200
) -> Response:
    return render(request, "releases/_batch.html", await _context(request, found, typed, refusal), status=status)


async def _context(request: Request, found: Batch, typed: Typed, refusal: Refusal | None = None) -> dict[str, Any]:
    profiles = await asyncio.to_thread(sandbox_of(request).profiles.list)
    going = found.going(override=typed.override)
    shown = msgspec.structs.replace(
        typed, ids=tuple(one.message for one in found.preflights), profile=found.profile.name
    )
    changes = fold(going, "change", "note")
    return {
        "base": _BASE,
        "cancel": "/",
        "is_standing": typed.is_standing,
        "batch": found,
        "own": own_address(found.profile),
        "typed": shown,
        "refusal": refusal,
        "profiles": [one for one in profiles if one.enabled or one.name == found.profile.name],
        "going": going,
        "captured": len({address for one in found.preflights for address in one.captured}),
        "receivers": sorted(Counter(address for one in going for address in one.recipients).items()),
        "need": need_of(going),
        "size": sum(len(one.raw) for one in going),
        "over_quota": over_quota(found, going),
        "stops": fold(found.stopped, "stop"),
        "doubts": fold(found.doubtful, "doubt"),
        "warnings": fold(going, "warning"),
        "changes": [one for one in changes if not one.is_constant],
        "constant": [one for one in changes if one.is_constant],
        "account": account(found.profile),
        "seen": msgspec.json.encode(seen_of(found, going)).decode(),
    }


async def _releases_of(request: Request, batch: str) -> list[Release]:
    """Those that were queued by this stamp already, newest first."""
    found = await sandbox_of(request).store.journal.list(limit=0, batch=batch) if batch else []
    return [release for _, release in found]


async def _progress(request: Request, batch: str) -> Response:
    """How far they have come, in the place of whatever the dialog stood over."""
    wanted = releases.Filter(batch=batch)
    response = await releases.show_all(request, wanted)
    response.headers.update({**INTO_PANE, "HX-Push-Url": wanted.address(), "HX-Trigger": "messages"})
    return response


routes: Final[list[BaseRoute]] = [
    locked("/selection/releases/new", new),
    locked("/selection/preflights", again, methods=["POST"]),
    locked("/selection/releases", create, methods=["POST"]),
    locked("/selection/releases/{batch}/cancellation", cancel, methods=["POST"]),
]
