"""What is in archives: zip, tar, gz and bz2, one in the other; read just as far as telling blocked files needs.

Hostile archives are why this does not use zipfile and tarfile: here nothing raises, and count, depth, time and bytes
inflated are bounded.
"""

import bz2
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from mailsluice.gmail.blocked import ARCHIVES, extension

DEPTH: Final = 5
"""So many archives, one in the other, are opened."""

_ENTRIES: Final = 10_000
_SECONDS: Final = 1.0
_INFLATED: Final = 64 << 20
_HEAD: Final = 512
_STEP: Final = 64 * 1024
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_PAX_PATH: Final = re.compile(rb"(?:\A|\n)\d+ path=([^\n]*)")
_GZIP, _BZIP, _ZIP = b"\x1f\x8b\x08", b"BZh", b"PK\x03\x04"


class Entry(NamedTuple):
    """A file in an archive: its name, how it begins, whether it needs a password, and the archives in which it lies."""

    name: str
    start: bytes
    is_locked: bool
    inside: tuple[str, ...]


class Reader:
    """Reads archives until its budget of time, entries and bytes is spent; then `is_spent`, and the rest is unread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_spent = False
        self._clock = clock
        self._deadline = clock() + _SECONDS
        self._entries = _ENTRIES
        self._bytes = _INFLATED

    def entries(self, name: str, content: bytes, *, inside: tuple[str, ...] = ()) -> Iterator[Entry]:
        """Every file in this archive and in the archives in it; nothing if it is none, or cannot be read."""
        if len(inside) >= DEPTH or not is_archive(content):
            return
        path = (*inside, name)
        if content.startswith((_GZIP, _BZIP)):
            inner = _inner_name(name)
            pieces = self._inflated(content) if content.startswith(_GZIP) else self._unzipped_bz2(content)
            unpacked = b"".join(pieces)
            if is_tar(unpacked):
                yield from self._in_tar(unpacked, path)
            elif unpacked:
                yield from self._entry(inner, unpacked, path)
        elif is_tar(content):
            yield from self._in_tar(content, path)
        else:
            yield from self._in_zip(content, path)

    def _entry(self, name: str, content: bytes, path: tuple[str, ...]) -> Iterator[Entry]:
        yield Entry(name, content[:_HEAD], False, path)
        yield from self.entries(name, content, inside=path)

    def _may_go_on(self) -> bool:
        self._entries -= 1
        self.is_spent |= self._entries < 0 or self._clock() > self._deadline
        return not self.is_spent

    def _inflated(self, data: bytes, *, window: int = 31, most: int = _INFLATED) -> Iterator[bytes]:
        inflater = zlib.decompressobj(window)
        for at in range(0, len(data), _STEP):
            if most <= 0 or inflater.eof or not self._has_time():
                return
            try:
                piece = inflater.decompress(data[at : at + _STEP], min(most, self._bytes))
            except zlib.error:
                return
            self._spend(len(piece))
            most -= len(piece)
            yield piece

    def _unzipped_bz2(self, data: bytes) -> Iterator[bytes]:
        unpacker = bz2.BZ2Decompressor()
        at = 0
        while not unpacker.eof and (at < len(data) or not unpacker.needs_input) and self._has_time():
            fed = data[at : at + _STEP] if unpacker.needs_input else b""
            at += len(fed)
            try:
                piece = unpacker.decompress(fed, min(1 << 20, self._bytes))
            except (OSError, ValueError):
                return
            self._spend(len(piece))
            yield piece

    def _has_time(self) -> bool:
        self.is_spent |= self._clock() > self._deadline
        return not self.is_spent

    def _spend(self, size: int) -> None:
        self._bytes -= size
        self.is_spent |= self._bytes <= 0

    def _in_tar(self, content: bytes, path: tuple[str, ...]) -> Iterator[Entry]:
        at, long_name = 0, b""
        while at + 512 <= len(content) and any(content[at : at + 512]) and self._may_go_on():
            head = content[at : at + 512]
            size, kind, start = _tar_size(head[124:136]), head[156:157], at + 512
            at = start + (size + 511) // 512 * 512
            if kind == b"L":
                long_name = content[start : start + min(size, 4096)].rstrip(b"\0")
            elif kind == b"x":
                found = _PAX_PATH.search(content[start : start + min(size, 65_536)])
                long_name = found[1] if found else long_name
            elif kind != b"g":
                name = long_name or _tar_name(head)
                long_name = b""
                yield from self._entry(_text(name), content[start : start + size], path)

    def _in_zip(self, content: bytes, path: tuple[str, ...]) -> Iterator[Entry]:
        for entry in _central(content) or _local(content):
            if not self._may_go_on():
                return
            if entry.is_locked:
                yield Entry(entry.name, b"", True, path)
                continue
            start = b"".join(self._stored(content, entry, most=_HEAD))
            if extension(entry.name) in ARCHIVES or is_archive(start):
                yield from self._entry(entry.name, b"".join(self._stored(content, entry, most=_INFLATED)), path)
            else:
                yield Entry(entry.name, start, False, path)

    def _stored(self, content: bytes, entry: "_ZipEntry", *, most: int) -> Iterator[bytes]:
        if entry.at + _LOCAL.size > len(content):
            return
        lengths = _LOCAL.unpack_from(content, entry.at)[-2:]
        start = entry.at + _LOCAL.size + sum(lengths)
        stop = min(len(content), start + entry.size) if entry.size else len(content)
        if entry.method == 0:
            yield content[start : min(stop, start + most)]
        elif entry.method == 8:
            # A beginning comes from little: no need to copy all of it.
            yield from self._inflated(content[start : min(stop, start + 4 * most + _STEP)], window=-15, most=most)


class _ZipEntry(NamedTuple):
    name: str
    is_locked: bool
    method: int
    size: int
    at: int


def is_archive(content: bytes) -> bool:
    """Whether this begins as an archive that can be opened here."""
    return content.startswith((_ZIP, b"PK\x05\x06", _GZIP)) or _is_bzip(content) or is_tar(content)


def is_tar(content: bytes) -> bool:
    """Whether this begins as a tar archive, by its mark and its checksum."""
    head = content[:512]
    if len(head) < 512 or not head[0]:
        return False
    return sum(head[:148]) + 8 * 32 + sum(head[156:]) == _octal(head[148:156])


def _is_bzip(content: bytes) -> bool:
    return content.startswith(_BZIP) and content[4:10] == b"1AY&SY"


def _inner_name(name: str) -> str:
    """The name of what a .gz or .bz2 holds."""
    stem, dot, last = name.rpartition(".")
    if last.lower() in ("tgz", "tbz", "tbz2"):
        return f"{stem}.tar"
    return stem if dot and last.lower() in ("gz", "bz2") else name


def _central(content: bytes) -> list[_ZipEntry]:
    """The entries of a zip by its directory; none if that cannot be found."""
    end = content.rfind(b"PK\x05\x06")
    if end < 0 or end + _END.size > len(content):
        return []
    length = _END.unpack_from(content, end)[5]
    offset = _END.unpack_from(content, end)[6]
    at = max(0, end - length)
    shift = max(0, at - offset)  # bytes before the archive, as a self-extracting one has
    found: list[_ZipEntry] = []
    while at + _CENTRAL.size <= end and content.startswith(b"PK\x01\x02", at) and len(found) <= _ENTRIES:
        fields = _CENTRAL.unpack_from(content, at)
        flags, method, size, lengths, local = fields[3], fields[4], fields[8], fields[10:13], fields[16]
        name = content[at + _CENTRAL.size : at + _CENTRAL.size + lengths[0]]
        found.append(_ZipEntry(_text(name), bool(flags & 1), method, size, local + shift))
        at += _CENTRAL.size + sum(lengths)
    return found


def _local(content: bytes) -> list[_ZipEntry]:
    """The entries of a zip whose directory is lost, by what stands before each of them."""
    found: list[_ZipEntry] = []
    at = content.find(_ZIP)
    while at >= 0 and at + _LOCAL.size <= len(content) and len(found) <= _ENTRIES:
        fields = _LOCAL.unpack_from(content, at)
        name = content[at + _LOCAL.size : at + _LOCAL.size + fields[9]]
        found.append(_ZipEntry(_text(name), bool(fields[2] & 1), fields[3], fields[7], at))
        at = content.find(_ZIP, at + _LOCAL.size + len(name) + fields[10] + fields[7])
    return found


def _tar_name(head: bytes) -> bytes:
    name, prefix = head[:100].partition(b"\0")[0], head[345:500].partition(b"\0")[0]
    return prefix + b"/" + name if prefix and head[257:262] == b"ustar" else name


def _tar_size(field: bytes) -> int:
    return int.from_bytes(field[1:]) if field[:1] == b"\x80" else _octal(field)


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else 0


def _text(name: bytes) -> str:
    """A file's name as text a person can look at."""
    text = name[:1000].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
