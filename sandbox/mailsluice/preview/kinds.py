"""What a file really is, by its first bytes, and whether that is what its type and its name say."""

import re
from typing import Final

import msgspec

from mailsluice.preview.known import BY_BRAND, BY_START, BY_TEXT, BY_ZIP, KINDS, Kind

_HEAD: Final = 64 * 1024
_TEXT: Final = 4096
_LONGEST: Final = 80
_LENIENT: Final = 1024  # readers of PDF skip so much before its header
_NAME: Final = re.compile(r"\.([A-Za-z0-9]{1,8})\s*$")
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_NOT_TEXT: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
_ANYTHING: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
_PLAIN: Final = KINDS["text"]


class Sniffed(msgspec.Struct, frozen=True):
    """What the content is: its media type and a name to put into a sentence; both empty when unknown.

    Some kinds have a name, and no type that could be told from the first bytes.
    """

    content_type: str = ""
    name: str = ""


def sniffed(head: bytes) -> Sniffed:
    """The kind of a file by its first bytes (64 KB are enough), whatever it is called."""
    kind = _kind(head[:_HEAD])
    return Sniffed("".join(kind.types[:1]), kind.name) if kind else Sniffed()


def differing(declared: str, name: str, head: bytes) -> str:
    """One sentence when content, declared type and file name do not agree, "" when they do or cannot be told.

    `It says image/png and is named .png but is a PDF.`
    """
    found = _WORD.match(declared.strip().lower())
    said = found[0] if found else ""
    ending = _NAME.search(name[-_LONGEST:])
    extension = ending[1].lower() if ending else ""
    if not head:
        # A text may be empty; nothing else can.
        claims = _claims(
            said if _is_binary(_DECLARED.get(said)) else "", extension if _is_binary(_NAMED.get(extension)) else ""
        )
        return f"It {claims} but is empty." if claims else ""
    kind = _kind(head[:_HEAD])
    wrong_type = said if said not in _ANYTHING and not _agrees(kind, _DECLARED.get(said), said) else ""
    wrong_name = extension if not _agrees(kind, _NAMED.get(extension), "") else ""
    claims = _claims(wrong_type, wrong_name)
    if not claims:
        return ""
    return f"It {claims} but is {kind.name}." if kind else f"It {claims} but its content is something else."


def _claims(said: str, extension: str) -> str:
    """What a file says of itself: `says image/png and is named .png`."""
    claims = [f"says {said[:_LONGEST]}"] if said else []
    if extension:
        claims.append(f"is named .{extension}")
    return " and ".join(claims)


def _is_binary(claimed: Kind | None) -> bool:
    return claimed is not None and not claimed.textual


def _agrees(kind: Kind | None, claimed: Kind | None, said: str) -> bool:
    """Whether content may be what is claimed: only a claim that can be checked can be wrong."""
    if kind is None:
        # Unknown bytes speak against a kind whose first bytes are always the same.
        return claimed is None or not claimed.always
    if claimed is None:
        # A type not known here: its main type must do.
        main = said.partition("/")[0]
        mains = {type_.partition("/")[0] for type_ in kind.types} | ({"text"} if kind.textual else set())
        return main not in ("image", "audio", "video", "text") or main in mains
    if claimed is kind or claimed.key in kind.also:
        return True
    return claimed is _PLAIN and kind.textual


def _kind(head: bytes) -> Kind | None:
    for start, offset, key in BY_START:
        if head.startswith(start, offset):
            return _inside(key, head)
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return KINDS["bmp"]
    if head[4:8] == b"ftyp":
        return KINDS[BY_BRAND.get(head[8:12].decode("latin-1").strip().lower(), "mp4")]
    if b"%PDF-" in head[:_LENIENT]:
        return KINDS["pdf"]
    return _textual(head)


def _inside(key: str, head: bytes) -> Kind:
    """What a container holds: an office document is a ZIP archive with certain names in it."""
    if key == "riff":
        return KINDS[{b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12], "riff")]
    if key == "zip":
        return KINDS[next((inner for mark, inner in BY_ZIP if mark in head), "zip")]
    if key == "exe" and head[2:3].isascii() and not _NOT_TEXT.search(head[:64]):
        return _textual(head) or KINDS[key]  # a text that begins with the letters MZ
    return KINDS[key]


def _textual(head: bytes) -> Kind | None:
    """The kind of a text; None when it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: _TEXT * 2].decode("utf-16", "replace")
        if "\0" in text:
            return None
    elif _NOT_TEXT.search(head[:_TEXT]):
        return None
    else:
        text = head[:_TEXT].decode("utf-8", "replace").removeprefix("\ufeff")
    text = text.lstrip()
    return KINDS[next((key for pattern, key in BY_TEXT if pattern.match(text)), "text")]


_DECLARED: Final = {type_: kind for kind in reversed(KINDS.values()) for type_ in kind.types}
_NAMED: Final = {extension: kind for kind in reversed(KINDS.values()) for extension in kind.extensions}
