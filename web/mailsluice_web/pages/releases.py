"""Releases as they stand and as they went: all of them, those of a message, one with everything known about it."""

import asyncio
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.release import Parking, Release
from mailsluice_web import downloads
from mailsluice_web.outcomes import STATES
from mailsluice_web.pages import messages
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.progress import Progress
from mailsluice_web.rendering import page, render
from mailsluice_web.tokens import is_unlocked

_PAGE: Final = 50


class Filter(msgspec.Struct, frozen=True):
    """Which releases are listed; an empty text stands for all. Those of a `batch` were asked for together."""

    state: str = ""
    profile: str = ""
    batch: str = ""
    before: int | None = None

    def address(self, **changes: Any) -> str:
        """The page with these changes to the filter, from the newest on unless they say otherwise."""
        wanted = {"state": self.state, "profile": self.profile, "batch": self.batch} | changes
        query = urlencode({name: value for name, value in wanted.items() if value})
        return "/releases" + (f"?{query}" if query else "")


async def releases(request: Request) -> Response:
    """A page of them, newest first; only the list itself when the open page asks for it again."""
    return await show_all(request, _filter(request))


async def show_all(request: Request, wanted: Filter) -> Response:
    """The same of the releases that are wanted; of a batch with how far it has come."""
    journal = sandbox_of(request).store.journal
    found, states = await asyncio.gather(
        journal.list(
            limit=_PAGE + 1, before=wanted.before, profile=wanted.profile, state=wanted.state, batch=wanted.batch
        ),
        journal.states(wanted.batch),
    )
    shown = [release for _, release in found[:_PAGE]]
    context = {
        "filter": wanted,
        "progress": Progress(wanted.batch, states) if wanted.batch and states else None,
        "releases": shown,
        "older": found[_PAGE - 1][0] if len(found) > _PAGE else None,
        "states": {state: (word, states[state]) for state, word in STATES.items() if states.get(state)},
        "total": sum(states.values()),
        "profiles": await _profiles(request, shown, wanted),
        "parked": await _parked(request),
    }
    if request.headers.get("hx-target") == "div#releases":
        return render(request, "releases/_list.html", context)
    return await page(request, "releases/_releases.html", context, title="Releases")


async def of_message(request: Request) -> Response:
    """The releases of one message: its view of that name, or only the list when the open page asks for it again."""
    sandbox = sandbox_of(request)
    if request.headers.get("hx-target") != "ol#message-releases":
        return await messages.show(request, view="releases")
    listed = await sandbox.store.get(request.path_params["id"])
    if listed is None:
        return Response(status_code=204)
    found = await messages.releases_of(sandbox, listed.id)
    context = {"releases": found, "message": listed, "released": await sandbox.store.journal.count_of(listed.id)}
    return render(request, "releases/_cards.html", context)


async def release(request: Request) -> Response:
    """One release with all that is known about it."""
    return await show(request, request.path_params["id"])


async def show(request: Request, id: str, *, problem: str | None = None) -> Response:
    """The record of this release; `problem` is why what was asked could not be done, empty if it was."""
    sandbox = sandbox_of(request)
    found = await sandbox.store.journal.get(id)
    if found is None:
        raise HTTPException(404, "There is no such release, or its record is not kept any more.")
    message = await sandbox.store.get(found.message)
    context = {
        "release": found,
        "message": message if message and message.id == found.message else None,
        "parking": sandbox.outbox.parking(found.profile) if found.is_open or found.state == "failed" else None,
        "problem": problem,
    }
    title = found.subject.strip() or messages.NO_SUBJECT
    return await page(request, "releases/_record.html", context, title=title, status=422 if problem else 200)


async def source(request: Request) -> Response:
    """The exact bytes that went, or go, as a download."""
    journal, id = sandbox_of(request).store.journal, request.path_params["id"]
    found, raw = await asyncio.gather(journal.get(id), journal.source(id))
    if found is None or raw is None:
        raise HTTPException(404, "The bytes of this release are not kept any more.")
    return eml(raw, found.subject)


def eml(raw: bytes, subject: str) -> Response:
    """A message as a download, named after its subject."""
    name = downloads.safe_name(f"{subject[:80]}.eml" if subject.strip() else "", fallback="message.eml")
    return Response(raw, headers=downloads.headers("message/rfc822", name))


def _filter(request: Request) -> Filter:
    query = request.query_params
    before = query.get("before", "")
    is_key = before.isascii() and before.isdigit() and len(before) < 19
    state = query.get("state", "")
    return Filter(
        state=state if state in STATES else "",
        profile=query.get("profile", "")[:200],
        batch=query.get("batch", "")[:22],
        before=int(before) if is_key else None,
    )


async def _profiles(request: Request, shown: list[Release], wanted: Filter) -> list[str]:
    """The profiles to choose from: those of the releases shown, and all of them for who may see profiles."""
    names = {release.profile for release in shown} | ({wanted.profile} if wanted.profile else set())
    if is_unlocked(request):
        names |= {profile.name for profile in await asyncio.to_thread(sandbox_of(request).profiles.list)}
    return sorted(names)


async def _parked(request: Request) -> dict[str, Parking]:
    """The profiles that are not dialled for a while, and why."""
    return await sandbox_of(request).outbox.parkings()
