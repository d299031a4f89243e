"""The outbox: the durable queue of releases, one lane for each profile."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from mailsluice.capture import now
from mailsluice.errors import Refusal, StoreError
from mailsluice.relay.admission import lost_way
from mailsluice.relay.allowance import quota_of
from mailsluice.relay.asking import cancelled, retried, settled
from mailsluice.relay.journal import Journal
from mailsluice.relay.lane import Lane
from mailsluice.relay.mailboxes import without_addresses
from mailsluice.relay.ourselves import avoiding
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.retrying import SECOND, recover
from mailsluice.relay.surroundings import Pause, Surroundings
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault
from mailsluice.relay.walk import PATIENCE, Patience
from mailsluice.release import Parking, Quota, Release

__all__ = ["Journal", "Outbox"]

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_MOST_OPEN: Final = 10_000
_ANSWER_SECONDS: Final = 5.0
_SOON: Final = 5 * SECOND


async def _pause(event: asyncio.Event, seconds: float | None) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Outbox:
    """Sends what is queued, while it is entered: each profile's mail one after the other, the profiles side by side.

    A release is recorded before anything is dialled, again before the final dot, and when the answer came. So whatever
    ends the program, the next start knows what was not sent (and sends it), and what may have been (and leaves it to
    the user). Leaving drops what has not come to the final dot, and waits 5 s for the answers to what has.

    `on_changed` hears of each change after it was recorded; `own_addresses` are where this program listens, in the
    words of the listener. `clock` is microseconds UTC; `pause` waits for an event, at most so many seconds. Every
    method raises Refusal where a release's state does not allow it, and StoreError when nothing could be recorded.
    """

    def __init__(
        self,
        journal: Journal,
        profiles: Profiles,
        vault: Vault,
        *,
        turns: Turns,
        on_changed: Callable[[Release], None] = lambda release: None,
        own_addresses: Callable[[], Sequence[str]] = lambda: (),
        resolver: Resolver = resolve,
        clock: Callable[[], int] = now,
        patience: Patience = PATIENCE,
        pause: Pause = _pause,
    ) -> None:
        self._journal, self._profiles, self._on_changed, self._clock = journal, profiles, on_changed, clock
        self._around = Surroundings(
            journal, profiles, vault, turns, avoiding(resolver, own_addresses), clock, patience, pause, self._tell
        )
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._adding = asyncio.Lock()
        self._asked: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Event()
        self._parkings: dict[str, Parking] = {}
        self._closing = False

    async def __aenter__(self) -> Self:
        self._parkings = await self._journal.parkings()
        for name in await self._gone(self._parkings):
            with suppress(StoreError):
                await self._journal.park(name, None)
            del self._parkings[name]
        found = []
        for release in await self._journal.open():
            current = recover(release, now=self._clock())
            if current != release:
                await self._journal.update(current)
                self._tell(current)
            found.append(current)
        for release in found:
            if release.is_open:
                self._lane(release.profile).take(release)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        if self._asked:
            await asyncio.wait(self._asked, timeout=_ANSWER_SECONDS)
        for task in list(self._asked):
            task.cancel()
        for lane, task in self._lanes.values():
            lane.close()
            if not lane.is_past_dot:
                task.cancel()
        tasks = [task for _, task in self._lanes.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=_ANSWER_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tell(None)

    async def add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        """Queue releases, all or none, durably; one whose id is known already comes back as it stands."""
        return await self._wholly(self._add(drafts))

    async def cancel(self, id: str) -> Release:
        """Stop a release that waits."""
        return await self._wholly(self._change(id, cancelled))

    async def retry(self, id: str) -> Release:
        """Send to those who have not got it, on the user's word: at once, unless the profile is parked until a time.

        A parking until the user acts ends; of the others only `resume` is the end.
        """
        return await self._wholly(self._retry(id))

    async def settle(self, id: str) -> Release:
        """The user found it in Sent: an unknown outcome becomes delivered."""
        return await self._wholly(self._change(id, settled))

    async def resume(self, profile: str) -> None:
        """End the parking of a profile: what waits is tried now. For after a change of the profile or a passed test."""
        if profile in self._lanes or profile in self._parkings:
            await self._wholly(self._lane(profile).resume())

    async def reconsider(self, profile: str) -> None:
        """Let go on what waits for the user to change the profile or its password, or to pass a test: that was done."""
        if profile in self._lanes or profile in self._parkings:
            await self._wholly(self._lane(profile).reconsider())

    async def parkings(self) -> dict[str, Parking]:
        """Every profile that is not dialled at the moment, and why; those that are gone are forgotten."""
        parked = await self._journal.parkings()
        for name in await self._gone(parked):
            with suppress(StoreError, Refusal):
                await self.resume(name)
            self._parkings.pop(name, None)
        return {name: parking for name in parked if (parking := self.parking(name))}

    def parking(self, profile: str) -> Parking | None:
        """Why this profile is not dialled at the moment, None if it is."""
        if profile in self._lanes:
            return self._lanes[profile][0].parking
        return Lane(profile, self._around, self._parkings.get(profile)).parking

    async def quota(self, profile: Profile) -> Quota:
        """How much of the day's limit is used."""
        return await quota_of(profile, journal=self._journal, now=self._clock())

    async def wait(self, ids: Sequence[str], *, seconds: float) -> list[Release]:
        """The records, once none of them is being sent or about to be, or when the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._closing and any(map(self._is_imminent, ids)):
                    await self._news.wait()
        found = [await self._record(id) for id in ids]
        return [release for release in found if release]

    async def _add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        async with self._adding:
            known = {draft.id for draft, _ in drafts if await self._record(draft.id)}
            fresh = {draft.id for draft, _ in drafts} - known
            self._make_room(len(fresh))
            kept = await self._journal.add(drafts)
            for release in kept:
                if release.id in fresh and release.is_open:
                    fresh.discard(release.id)
                    self._lane(release.profile).take(release)
                    self._tell(release)
            return kept

    async def _change(self, id: str, step: Callable[..., Release]) -> Release:
        lane = self._lane((await self._existing(id)).profile)
        async with lane.lock:
            before = await self._existing(id)
            after = step(before, now=self._clock())
            await lane.change(after, sent=len(after.accepted) - len(before.accepted))
            return after

    async def _retry(self, id: str) -> Release:
        lane = self._lane((await self._existing(id)).profile)
        async with lane.lock:
            before = await self._existing(id)
            after = retried(before, now=self._clock())
            if no := lost_way(after, await asyncio.to_thread(self._profiles.get, after.profile)):
                raise Refusal(no, field="profile")
            if not before.is_open:
                self._make_room(1)
                if await self._journal.source(id) is None:
                    raise Refusal("The bytes of this release are not kept any more; release the message anew.")
            await lane.change(after)
        parking = lane.parking
        if parking and parking.until:
            await lane.announce()
        else:
            await lane.resume()
        return await self._existing(id)

    async def _gone(self, parked: Iterable[str]) -> list[str]:
        """Those of the profiles that do not exist any more."""
        try:
            known = {one.name for one in await asyncio.to_thread(self._profiles.list)}
        except Refusal:  # profiles.toml is being edited
            return []
        return [name for name in parked if name not in known]

    def _make_room(self, count: int) -> None:
        if self._closing:
            raise Refusal("Mailsluice is stopping; release it when it has started again.")
        if count and sum(len(lane.open) for lane, _ in self._lanes.values()) + count > _MOST_OPEN:
            raise Refusal(
                f"At most {_MOST_OPEN:,} releases can wait at once; wait until some are sent, or cancel some."
            )

    async def _existing(self, id: str) -> Release:
        release = await self._record(id)
        if release is None:
            raise Refusal("There is no such release.")
        return release

    async def _record(self, id: str) -> Release | None:
        open_now = (lane.open.get(id) for lane, _ in self._lanes.values())
        return next((one for one in open_now if one), None) or await self._journal.get(id)

    def _is_imminent(self, id: str) -> bool:
        for lane, _ in self._lanes.values():
            if release := lane.open.get(id):
                is_due = max(release.due, lane.hold) <= self._clock() + _SOON and not lane.parking
                return is_due or release.state == "sending"
        return False

    def _lane(self, profile: str) -> Lane:
        if profile not in self._lanes:
            lane = Lane(profile, self._around, self._parkings.get(profile))
            self._lanes[profile] = lane, asyncio.create_task(lane.run(), name=f"outbox {profile}")
        return self._lanes[profile][0]

    async def _wholly(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do it to the end, also if whoever asked has hung up: what the journal has, the lane must know."""
        if self._closing:
            work.close()
            raise Refusal("Mailsluice is stopping; ask again when it has started.")
        task = asyncio.create_task(work)
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        return await asyncio.shield(task)

    def _tell(self, release: Release | None) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
        if release is None:
            return
        if not release.is_open or release.state == "deferred":
            log.info("Release %s: %s (%s)", release.id, release.state, _reason(release))
        self._on_changed(release)


def _reason(release: Release) -> str:
    """Why it is as it is, in a line of the log: code and note, without addresses."""
    code = str(release.reply.code) if release.reply else release.verdict.cause if release.verdict else ""
    parts = [part for part in (code, without_addresses(release.note)) if part]
    return "; ".join(parts) or "no reply"
