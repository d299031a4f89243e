"""The MIME tree of a message as lines, containers before what is in them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mailsluice.message.mime import Part
    from mailsluice.message.parse import Message

AT_ONCE: Final = 200
"""The most lines on one page."""


class Line(NamedTuple):
    """One part, how deep it lies, and whether it holds other parts; what it is called, and how it differs from that."""

    part: "Part"
    depth: int
    is_container: bool
    title: str = ""
    differs: str = ""


class Stretch(NamedTuple):
    """The lines from `first` on that are shown at once, of `total`."""

    lines: list[Line]
    first: int
    total: int

    @property
    def earlier(self) -> int | None:
        """Where the page before begins, if there is one."""
        return max(0, self.first - AT_ONCE) if self.first else None

    @property
    def later(self) -> int | None:
        """Where the page after begins, if there is one."""
        end = self.first + len(self.lines)
        return end if end < self.total else None


def tree(message: "Message") -> list[Line]:
    """All parts in the order in which they stand."""
    return list(_lines(message))


def stretch(lines: list[Line], *, first: int, number: str) -> Stretch:
    """The lines from `first` on, or those among which the part of this number stands."""
    at = next((index for index, line in enumerate(lines) if line.part.number == number), -1)
    first = at // AT_ONCE * AT_ONCE if at >= 0 else max(0, min(first, len(lines) - 1))
    return Stretch(lines[first : first + AT_ONCE], first, len(lines))


def _lines(message: "Message") -> Iterator[Line]:
    open_: list[Part] = []
    for leaf in message.parts:
        above: list[Part] = []
        holder = leaf.parent
        while holder is not None:
            above.append(holder)
            holder = holder.parent
        above.reverse()
        known = next((depth for depth, (old, new) in enumerate(zip(open_, above, strict=False)) if old is not new), -1)
        known = min(len(open_), len(above)) if known < 0 else known
        for depth in range(known, len(above)):
            yield Line(above[depth], depth, is_container=True)
        open_ = above
        yield Line(leaf, len(above), is_container=False)
