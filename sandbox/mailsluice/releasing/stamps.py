"""Stamps: what makes a second request the same release as the first, and the same bytes."""

import hashlib
import re
from typing import Final, NamedTuple

from mailsluice.capture import new_id, now

_STAMP: Final = re.compile(r"([0-9]{16})\.([0-9A-Za-z]{22})")
_SECONDS: Final = 3600
_TIME: Final = 8  # letters of an id that tell when it was made
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Stamp(NamedTuple):
    """When a preflight was made first, in microseconds UTC, and the id of the release that it may become."""

    moment: int
    id: str

    def __str__(self) -> str:
        return f"{self.moment}.{self.id}"

    def of(self, message: str) -> "Stamp":
        """That of one message among several which are released by this stamp; always the same one."""
        digest = hashlib.sha256(f"{self.id} {message}".encode()).digest()
        return Stamp(self.moment, self.id[:_TIME] + "".join(_LETTERS[byte % 62] for byte in digest[: 22 - _TIME]))


def fresh_stamp(given: str) -> Stamp:
    """The stamp of an earlier preflight if it is a fresh one of ours, else a new one."""
    present = now()
    match = _STAMP.fullmatch(given)
    if match and 0 <= present - int(match[1]) <= _SECONDS * 1_000_000:
        return Stamp(int(match[1]), match[2])
    return Stamp(present, new_id())
