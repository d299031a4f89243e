"""Response headers under which a part of a hostile message may reach a browser."""

import mimetypes
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from mailsluice.message.mime import Part

SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
"""Types that a browser draws and never runs; SVG is not among them."""

UNRUN = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of an answer in which nothing runs, which loads nothing and stands in no other page."""

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_UNSAFE = re.compile(r'[<>:"|?*]')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAME_LIMIT = 120
_EXTENSION_LIMIT = 12


def safe_type(content_type: str) -> str:
    """The media type if it is well-formed, else `application/octet-stream`."""
    lowered = content_type.strip().lower()
    return lowered if _TYPE.fullmatch(lowered) else "application/octet-stream"


def safe_name(name: str, *, fallback: str) -> str:
    """A file name without folders, control characters, direction overrides or a leading dot, and not too long."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(letter for letter in last if unicodedata.category(letter) not in _UNPRINTABLE)
    tidy = " ".join(_UNSAFE.sub("_", printable).split()).strip(". ")
    if not tidy:
        return fallback
    if len(tidy) <= _NAME_LIMIT:
        return tidy
    stem, dot, extension = tidy.rpartition(".")
    if not dot or len(extension) > _EXTENSION_LIMIT:
        return tidy[:_NAME_LIMIT]
    return stem[: _NAME_LIMIT - len(extension) - 1] + dot + extension


def guessed_name(stem: str, content_type: str) -> str:
    """A name for a part that has none: `part-2.pdf`."""
    known = {"message/rfc822": ".eml", "text/plain": ".txt", "text/calendar": ".ics"}
    return stem + (known.get(content_type) or mimetypes.guess_extension(content_type) or ".bin")


def part_name(part: "Part") -> str:
    """The file name under which a part is offered."""
    return safe_name(part.filename, fallback=guessed_name(f"part-{part.number}", safe_type(part.content_type)))


def disposition(kind: str, name: str) -> str:
    """Content-Disposition with the name twice: plain for old readers, `filename*` (RFC 6266, RFC 8187) for the others.

    `attachment; filename="Rechnung _.pdf"; filename*=UTF-8''Rechnung%20%E2%82%AC.pdf`
    """
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def headers(content_type: str, name: str) -> dict[str, str]:
    """Headers for one part: never sniffed, never run, a download unless it is a safe image."""
    kind = "inline" if content_type in SAFE_IMAGES else "attachment"
    return {
        "Content-Type": content_type,
        "Content-Disposition": disposition(kind, name),
        "Content-Security-Policy": UNRUN,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
