"""A program that releases one message and dies where it is told to: run by the tests that kill it.

Arguments: folder, port, CA file, id, and `before N` or `after N` (the Nth write to the journal), or `never 0`.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from mailsluice.capture import now
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.release import RecipientReply, Release
from mailsluice.store import open_store
from mailsluice.store.journal import Journal
from tests.outbox.workplace import RAW
from tests.smarthost import SECRET, USER, loopback


class DeadlyJournal(Journal):
    """Kills the program at a write."""

    deadly: tuple[str, int] = ("never", 0)
    writes = 0

    async def update(self, release: Release, *, sent: int = 0) -> None:
        type(self).writes += 1
        if self.deadly == ("before", self.writes):
            os.kill(os.getpid(), signal.SIGKILL)
        await super().update(release, sent=sent)
        if self.deadly == ("after", self.writes):
            os.kill(os.getpid(), signal.SIGKILL)


async def work(folder: Path, port: int, ca_file: str, id: str) -> None:
    """Queue the release if it is not there, then wait until it has ended."""
    profile = Profile(name="work", host="smtp.gmail.com", port=port, ca_file=ca_file, user=USER, allow=("*@*",))
    profiles, vault = Profiles(folder), Vault(folder, {})
    if profiles.get("work") is None:
        profile = profiles.save(profile, by_hand=True)
        await vault.keep(profile, SECRET)
    profile = profiles.get("work") or profile
    draft = Release(
        id=id,
        message="m",
        profile="work",
        route=profile.binding,
        created=now(),
        changed=now(),
        sender=USER,
        recipients=(RecipientReply("bob@example.com"), RecipientReply("eve@example.com")),
        size=len(RAW),
    )
    async with open_store(folder / "mail.db") as store:
        journal: Any = DeadlyJournal(store.journal._writer, store.journal._readers)
        async with Outbox(journal, profiles, vault, turns=Turns(), resolver=loopback) as outbox:
            await outbox.add([(draft, RAW)])
            (release,) = await outbox.wait([id], seconds=30)
            print(release.state, *release.accepted)


if __name__ == "__main__":
    folder, port, ca_file, id, when, number = sys.argv[1:]
    DeadlyJournal.deadly = (when, int(number))
    asyncio.run(work(Path(folder), int(port), ca_file, id))
