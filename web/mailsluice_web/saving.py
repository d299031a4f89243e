"""Profiles written by page and API alike: the profile, its password, and what its tests said, kept in step."""

import asyncio
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.gmail.passwords import normalize_app_password
from mailsluice.relay.profile import Profile
from mailsluice.relay.secret import Secret
from mailsluice.sandbox import Sandbox
from mailsluice_web.checking import Checks

_RESERVED: Final = frozenset({"new"})


def read_password(text: str, *, preset: str) -> Secret | None:
    """The password that was typed, tidied; None for an empty field, Refusal for what cannot be one."""
    if not text.strip():
        return None
    try:
        return Secret(normalize_app_password(text, preset=preset))
    except Refusal as refusal:
        raise Refusal(refusal.reason, field="password", link=refusal.link) from None


async def save_profile(
    sandbox: Sandbox, checks: Checks, draft: Profile, *, old: Profile | None = None, secret: Secret | None = None
) -> Profile:
    """Write a new profile, or `old` anew, with the password if one was given; the profile as it was saved.

    A password that was stored for another server or account is destroyed: it would be of no use, and asked for again.
    """
    await _check_name(sandbox, draft, old)
    saved = await asyncio.to_thread(sandbox.profiles.save, draft, old_name=old.name if old else "")
    checks.forget(old.name if old else saved.name)
    if secret:
        await _keep(sandbox, saved, secret, is_new=old is None)
    if old and not secret and old.binding != saved.binding:
        await sandbox.vault.forget(old)
    elif old and not secret and old.name != saved.name:
        await sandbox.vault.rename(old.name, saved)
    elif old and old.name != saved.name:
        await sandbox.vault.forget(old)
    await sandbox.reconsider(saved.name)
    return saved


async def remove_profile(sandbox: Sandbox, checks: Checks, profile: Profile) -> None:
    """Destroy the password, then the profile."""
    await sandbox.vault.forget(profile)
    await asyncio.to_thread(sandbox.profiles.remove, profile.name)
    checks.forget(profile.name)
    await sandbox.outbox.resume(profile.name)  # what waits for it is told that there is no such profile any more


async def _keep(sandbox: Sandbox, saved: Profile, secret: Secret, *, is_new: bool) -> None:
    try:
        await sandbox.vault.keep(saved, secret)
    except Refusal as refusal:
        if is_new:
            # The form comes back; what it made must not be in its way.
            await asyncio.to_thread(sandbox.profiles.remove, saved.name)
        raise Refusal(refusal.reason, field="password", link=refusal.link) from refusal


async def _check_name(sandbox: Sandbox, draft: Profile, old: Profile | None) -> None:
    if draft.name.casefold() in _RESERVED:
        raise Refusal(f"“{draft.name}” means something else here: choose another name.", field="name")
    namesake = await asyncio.to_thread(sandbox.profiles.get, draft.name)
    if namesake and (old is None or old.name != draft.name):
        raise Refusal(f"There is a profile called “{draft.name}” already.", field="name")
