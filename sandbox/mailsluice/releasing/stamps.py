"""Stamps: what makes a second request the same release as the first, and the same bytes."""

import re
from typing import Final, NamedTuple

from mailsluice.capture import new_id, now

_STAMP: Final = re.compile(r"([0-9]{16})\.([0-9A-Za-z]{22})")
_SECONDS: Final = 3600


class Stamp(NamedTuple):
    """When a preflight was made first, in microseconds UTC, and the id of the release that it may become."""

    moment: int
    id: str

    def __str__(self) -> str:
        return f"{self.moment}.{self.id}"


def fresh_stamp(given: str) -> Stamp:
    """The stamp of an earlier preflight if it is a fresh one of ours, else a new one."""
    present = now()
    match = _STAMP.fullmatch(given)
    if match and 0 <= present - int(match[1]) <= _SECONDS * 1_000_000:
        return Stamp(int(match[1]), match[2])
    return Stamp(present, new_id())
