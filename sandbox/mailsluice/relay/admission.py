"""May this release be sent now? Asked anew before each attempt: minutes or days may lie behind the user's yes."""

import asyncio

import msgspec

from mailsluice.errors import Refusal
from mailsluice.relay.allowance import room_for
from mailsluice.relay.journal import Journal
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.retrying import SECOND, given_up
from mailsluice.relay.transaction import examine
from mailsluice.relay.waiting import off_note
from mailsluice.release import Release


class Admission(msgspec.Struct, frozen=True):
    """It may: through this profile, these bytes."""

    profile: Profile
    raw: bytes


async def admit(release: Release, journal: Journal, profiles: Profiles, *, now: int) -> Admission | Release:
    """What to send, or the release as it is now: failed, or waiting until `due`, with the reason in its note."""
    try:
        profile = await asyncio.to_thread(profiles.get, release.profile)
    except Refusal as refusal:  # profiles.toml is being edited
        return _waiting(release, refusal.reason, now=now, due=now + 30 * SECOND)
    if no := lost_way(release, profile):
        return given_up(release, no, now=now)
    assert profile
    if not profile.enabled:
        return _waiting(release, off_note(profile.name), now=now, due=0)
    raw = await journal.source(release.id)
    if raw is None:
        return given_up(release, "The bytes of this release are not kept any more; release the message anew.", now=now)
    try:
        # In a thread: it reads all of a message that may have 35 MB.
        await asyncio.to_thread(examine, profile, raw, sender=release.sender, recipients=release.waiting)
    except Refusal as refusal:
        return given_up(release, refusal.reason, now=now)
    due = await room_for(len(release.waiting), profile, journal=journal, now=now)
    if due is None:
        return given_up(release, _too_many(release, profile), now=now)
    if due > now:
        return _waiting(release, _no_room(profile), now=now, due=due)
    return Admission(profile, raw)


def lost_way(release: Release, profile: Profile | None) -> str:
    """Why the user's yes does not hold for the profile as it is now, or an empty text."""
    if profile is None:
        return f"There is no profile {release.profile} any more; send it again as new, through another one."
    if release.route != profile.binding:
        return (
            f"The profile {release.profile} has another server or account than when this was released; "
            "send it again as new if it may go there."
        )
    return ""


def _waiting(release: Release, note: str, *, now: int, due: int) -> Release:
    if (release.due, release.note) == (due, note):
        return release
    return msgspec.structs.replace(release, changed=now, due=due, note=note)


def _too_many(release: Release, profile: Profile) -> str:
    return (
        f"It has {len(release.waiting):,} recipients, and the profile {profile.name} may mail "
        f"{profile.messages_a_day:,} a day; send it to fewer, or raise the profile's daily limit."
    )


def _no_room(profile: Profile) -> str:
    return (
        f"The profile {profile.name} has reached its limit of {profile.messages_a_day:,} recipients in 24 hours; this "
        "one waits until there is room."
    )
