"""How much of a day's limit a profile has left, by the ledger of what was sent."""

from collections.abc import Sequence
from typing import Final

from mailsluice.relay.journal import Journal
from mailsluice.relay.profile import Profile
from mailsluice.release import Quota

DAY: Final = 86_400_000_000


async def quota_of(profile: Profile, *, journal: Journal, now: int) -> Quota:
    """What left through this profile in the 24 hours before now (microseconds UTC), and its limit."""
    sent = await journal.sent_since(profile.name, now - DAY)
    return Quota(sum(recipients for _, recipients in sent), profile.messages_a_day)


async def room_for(recipients: int, profile: Profile, *, journal: Journal, now: int) -> int | None:
    """When the day's limit has room for so many: 0 for now, None for never."""
    limit = profile.messages_a_day
    if not limit:
        return 0
    return frees_at(await journal.sent_since(profile.name, now - DAY), need=recipients, limit=limit)


def frees_at(sent: Sequence[tuple[int, int]], *, need: int, limit: int) -> int | None:
    """When enough of `sent` (times and recipients, oldest first) is a day old; 0 if there is room, None for never."""
    if need > limit:
        return None
    used, due = sum(recipients for _, recipients in sent), 0
    for time, recipients in sent:
        if used + need <= limit:
            break
        used, due = used - recipients, time + DAY
    return due
