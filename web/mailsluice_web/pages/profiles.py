"""Profiles: the accounts through which mail may leave. Their list, one of them, its state, its removal."""

import asyncio
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal
from mailsluice.gmail.presets import PRESETS
from mailsluice.relay.profile import Profile
from mailsluice_web.pages.cards import card_of, checks_of, profile_of, sandbox_of
from mailsluice_web.pages.mails import blank_mail, identities
from mailsluice_web.rendering import page
from mailsluice_web.saving import remove_profile


async def profiles(request: Request) -> Response:
    """All of them, or where to begin."""
    try:
        found, complaint = await asyncio.to_thread(sandbox_of(request).profiles.list), ""
    except Refusal as refusal:
        found, complaint = [], refusal.reason
    cards = [await card_of(request, profile) for profile in found]
    context = {"cards": cards, "complaint": complaint, "presets": PRESETS.values()}
    return await page(request, "profiles/_profiles.html", context, title="Profiles")


async def profile(request: Request) -> Response:
    """One profile, with its newest test and a form for a test mail."""
    return await show(request, await profile_of(request))


async def mark(request: Request) -> Response:
    """Enable or disable it, or make it the default."""
    found = await profile_of(request)
    form = await request.form()
    changes: dict[str, Any] = {}
    if form.get("default") == "1":
        changes["default"] = True
    if form.get("enabled") in ("0", "1"):
        changes["enabled"] = form.get("enabled") == "1"
    changed = msgspec.structs.replace(found, **changes)
    saved = await asyncio.to_thread(sandbox_of(request).profiles.save, changed, old_name=found.name)
    return await show(request, saved)


async def confirm_removal(request: Request) -> Response:
    """Ask before a profile is removed."""
    return await page(request, "profiles/_removal.html", {"profile": await profile_of(request)}, title="Remove")


async def remove(request: Request) -> Response:
    """Remove the profile and destroy its password."""
    await remove_profile(sandbox_of(request), checks_of(request), await profile_of(request))
    response = await profiles(request)
    response.headers["HX-Push-Url"] = "/profiles"
    return response


async def show(request: Request, found: Profile, *, is_new_address: bool = False) -> Response:
    """A profile's page; with a new address, the browser is told to show that."""
    card = await card_of(request, found)
    context = {
        "card": card,
        "profile": found,
        "check": card.check,
        "mail": blank_mail(found),
        "identities": identities(found),
        "outcome": None,
    }
    headers = {"HX-Push-Url": f"/profiles/{quote(found.name, safe='')}"} if is_new_address else None
    return await page(request, "profiles/_profile.html", context, title=found.name, headers=headers)


async def refused(request: Request, error: Exception) -> Response:
    """Our own no where no form can show it, such as a file that cannot be read."""
    assert isinstance(error, Refusal)
    context = {"heading": "Not possible", "text": error.reason}
    return await page(request, "profiles/_refused.html", context, title="Not possible", status=422)
