"""What bears on a release besides the message itself: password, parking, and the releases before this one."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from mailsluice.relay.ourselves import Recognition
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.profile import Profile
from mailsluice.relay.vault import NONE, Vault
from mailsluice.release import Finding, Release
from mailsluice.releasing.recipients import address_key
from mailsluice.store import Store

_MOST_EARLIER: Final = 200


class Circumstances:
    """Finds what a preflight says beyond bytes, profile and recipients; nothing is dialled."""

    def __init__(self, store: Store, outbox: Outbox, vault: Vault, recognition: Recognition) -> None:
        self._store, self._outbox, self._vault, self._recognition = store, outbox, vault, recognition

    async def of_profile(self, profile: Profile) -> list[Finding]:
        """Those that every release through this profile has."""
        return [finding async for finding in self._of_profile(profile)]

    async def of_message(
        self, message: str, *, id: str, recipients: Sequence[str], copied: Release | None
    ) -> list[Finding]:
        """Those of the release of this id, which may be queued already, and is none of those before it."""
        found = [*_sent_before(copied, recipients)] if copied else []
        earlier = await self._store.journal.list(limit=_MOST_EARLIER, message=message)
        found += _under_way([one for _, one in earlier if one.is_open and one.id != id], recipients)
        return found

    async def _of_profile(self, profile: Profile) -> AsyncIterator[Finding]:
        if await self._recognition.is_ours(profile.host, profile.port):
            text = f"{profile.host}:{profile.port} is this Mailsluice itself, which would only capture the mail again."
            yield Finding("ourselves", "stop", text, "Enter the real mail server in the profile.")
        if profile.user and await self._vault.holder(profile) == NONE:
            text = f"The profile {profile.name} has no password for this server and account."
            yield Finding("no-password", "stop", text, "Enter it under Profiles.")
        if parking := self._outbox.parking(profile.name):
            remedy = "It waits until then." if parking.until else "It waits until you act."
            yield Finding("parked", "warning", parking.verdict.meaning, f"{parking.verdict.remedy} {remedy}")


def _sent_before(copied: Release, recipients: Sequence[str]) -> Iterator[Finding]:
    if not _common(copied, recipients):
        return
    if copied.state == "unknown":
        text = "This may have been sent already: look in Sent first."
        remedy = "Send it again only if it is not there."
        yield Finding("may-have-been-sent", "doubt", text, remedy)
    elif got := _keys(copied.accepted) & _keys(recipients):
        who = "1 recipient has" if len(got) == 1 else f"{len(got):,} recipients have"
        text = f"{who} got this already, by the release that is sent again."
        yield Finding("sent-before", "warning", text, "Send it to the others, unless a second copy is wanted.")


def _under_way(earlier: Sequence[Release], recipients: Sequence[str]) -> Iterator[Finding]:
    if any(_common(one, recipients) for one in earlier):
        text = "A release of this message to the same recipient is under way already."
        yield Finding("under-way", "doubt", text, "Look at its releases before you send another copy.")
    elif earlier:
        text = "A release of this message to somebody else is under way already."
        yield Finding("under-way", "warning", text, "Look at its releases before you send another copy.")


def _common(release: Release, recipients: Sequence[str]) -> bool:
    return bool(_keys([one.address for one in release.recipients]) & _keys(recipients))


def _keys(addresses: Sequence[str]) -> set[str]:
    return set(map(address_key, addresses))
