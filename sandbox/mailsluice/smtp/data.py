"""Reads what follows DATA: only CRLF.CRLF ends it (RFC 5321 section 4.1.1.4); a bare CR or LF is content."""

import re
from typing import Final

_CRLF: Final = b"\r\n"
_END: Final = b"\r\n.\r\n"
_STUFFED: Final = re.compile(rb"\r\n\.")


class DotReader:
    """Undoes dot-stuffing over pieces that were cut anywhere.

    `feed` returns the content that is certain so far. Once `ended`, `rest` holds the bytes behind the message. What may
    be the beginning of the end (at most four bytes) is held back, so no CRLF is ever cut in two.
    """

    __slots__ = ("_held", "_virtual", "ended", "rest")

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._held = _CRLF  # a dot on the first line is like any other
        self._virtual = len(_CRLF)

    def feed(self, piece: bytes) -> bytes:
        """Take the next bytes from the network; return unstuffed content."""
        if self._virtual and piece and self._held == _CRLF and not piece.startswith(b"."):
            self._held, self._virtual = b"", 0  # nothing to make visible: the largest piece need not be copied for it
        buffer = self._held + piece
        dot = _first_dot(buffer)
        end = buffer.find(_END, dot) if dot >= 0 else -1
        if end >= 0:
            self.ended = True
            self.rest = buffer[end + len(_END) :]
            content_end = end + len(_CRLF)
        else:
            content_end = len(buffer) - _length_of_possible_end(buffer)
            self._held = buffer[content_end:]
        content = buffer[:content_end]
        if 0 <= dot < content_end - 2:
            content = _STUFFED.sub(_CRLF, content)
        start, self._virtual = self._virtual, max(0, self._virtual - content_end)
        return content[start:] if start else content


def _first_dot(buffer: bytes) -> int:
    """Where a line begins with a dot, stuffed or the end, or -1; most pieces of an attachment have no dot at all."""
    found = _STUFFED.search(buffer) if b"." in buffer else None
    return found.start() if found else -1


def _length_of_possible_end(buffer: bytes) -> int:
    for length in (4, 3, 2, 1):
        if buffer.endswith(_END[:length]):
            return length
    return 0
