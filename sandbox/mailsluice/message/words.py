"""Encoded words (RFC 2047) in header text, and the cleaning of header text for display."""

import binascii
import re
from typing import NamedTuple

from mailsluice.message.charsets import decode

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*+)\?=")
_CONTROLS = {n: "\ufffd" for n in (*range(32), *range(127, 160), *range(0xD800, 0xE000))} | {9: " ", 10: " ", 13: " "}
# Embeddings, overrides and isolates (Unicode UAX 9), marks of direction, and what has no width; joiners are for words.
_TURNING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BAD_QUOTED = re.compile("=(?![0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile("[^A-Za-z0-9+/]+")


class _Word(NamedTuple):
    charset: str
    encoding: str
    payload: str


def clean(text: str) -> str:
    """`text` without control characters: line ends and tabs become spaces, others U+FFFD."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def visible(text: str) -> str:
    """`text` with what is not seen but turns its order round written out: `photo<U+202E>gpj.exe`."""
    return _TURNING.sub(lambda one: f"<U+{ord(one[0]):04X}>", text)


def decode_words(text: str) -> tuple[str, bool]:
    """`text` with its encoded words decoded, and whether all could be; what could not is left readable."""
    if "=?" not in text:
        return text, True
    pieces: list[str] = []
    run: list[_Word] = []
    whole, end = True, 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        if not run or between.strip():
            whole &= _flush(run, pieces)
            pieces.append(between)
        # RFC 2231 section 5 lets a language follow the charset: `=?utf-8*en?…`
        run.append(_Word(match[1].partition("*")[0].lower(), match[2].lower(), match[3]))
        end = match.end()
    whole &= _flush(run, pieces)
    pieces.append(text[end:])
    return "".join(pieces), whole and "=?" not in text[end:]


def _flush(run: list[_Word], pieces: list[str]) -> bool:
    """Decode a run of adjacent words; those of one charset are joined first, as a character may be split over two."""
    whole, start = True, 0
    for stop in range(1, len(run) + 1):
        charset = run[start].charset
        if stop == len(run) or run[stop].charset != charset:
            data, good = _bytes(run[start:stop])
            text, defect = decode(data, charset=charset)
            pieces.append(text)
            whole &= good and not defect
            start = stop
    run.clear()
    return whole


def _bytes(words: list[_Word]) -> tuple[bytes, bool]:
    """The bytes of words of one charset, and whether they were what their encoding says."""
    pieces: list[bytes] = []
    sextets = ""
    good = True
    for word in words:
        if word.encoding == "q":
            pieces.append(_base64(sextets) + binascii.a2b_qp(word.payload.encode("utf-8", "replace"), header=True))
            sextets = ""
            good &= not _BAD_QUOTED.search(word.payload)
            continue
        letters = _NOT_BASE64.sub("", word.payload)
        good &= bool(letters) or not word.payload.strip(" =")
        sextets += letters
        # Some programs cut the base64 text itself, so that one word ends in the middle of a quantum.
        if "=" in word.payload or len(sextets) % 4 == 0:
            pieces.append(_base64(sextets))
            sextets = ""
    pieces.append(_base64(sextets))
    return b"".join(pieces), good


def _base64(letters: str) -> bytes:
    rest = len(letters) % 4
    if rest == 1:
        letters, rest = letters[:-1], 0
    return binascii.a2b_base64(letters + "=" * (-rest % 4)) if letters else b""
