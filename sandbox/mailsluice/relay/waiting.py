"""What stands in the way of a lane, and the sentences by which those that wait are told of it."""

from collections.abc import Callable
from typing import Final

import msgspec

from mailsluice.relay.retrying import SECOND
from mailsluice.release import Parking, Release

_SOON: Final = 10 * SECOND
_OFF: Final = "off"
_OFF_SECONDS: Final = 30


class Obstacles:
    """Why a lane sends nothing, and until when: its profile is parked or switched off, or a release goes first.

    A hold belongs to the release that is to be tried first, and ends with it; the holds of nobody end by time alone.
    """

    def __init__(self, profile: str, clock: Callable[[], int], parked: Parking | None = None) -> None:
        self.parked = parked
        self._profile, self._clock = profile, clock
        self._holds: dict[str, int] = {}  # until when, by the release's id; empty: nobody's
        self._is_off = False

    @property
    def parking(self) -> Parking | None:
        """Why nothing is dialled at the moment, if nothing is."""
        parked = self.parked
        return parked if parked and (parked.until == 0 or parked.until > self._clock()) else None

    @property
    def hold(self) -> int:
        """Nothing is sent before."""
        return max(self._holds.values(), default=0)

    def add_hold(self, until: int, *, release: str = "") -> None:
        """Send nothing before, as long as this release is open."""
        present = self._clock()
        self._holds = {one: at for one, at in self._holds.items() if at > present}
        self._holds[release] = max(until, self._holds.get(release, 0))

    def end_hold(self, release: str) -> None:
        """This release stands in nobody's way any more."""
        self._holds.pop(release, None)

    def end_holds(self) -> None:
        """Nothing is to be tried first."""
        self._holds.clear()

    def switched_off(self) -> None:
        """The profile was found switched off; it is looked at again in a while."""
        self._is_off = True
        self._holds[_OFF] = self._clock() + _OFF_SECONDS * SECOND

    def switched_on(self) -> None:
        """The profile is not switched off."""
        self._is_off = False
        self.look_again()

    def look_again(self) -> None:
        """The profile may have been switched on: find out at once."""
        self._holds.pop(_OFF, None)

    def told(self, release: Release) -> Release:
        """The release with the reason for which it waits now; one that waits for a reason of its own keeps that."""
        due, note = self._reason()
        is_ours = self._is_ours(release.note)
        if (release.note and not is_ours and not self.parking) or (not note and not is_ours):
            return release
        if (release.due, release.note) == (due, note):
            return release
        return msgspec.structs.replace(release, due=due, note=note)

    def _reason(self) -> tuple[int, str]:
        if parking := self.parking:
            return parking.until, f"{_parked(self._profile)} {parking.verdict.meaning}"
        if self._is_off:
            return 0, off_note(self._profile)
        if self.hold <= self._clock() + _SOON:
            return 0, ""
        is_nobodys = self.hold == self._holds.get("")
        return self.hold, _pausing(self._profile) if is_nobodys else _behind(self._profile)

    def _is_ours(self, note: str) -> bool:
        """Whether the note is one of those that are taken back; the words outlive a restart."""
        profile = self._profile
        return note in (off_note(profile), _behind(profile), _pausing(profile)) or note.startswith(_parked(profile))


def off_note(profile: str) -> str:
    """Why nothing leaves through a profile that is switched off."""
    return f"The profile {profile} is switched off. This goes on when you switch it on."


def _behind(profile: str) -> str:
    return f"An earlier release through {profile} is to be tried again first."


def _pausing(profile: str) -> str:
    return f"The server hung up on an earlier release through {profile}, so this one waits a little."


def _parked(profile: str) -> str:
    return f"The profile {profile} sends nothing for now:"
