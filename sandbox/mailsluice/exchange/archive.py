"""Messages as .eml files in a zip archive: written as a stream, read with the distrust that archives need.

    20260720-112233-4oRBnPtCXgAqZniRhzLNmS.eml

The comment of each file is JSON with what the bytes do not tell: {"received": microseconds UTC, "sender": "",
"recipients": ["bob@example.com"], "seen": true}. It holds the recipients of blind copies too.
"""

import re
import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from mailsluice.errors import Refusal
from mailsluice.exchange import central
from mailsluice.exchange.eml import refuse_large
from mailsluice.exchange.mail import Limits, Mail, shown, shown_size

MEDIA_TYPE: Final = "application/zip"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_LOCAL_RECORD: Final = 30
_ENCRYPTED: Final = 0x2041  # APPNOTE.TXT section 4.4.4: bits 0, 6 and 13
_UNIX_TIME: Final = 0x5455
_LONGEST_COMMENT: Final = 0xFFFF
_BOMB: Final = 256 << 20  # from here on, an archive that unpacks to a hundred times its size is a bomb
_RATIO: Final = 100
_CLUTTER: Final = re.compile(r"(?:.*/)?(?:__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini)", re.DOTALL)
_ARCHIVE: Final = re.compile(r".*\.(?:zip|jar|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|7z|rar|mbox)", re.DOTALL | re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[/\\]|[A-Za-z]:|.*(?:[\0\\]|(?:\A|/)\.\.(?:/|\Z))", re.DOTALL)
_UNREADABLE: Final = (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class _Facts(msgspec.Struct, omit_defaults=True):
    """What a file's comment says."""

    received: int = 0
    sender: str | None = None
    recipients: tuple[str, ...] | None = None
    seen: bool = False
    pinned: bool = False


class ZipWriter:
    """Makes a zip archive, message by message: what `add` and `end` return is the archive."""

    media_type = MEDIA_TYPE
    extension = ".zip"

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = ZipFile(self._sink, "w", ZIP_DEFLATED, compresslevel=3)

    def add(self, mail: Mail) -> bytes:
        """The message as a file of its name."""
        moment = _EPOCH + timedelta(microseconds=mail.received)
        shown_moment = max(moment, _EPOCH.replace(year=1980)).timetuple()[:6]
        entry = ZipInfo(f"{moment:%Y%m%d-%H%M%S}-{mail.name}.eml", shown_moment)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o600) << 16
        if mail.received // _SECOND < 1 << 31:
            entry.extra = struct.pack("<HHBl", _UNIX_TIME, 5, 1, mail.received // _SECOND)
        entry.comment = _comment(mail)
        self._zip.writestr(entry, mail.raw)
        return self._sink.taken()

    def end(self) -> bytes:
        """The directory of the archive."""
        self._zip.close()
        return self._sink.taken()


class _Sink:
    """A file that can only be written, and hands out what was."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing to wait for."""

    def close(self) -> None:
        """Nor to let go of."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def others(file: BinaryIO) -> list[str]:
    """The files of an archive, which was read before, that are no messages."""
    with ZipFile(file) as archive:
        return [entry.filename for entry in archive.infolist() if not _is_passed_over(entry) and not _is_mail(entry)]


def read(file: BinaryIO, limits: Limits) -> Iterator[Mail]:
    """The .eml files in the order of the archive; Refusal for one that is damaged, locked or a trap."""
    central.look_through(file, limits)
    try:
        with ZipFile(file) as archive:
            entries = _examined(archive.infolist(), limits, size=file.seek(0, 2))
            for entry in entries:
                yield _mail(entry, _unpacked(archive, entry))
    except _UNREADABLE as error:
        raise Refusal("This zip archive is damaged: its directory cannot be read.", field="body") from error


def _unpacked(archive: ZipFile, entry: ZipInfo) -> bytes:
    reason = f"{shown(entry.filename)} in the archive is damaged, or not of the name and size that the archive says."
    try:
        with archive.open(entry) as content:
            raw = content.read(entry.file_size + 1)
    except _UNREADABLE as error:
        raise Refusal(reason, field="body") from error
    if len(raw) != entry.file_size:
        raise Refusal(reason, field="body")
    return raw


def _examined(entries: Sequence[ZipInfo], limits: Limits, *, size: int) -> list[ZipInfo]:
    """The messages among the files; nothing was unpacked yet."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise _misleading(entry, "it lies in another file of the archive")
        end = entry.header_offset + _LOCAL_RECORD + entry.compress_size
    if end > size:
        raise Refusal("This zip archive is damaged: its files are larger than itself.", field="body")
    for entry in entries:
        _examine(entry, limits)
    total = sum(entry.file_size for entry in entries)
    if total > limits.total or (total > _BOMB and total > _RATIO * size):
        raise Refusal(
            f"This zip archive of {shown_size(size)} would unpack to {shown_size(total)}: it is taken for a trap.",
            field="body",
        )
    return [entry for entry in entries if not _is_passed_over(entry) and _is_mail(entry)]


def _is_passed_over(entry: ZipInfo) -> bool:
    return entry.is_dir() or _CLUTTER.fullmatch(entry.filename) is not None


def _is_mail(entry: ZipInfo) -> bool:
    return entry.filename.lower().endswith(".eml")


def _examine(entry: ZipInfo, limits: Limits) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if _UNSAFE.match(entry.orig_filename):
        raise _misleading(entry, "its name leads out of the archive")
    if entry.flag_bits & _ENCRYPTED:
        raise Refusal(f"{shown(entry.filename)} in the archive needs a password: unpack it yourself.", field="body")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _misleading(entry, "it is a link or a device")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Refusal(f"{shown(entry.filename)} is packed in a way that is not read; use Deflate.", field="body")
    if _is_passed_over(entry):
        return
    if _ARCHIVE.fullmatch(entry.filename):
        raise Refusal(f"{shown(entry.filename)} is an archive in the archive: unpack it first.", field="body")
    if _is_mail(entry):
        refuse_large(entry.file_size, limits, name=entry.filename)


def _mail(entry: ZipInfo, raw: bytes) -> Mail:
    try:
        facts = msgspec.json.decode(entry.comment, type=_Facts)
    except msgspec.DecodeError:  # another program's comment, or none
        facts = _Facts()
    return Mail(
        raw,
        name=entry.filename,
        received=facts.received or _moment(entry),
        sender=facts.sender,
        recipients=facts.recipients,
        seen=facts.seen,
        pinned=facts.pinned,
    )


def _moment(entry: ZipInfo) -> int:
    """The time of the file; a zip archive knows it without a zone, which is taken for UTC, or as Unix time too."""
    position = 0
    while position + 4 <= len(entry.extra):
        kind, size = struct.unpack_from("<HH", entry.extra, position)
        if kind == _UNIX_TIME and size >= 5 and len(entry.extra) >= position + 9 and entry.extra[position + 4] & 1:
            return int(struct.unpack_from("<l", entry.extra, position + 5)[0]) * _SECOND
        position += 4 + size
    try:
        return (datetime(*entry.date_time, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    except ValueError:
        return 0


def _comment(mail: Mail) -> bytes:
    facts = _Facts(mail.received, mail.sender, mail.recipients, mail.seen, mail.pinned)
    told = msgspec.json.encode(facts)
    if len(told) > _LONGEST_COMMENT:  # thousands of recipients: as many as there is room for are no envelope
        told = msgspec.json.encode(_Facts(mail.received, mail.sender, None, mail.seen, mail.pinned))
    return told if len(told) <= _LONGEST_COMMENT else b""


def _misleading(entry: ZipInfo, reason: str) -> Refusal:
    return Refusal(f"{shown(entry.filename)} in the archive was made to mislead: {reason}.", field="body")
