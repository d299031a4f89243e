"""Contacts as cards that a person can read (vCard 2.1, 3.0 of RFC 2426 and 4.0 of RFC 6350)."""

import base64
import binascii
import re
from typing import Final

import msgspec

from mailsluice.preview.content_lines import Line, read_lines, readable

_MAX_CARDS: Final = 50
_MAX_ENTRIES: Final = 100
_MAX_PHOTO: Final = 1 << 20
_NOT_SAID: Final = {"INTERNET", "PREF", "VOICE", "X-VOICE"}
_SAID: Final = {"CELL": "mobile"}
_APPLE: Final = re.compile(r"_\$!<(.*)>!\$_")
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")
_LABELS: Final = {
    "EMAIL": "Email",
    "TEL": "Phone",
    "ADR": "Address",
    "URL": "Website",
    "IMPP": "Chat",
    "BDAY": "Birthday",
    "NOTE": "Note",
}


class Entry(msgspec.Struct, frozen=True):
    """One line of a card: what it is (`Phone`), which one (`work, mobile`), and its value."""

    label: str
    which: str
    value: str


class Contact(msgspec.Struct, frozen=True):
    """One card; `photo` is the embedded picture as it came, to be drawn by Previews and never served as it is."""

    name: str
    organization: str = ""
    title: str = ""
    entries: tuple[Entry, ...] = ()
    photo: bytes = b""
    remote_photo: str = ""
    version: str = ""


class Contacts(msgspec.Struct, frozen=True):
    """The cards of a file, and how many of them are not shown."""

    cards: tuple[Contact, ...] = ()
    left_out: int = 0


def contacts(content: bytes, *, charset: str = "") -> Contacts | None:
    """The contacts in a file, None when there are none."""
    cards: list[list[Line]] = []
    inside = False
    for line in read_lines(content, charset=charset):
        word = line.value.strip().upper()
        if line.name in ("BEGIN", "END") and word == "VCARD":
            inside = line.name == "BEGIN"
            if inside:
                cards.append([])
        elif inside:
            cards[-1].append(line)
    if not cards:
        return None
    return Contacts(tuple(_contact(lines) for lines in cards[:_MAX_CARDS]), max(0, len(cards) - _MAX_CARDS))


def _contact(lines: list[Line]) -> Contact:
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.name, line)
    named = {line.group: line.text for line in lines if line.name == "X-ABLABEL" and line.group}
    entries = [_entry(line, named) for line in [line for line in lines if line.name in _LABELS][:_MAX_ENTRIES]]
    photo, remote = _photo(first.get("PHOTO"))
    organization = first["ORG"].fields if "ORG" in first else []
    return Contact(
        name=_name(first),
        organization=", ".join(filter(None, organization)),
        title=first["TITLE"].text if "TITLE" in first else "",
        entries=tuple(entry for entry in entries if entry.value),
        photo=photo,
        remote_photo=remote,
        version=first["VERSION"].text[:10] if "VERSION" in first else "",
    )


def _name(first: dict[str, Line]) -> str:
    """The formatted name, else the name's parts in the order in which they are spoken."""
    if "FN" in first and first["FN"].text:
        return first["FN"].text
    fields = first["N"].fields if "N" in first else []
    family, given, more, before, after = (fields + [""] * 5)[:5]
    return " ".join(filter(None, (before, given, more, family, after)))


def _entry(line: Line, named: dict[str, str]) -> Entry:
    types = [word.strip().upper() for word in line.parameter("TYPE").split(",")]
    which = [_SAID.get(word, word.lower()) for word in types if word and word not in _NOT_SAID]
    label = named.get(line.group, "") if line.group else ""
    if label:
        apple = _APPLE.fullmatch(label)
        which = [apple[1].lower() if apple else label]
    value = ", ".join(filter(None, line.fields)) if line.name == "ADR" else line.text
    if line.name in ("TEL", "EMAIL"):
        value = re.sub(r"^(?:tel|mailto):", "", value, flags=re.IGNORECASE)
    return Entry(_LABELS[line.name], readable(", ".join(which))[:100], value)


def _photo(line: Line | None) -> tuple[bytes, str]:
    """The embedded picture, or the address of one elsewhere, which nobody fetches."""
    if line is None:
        return b"", ""
    value = line.value.strip()
    if value[:5].lower() == "data:":
        head, _, value = value.partition(",")
        if ";base64" not in head.lower():
            return b"", ""
    elif line.parameter("ENCODING").upper() not in ("B", "BASE64"):
        return b"", readable(value)[:500]
    if len(value) > _MAX_PHOTO * 4 // 3:
        return b"", ""
    digits = _NOT_BASE64.sub("", value)
    try:
        return base64.b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + "=" * (-len(digits) % 4)), ""
    except binascii.Error:
        return b"", ""
