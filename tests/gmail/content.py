"""What Gmail refuses after the final dot: size, loops, file types, and what the strict receiver adds."""

import bz2
import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.utils import getaddresses
from pathlib import PurePosixPath

from tests.gmail import replies
from tests.gmail.knobs import Knobs
from tests.gmail.rewrite import Field, split

_TYPES = """
    ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta img ins iso isp
    jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys vb vbe vbs vhd vxd wsc
    wsf wsh xll
"""
BLOCKED = frozenset(f".{name}" for name in _TYPES.split())
"""https://support.google.com/mail/answer/6590"""
ARCHIVES = frozenset({".zip", ".tgz", ".gz", ".bz2", ".tar", ".7z", ".rar"})
_DEPTH, _MEMBERS, _UNPACKED = 4, 1000, 64 * 1024 * 1024


def refusal(raw: bytes, knobs: Knobs) -> str:
    """The reply to a message that Gmail will not take; empty when it will."""
    if len(raw) > knobs.size:
        return replies.TOO_BIG
    fields = split(raw)[0]
    if sum(field.name.lower() == b"received" for field in fields) > 50:
        return replies.MANY_HOPS
    if knobs.strict_mx and (why := _not_compliant(fields)):
        return replies.not_compliant(why)
    if knobs.block_attachments and any(_blocked(name, content, 0) for name, content in attachments(raw)):
        return replies.BLOCKED
    return ""


def attachments(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the parts that have a name."""
    if b"name" not in raw:  # also says `filename*0=`; most mail is done here
        return
    for part in message_from_bytes(raw, policy=policy.compat32).walk():
        name = part.get_filename()
        content = part.get_payload(decode=True) if name else None
        if name and isinstance(content, bytes):
            yield name, content


def _blocked(name: str, content: bytes, depth: int) -> bool:
    suffix = PurePosixPath(name.strip().rstrip(".").lower()).suffix
    if suffix in BLOCKED:
        return True
    try:
        return any(_blocked(inner, unpacked, depth + 1) for inner, unpacked in _members(name, content, depth))
    except _LockedArchive:
        return True
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, tarfile.TarError, NotImplementedError):
        return False  # what cannot be unpacked is not looked into


class _LockedArchive(Exception):
    """An archive with a password that holds an archive."""


def _members(name: str, content: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    """What an archive or a document with macros holds."""
    lower = name.lower()
    if depth >= _DEPTH:
        return
    if content.startswith(b"PK\x03\x04"):
        yield from _zipped(content)
    elif lower.endswith((".tgz", ".tar.gz", ".tar.bz2", ".tar")):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive.getmembers()[:_MEMBERS]:
                yield member.name, b""
    elif lower.endswith(".gz"):
        with gzip.open(io.BytesIO(content)) as packed:
            yield name[:-3], packed.read(_UNPACKED)
    elif lower.endswith(".bz2"):
        yield name[:-4], bz2.BZ2Decompressor().decompress(content, _UNPACKED)


def _zipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        left = _UNPACKED
        for entry in archive.infolist()[:_MEMBERS]:
            inner = PurePosixPath(entry.filename.lower())
            if entry.flag_bits & 1:
                if inner.suffix in ARCHIVES:
                    raise _LockedArchive
                yield entry.filename, b""
            elif inner.name == "vbaproject.bin":
                yield "macros.vbs", b""
            elif entry.file_size <= left:
                left -= entry.file_size
                yield entry.filename, archive.read(entry) if inner.suffix in ARCHIVES else b""


def _not_compliant(fields: list[Field]) -> str:
    names = [field.name.lower() for field in fields]
    for name in ("From", "Subject", "To", "Cc", "Date", "Message-ID", "Reply-To", "Sender"):
        if names.count(name.lower().encode()) > 1:
            return f"There are multiple {name} headers"
    values = {field.name.lower(): field.value.decode("latin-1") for field in fields}
    senders = getaddresses([values.get(b"from", "")])
    if b"from" not in values or not senders[0][1]:
        return "'From' header is missing"
    if len(senders) > 1:
        return "Messages with multiple addresses in From: header are not accepted"
    if b"message-id" not in values:
        return "Messages missing a valid Message-ID: header are not accepted"
    return ""
