"""Content-Transfer-Encoding undone (RFC 2045 section 6), as leniently as the best mail programs do."""

import binascii
import re

_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_SPACED_SOFT_BREAK = re.compile(rb"=[ \t]++(?=\r?\n|\Z)")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_BAD_LINES = 1000
IDENTITIES = frozenset({"", "7bit", "8bit", "binary"})
BASE64 = "base64"
QUOTED_PRINTABLE = "quoted-printable"
UUENCODES = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


def decode_transfer(data: bytes, *, encoding: str) -> bytes:
    """The bytes that `data` stands for; an unknown encoding leaves them as they are. Never raises."""
    if encoding == BASE64:
        return _base64(data)
    if encoding == QUOTED_PRINTABLE:
        return _quoted_printable(data)
    if encoding in UUENCODES:
        return _uuencoded(data)
    return data


def knows(encoding: str) -> bool:
    """Whether a Content-Transfer-Encoding is one that can be undone (or needs no undoing)."""
    return encoding in IDENTITIES or encoding in UUENCODES or encoding in (BASE64, QUOTED_PRINTABLE)


def _base64(data: bytes) -> bytes:
    padding = data.find(b"=")
    if padding < 0 or (not data[padding : padding + 1024].strip(b"=\r\n\t ") and len(data) - padding < 1024):
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            pass
    pieces = []
    for match in re.finditer(b"[^=]++", data.translate(None, _NOT_BASE64)):
        piece = match[0]
        rest = len(piece) % 4
        piece = piece[:-1] if rest == 1 else piece + b"=" * (-rest % 4)
        if piece:
            pieces.append(binascii.a2b_base64(piece))
    return b"".join(pieces)


def _quoted_printable(data: bytes) -> bytes:
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return binascii.a2b_qp(_SPACED_SOFT_BREAK.sub(b"=", data))


def _uuencoded(data: bytes) -> bytes:
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data
    pieces, bad = [], 0
    for line in data[begin.end() :].splitlines():
        if line.strip() in (b"", b"`", b"end") or bad > _BAD_LINES:
            break
        # Some programs write more than the first character's count promises: take what it promises, as uudecode does.
        promised = (((line[0] - 32) & 63) + 2) // 3 * 4 + 1
        try:
            pieces.append(binascii.a2b_uu(line[:promised]))
        except binascii.Error:
            bad += 1
    return b"".join(pieces)
