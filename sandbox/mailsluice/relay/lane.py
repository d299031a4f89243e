"""A lane: all that goes through one profile, one message after the other, over one connection at a time."""

import asyncio
import logging
import traceback
from contextlib import suppress
from itertools import islice
from typing import Final

import msgspec

from mailsluice.errors import Refusal, StoreError
from mailsluice.relay.admission import Admission, admit
from mailsluice.relay.line import Line, Stopping
from mailsluice.relay.retrying import BACK_OFF, SECOND, concerns_all, decide, given_up, interrupted, shown, unwritten
from mailsluice.relay.surroundings import Surroundings
from mailsluice.relay.transaction import Delivery
from mailsluice.relay.waiting import Obstacles, off_note
from mailsluice.release import Parking, Release

log = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 2.0
_STORE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 60.0
_MOST_NOTES: Final = 100
_FAULT: Final = "This ended by a fault in Mailsluice; its log says more."


class Lane:
    """The open releases of one profile, oldest first; `run` sends them. `lock` guards every change of state."""

    def __init__(self, profile: str, around: Surroundings, parking: Parking | None = None) -> None:
        self.open: dict[str, Release] = {}
        self.lock = asyncio.Lock()
        self._name = profile
        self._around = around
        self._obstacles = Obstacles(profile, around.clock, parking)
        self._paced = 0
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._line: Line | None = None
        self._tried = ""  # the newest one that was taken up
        self._current = ""  # the one that is being sent

    @property
    def parking(self) -> Parking | None:
        """Why nothing is dialled at the moment, if nothing is."""
        return self._obstacles.parking

    @property
    def hold(self) -> int:
        """Nothing is sent before: the server hung up, or the day's limit is reached."""
        return self._obstacles.hold

    @property
    def is_past_dot(self) -> bool:
        """Whether a final dot has been sent whose answer is not recorded yet."""
        return bool(self._current and self._line and self._line.is_past_dot)

    def take(self, release: Release) -> None:
        """Queue a release that the journal has already."""
        self.open[release.id] = release
        self._wake.set()

    def close(self) -> None:
        """Begin nothing any more, and send no dot."""
        self._closing.set()
        self._wake.set()

    async def change(self, release: Release, *, sent: int = 0) -> None:
        """Record the release as it is now, then act on it."""
        await self._around.journal.update(release, sent=sent)
        if release.is_open:
            self.open[release.id] = release
        else:
            self.open.pop(release.id, None)
            self._obstacles.end_hold(release.id)
        self._wake.set()
        self._around.tell(release)

    async def resume(self) -> None:
        """End the parking: what waits for it is tried now."""
        async with self.lock:
            parking = self._obstacles.parked
            if parking:
                await self._around.journal.park(self._name, None)
            self._obstacles.parked = None
            self._obstacles.end_holds()
            for release in list(self.open.values()):
                waits = release.state == "queued" and (release.due or release.note)
                if waits or (parking and parking.until and release.due == parking.until):
                    await self.change(msgspec.structs.replace(release, due=0, note=""))
        self._wake.set()
        self._around.tell(None)

    async def reconsider(self) -> None:
        """The profile was changed, or has passed a test: what waits for that is tried now."""
        if (parking := self.parking) and not parking.until:
            await self.resume()
        self._obstacles.look_again()
        self._wake.set()

    async def announce(self) -> None:
        """Write down for those that wait, as far as anybody would read it, why they do."""
        async with self.lock:
            waiting = [*islice((one for one in self.open.values() if one.state == "queued"), _MOST_NOTES)]
            for release in waiting:
                told = self._obstacles.told(release)
                if told is not release and self.open.get(release.id) is release:
                    with suppress(StoreError):
                        await self.change(told)

    async def run(self) -> None:
        """Send what is due until the lane is closed."""
        while not self._closing.is_set():
            try:
                if await self._next(seconds=None):
                    async with self._around.turns.of(self._name):
                        await self._serve()
            except Stopping:
                return
            except Exception as bug:
                # One fault must not stop all that is to go through this profile. Its text might quote a password.
                where = "".join(traceback.format_tb(bug.__traceback__))
                log.error("Releasing through %s failed: %s\n%s", self._name, type(bug).__name__, where)
                await self._survive()

    async def _serve(self) -> None:
        """Send what is due over one connection, until nothing has been for a while."""
        around = self._around
        async with Line(around.vault, resolver=around.resolver, patience=around.patience) as line:
            self._line = line
            while (release := await self._next(seconds=_IDLE_SECONDS)) and not self._closing.is_set():
                await self._attempt(release, line)

    async def _next(self, *, seconds: float | None) -> Release | None:
        """The oldest release that is due, waiting for one so long (None: until the lane closes)."""
        deadline = None if seconds is None else self._around.clock() + round(seconds * SECOND)
        while not self._closing.is_set():
            self._wake.clear()
            await self.announce()
            now = self._around.clock()
            at = self._earliest()
            if at is not None and at <= now:
                return next(one for one in self.open.values() if one.due <= now and one.state != "sending")
            # Where only the pace is waited for, stay signed in: each sign-in counts at the server.
            is_paced = at is not None and at <= min(self._paced, now + _LOOK_SECONDS * SECOND)
            if deadline is not None and now >= deadline and not is_paced:
                return None
            ends = [one for one in (at, deadline if deadline and deadline > now else None) if one is not None]
            wait = min(_LOOK_SECONDS, (min(ends) - now) / SECOND) if ends else None
            await self._around.pause(self._wake, wait)
        return None

    def _earliest(self) -> int | None:
        """When something may be sent; None if nothing waits, or only the user can end the waiting."""
        waiting = [one.due for one in self.open.values() if one.state != "sending"]
        parking = self.parking
        if not waiting or (parking and parking.until == 0):
            return None
        return max(min(waiting), self.hold, self._paced, parking.until if parking else 0)

    async def _attempt(self, release: Release, line: Line) -> None:
        async with self.lock:
            if self.open.get(release.id) is not release or self.parking:  # changed while this waited
                return
            self._tried = release.id
            line.begin()
            try:
                admitted = await admit(release, self._around.journal, self._around.profiles, now=self._around.clock())
                if not isinstance(admitted, Admission):
                    await self._put_off(release, admitted)
                    return
                self._obstacles.switched_on()
                sending = msgspec.structs.replace(
                    release,
                    state="sending",
                    changed=self._around.clock(),
                    due=0,
                    attempts=release.attempts + 1,
                    is_past_dot=False,
                    note="",
                )
                await self.change(sending)
            except StoreError as error:
                log.warning("Nothing is released for now: %s", error)
                self._obstacles.add_hold(self._around.clock() + round(_STORE_SECONDS * SECOND))
                self._tried = ""
                return
            self._current = release.id
        await self._send(sending, admitted, line)
        self._current = self._tried = ""
        await line.tidy()

    async def _put_off(self, release: Release, admitted: Release) -> None:
        """It may not be sent, or not now; then nothing else goes before it."""
        if admitted.note == off_note(self._name):
            self._obstacles.switched_off()
        else:
            self._obstacles.switched_on()
            if admitted.is_open:
                self._obstacles.add_hold(admitted.due, release=release.id)
        if admitted is not release:
            await self.change(admitted)
        self._tried = ""

    async def _send(self, sending: Release, admitted: Admission, line: Line) -> None:
        def so_far() -> Release:
            said = shown(line.transcript) if line.transcript else sending.transcript
            return msgspec.structs.replace(sending, transcript=said, changed=self._around.clock())

        async def before_dot() -> None:
            if not self._closing.is_set():
                await self.change(msgspec.structs.replace(so_far(), is_past_dot=True))
            if self._closing.is_set():
                raise Stopping

        try:
            if self._closing.is_set():
                raise Stopping
            try:
                delivery = await line.send(
                    admitted.profile,
                    admitted.raw,
                    sender=sending.sender,
                    recipients=sending.waiting,
                    before_dot=before_dot,
                )
            finally:
                self._paced = self._around.clock() + round(admitted.profile.pace * SECOND)
        except Refusal as refusal:
            await self._record(given_up(sending, refusal.reason, now=self._around.clock()))
        except StoreError as error:
            log.warning("A message was not sent: %s", error)
            await self._record(unwritten(sending, now=self._around.clock()))
        except (Stopping, asyncio.CancelledError):
            with suppress(StoreError):  # the next start finds out
                await self.change(interrupted(so_far(), is_past_dot=line.is_past_dot, now=self._around.clock()))
            raise
        else:
            await self._conclude(sending, delivery, host=admitted.profile.host)

    async def _conclude(self, sending: Release, delivery: Delivery, *, host: str) -> None:
        now = self._around.clock()
        release, parking = decide(sending, delivery, now=now, host=host)
        if parking:
            await self._park(parking)
        elif concerns_all(delivery):
            until = release.due or now + BACK_OFF[0] * SECOND
            self._obstacles.add_hold(until, release=release.id if release.is_open else "")
        await self._record(release, sent=len(delivery.accepted))

    async def _park(self, parking: Parking) -> None:
        self._obstacles.parked = parking
        try:
            await self._around.journal.park(self._name, parking)
        except StoreError as error:
            log.warning("That %s is not dialled for now could not be written: %s", self._name, error)
        self._around.tell(None)

    async def _record(self, release: Release, *, sent: int = 0) -> None:
        """Write an outcome, however long that takes: nothing else is sent before, and a restart asks the user."""
        while True:
            try:
                await self.change(release, sent=sent)
                return
            except StoreError as error:
                log.warning("What became of release %s could not be written yet: %s", release.id, error)
                if self._closing.is_set():
                    return
                await self._around.pause(self._closing, _STORE_SECONDS)

    async def _survive(self) -> None:
        """After a fault of ours: what it happened to is not tried again by itself."""
        release, now = self.open.get(self._tried), self._around.clock()
        was_past_dot, self._current, self._tried = self.is_past_dot, "", ""
        self._obstacles.add_hold(now + SECOND)
        if release is None:
            return
        if release.state == "sending" and was_past_dot:
            ended = interrupted(release, is_past_dot=True, now=now)
        else:
            ended = given_up(release, _FAULT, now=now)
        try:
            await self._record(ended)
        except Exception as bug:  # the fault may be the journal's: the row says what the next start needs to know
            log.error("Release %s could not be recorded: %s", release.id, type(bug).__name__)
            self.open.pop(release.id, None)
