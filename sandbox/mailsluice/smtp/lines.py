"""What other servers would not take about the lines of a message, found in passing while it arrives."""

from typing import Final

_LONGEST: Final = 998 + 2  # RFC 5322 section 2.1.1, with CRLF
_LOOKED_AT: Final = 4 << 10

BARE_LF: Final = "the message has lines that end in LF alone; other servers refuse or change it"
BARE_CR: Final = "the message has CR without LF; other servers refuse or change it"
LONG: Final = "the message has lines of more than 998 characters; other servers refuse or break them"


class LineWatch:
    """Fed with the pieces of a message, however they are cut; `oddities` names what was odd.

    Line ends are counted in the first 4 KB of each piece only: a client that errs does so all the time, and counting
    everything would cost more than receiving it.
    """

    __slots__ = ("_after_cr", "_bare_cr", "_bare_lf", "_length", "_long")

    def __init__(self) -> None:
        self._after_cr = False
        self._bare_cr = self._bare_lf = self._long = False
        self._length = 0  # of the line that the last piece did not end

    def feed(self, piece: bytes) -> None:
        """Look at the next bytes."""
        if not self._long:
            self._measure(piece)
        if self._after_cr:
            piece = b"\r" + piece
        self._after_cr = piece.endswith(b"\r")
        looked_at = piece[:_LOOKED_AT] if len(piece) > _LOOKED_AT else piece
        ends = looked_at.count(b"\r\n")
        self._bare_lf = self._bare_lf or looked_at.count(b"\n") != ends
        self._bare_cr = self._bare_cr or looked_at.count(b"\r") - looked_at.endswith(b"\r") != ends

    def oddities(self) -> list[str]:
        """What was odd about the lines of the whole message, in words for a person."""
        found = ((self._bare_lf, BARE_LF), (self._bare_cr or self._after_cr, BARE_CR), (self._long, LONG))
        return [oddity for odd, oddity in found if odd]

    def _measure(self, piece: bytes) -> None:
        # A window without any line end is a long line: far fewer searches than there are lines.
        start, room, size = 0, _LONGEST - self._length, len(piece)
        while size - start > room:
            end = piece.rfind(b"\n", start, start + room)
            if end < 0:
                self._long = True
                return
            start, room = end + 1, _LONGEST
        last = piece.rfind(b"\n", start)
        if last >= 0 or start:
            self._length = size - max(last + 1, start)
        else:
            self._length += size
