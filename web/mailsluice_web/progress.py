"""How far the releases that were asked for together have come."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from mailsluice.release import OPEN


class Segment(NamedTuple):
    """A stretch of the bar, in releases."""

    tone: str
    start: int
    width: int


class Progress(msgspec.Struct, frozen=True):
    """A batch in numbers: how many of its releases are in which state."""

    batch: str
    states: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())

    @property
    def waiting(self) -> int:
        """Those that go on by themselves."""
        return self._of(*OPEN)

    @property
    def stoppable(self) -> int:
        """Those that can be cancelled."""
        return self._of("queued", "deferred")

    @property
    def text(self) -> str:
        """`31 of 48 accepted, 2 failed, 15 to go`."""
        others = (
            ("partly accepted", self._of("partly")),
            ("failed", self._of("refused", "failed")),
            ("unknown", self._of("unknown")),
            ("cancelled", self._of("cancelled")),
            ("to go", self.waiting),
        )
        accepted = f"{self._of('delivered'):,} of {self.total:,} accepted"
        return ", ".join([accepted, *(f"{count:,} {word}" for word, count in others if count)])

    @property
    def segments(self) -> list[Segment]:
        """What a bar shows, from the left; the rest of it is still to go."""
        return [*self._segments()]

    def _segments(self) -> Iterator[Segment]:
        start = 0
        for tone, states in (("good", ["delivered"]), ("warn", ["partly", "unknown"]), ("bad", ["refused", "failed"])):
            if width := self._of(*states):
                yield Segment(tone, start, width)
                start += width
        if width := self._of("cancelled"):
            yield Segment("none", start, width)

    def _of(self, *states: str) -> int:
        return sum(self.states.get(state, 0) for state in states)
