"""The central directory of a zip archive, looked at before `zipfile` takes all of it into memory.

APPNOTE.TXT section 4.3: the directory has one record a file, and the end of the archive says how many there are and
where they lie.
"""

import struct
from typing import BinaryIO, Final

from mailsluice.errors import Refusal
from mailsluice.exchange.mail import Limits

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_RECORD: Final = 46
_LONGEST_COMMENT: Final = 0xFFFF
_RECORD_SIZE: Final = 1 << 10  # of one file, on average: with a long name and a comment
_UNUSED: Final = 0xFFFF


class _End:
    """What the end of an archive says of its directory; `position` is where the directory must have ended."""

    def __init__(self, file: BinaryIO) -> None:
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_COMMENT - _END.size - _LOCATOR.size - _END64.size))
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        if at < 0 or len(tail) - at < _END.size:
            raise _broken("it has no end, so a part of it is missing")
        _, disk, first_disk, _, self.entries, self.size, self.offset, comment = _END.unpack_from(tail, at)
        if at + _END.size + comment != len(tail):
            raise _broken("something stands behind its end")
        if disk not in (0, _UNUSED) or first_disk not in (0, _UNUSED):
            raise Refusal("This zip archive is one of several pieces; make it one file first.", field="body")
        self.position = size - len(tail) + at
        if tail[max(0, at - _LOCATOR.size) : at].startswith(b"PK\6\7"):
            self._read_larger(tail, at - _LOCATOR.size - _END64.size)

    def _read_larger(self, tail: bytes, at: int) -> None:
        if at < 0 or not tail.startswith(b"PK\6\6", at):
            raise _broken("its end is not where it says")
        *_, self.entries, self.size, self.offset = _END64.unpack_from(tail, at)
        self.position -= _LOCATOR.size + _END64.size


def look_through(file: BinaryIO, limits: Limits) -> None:
    """Refusal unless the directory is where the end says, has as many records, and not more than there may be."""
    end = _End(file)
    if end.entries > limits.messages or end.size > limits.messages * _RECORD_SIZE:
        raise Refusal(f"This zip archive holds more than {limits.messages:,} files, the most at once.", field="body")
    if end.offset + end.size != end.position:
        raise _broken("its directory is not where it says")
    file.seek(end.offset)
    number = _records(file.read(end.size))
    if number != end.entries:
        raise _broken(f"it says that it holds {end.entries:,} files, and has {number:,}")


def _records(directory: bytes) -> int:
    number = position = 0
    while position < len(directory):
        if not directory.startswith(b"PK\1\2", position) or position + _RECORD > len(directory):
            raise _broken("its directory cannot be read")
        position += _RECORD + sum(struct.unpack_from("<3H", directory, position + 28))
        number += 1
    if position != len(directory):
        raise _broken("its directory cannot be read")
    return number


def _broken(reason: str) -> Refusal:
    return Refusal(f"This zip archive is damaged or was made to mislead: {reason}.", field="body")
