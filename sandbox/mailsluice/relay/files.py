"""The files in a message that Gmail would refuse: by every name that they have, by content, and inside archives."""

import re
from collections.abc import Iterator
from typing import Final

from mailsluice.gmail.blocked import (
    ARCHIVES,
    SOURCE,
    blocked_content,
    blocked_extension,
    extension,
    has_macros,
    is_macro_project,
)
from mailsluice.message.charsets import decode_loose
from mailsluice.message.headers import unfold
from mailsluice.message.mime import Part, read
from mailsluice.message.parameters import structured
from mailsluice.message.words import clean, decode_words
from mailsluice.relay.archives import Entry, Reader, is_archive
from mailsluice.release import Finding

_ANY_NAME: Final = re.compile(r"""name(?:\*[0-9*]{0,6})?\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))""", re.IGNORECASE)
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_LONGEST: Final = 64 * 1024
_ENVELOPED: Final = 3
_MOST: Final = 20
_REMEDY: Final = "Send a link to the file instead, or let the app leave it out."


def file_findings(raw: bytes) -> tuple[Finding, ...]:
    """A doubt for each file that Gmail would refuse, as far as can be told; a note where one could not be read."""
    reader = Reader()
    found: dict[Finding, None] = {}
    for finding in _in_message(raw, reader, 0):
        found[finding] = None
        if len(found) >= _MOST:
            break
    if reader.is_spent:
        found[
            Finding(
                "archive-not-read",
                "note",
                "The archives are too large to look into completely; Gmail may find a blocked file in them.",
            )
        ] = None
    return tuple(found)


def file_names(part: Part) -> tuple[str, ...]:
    """Every name that Content-Disposition and Content-Type give a part: RFC 2231 and plain, first and repeated."""
    names: dict[str, None] = {}
    for field in (b"content-disposition", b"content-type"):
        value = part.fields.get(field, b"")[:_LONGEST]
        if b"name" not in value.lower():
            continue
        parameters = structured(value).parameters
        names |= dict.fromkeys(parameters[key] for key in ("filename", "name") if key in parameters)
        for quoted, token in _ANY_NAME.findall(decode_loose(unfold(value))):
            text = quoted.replace("\\", "") if quoted else token.strip()
            decoded = clean(decode_words(text)[0])
            names[decoded] = None
            if "''" in text or _PERCENT.search(text):
                names[clean(_PERCENT.sub(lambda two: chr(int(two[1], 16)), text).rpartition("''")[2])] = None
    return tuple(name for name in names if name)


def _in_message(raw: bytes, reader: Reader, depth: int) -> Iterator[Finding]:
    for part in read(raw)[1]:
        names = file_names(part)
        if not names and part.content_type in ("text/plain", "text/html"):
            continue
        if part.content_type == "message/rfc822" and depth < _ENVELOPED:
            yield from _in_message(part.content(), reader, depth + 1)
        yield from _in_file(names or ("a file without a name",), part.content(), reader)


def _in_file(names: tuple[str, ...], content: bytes, reader: Reader) -> Iterator[Finding]:
    name = _short(names[0])
    for other in names:
        if ending := blocked_extension(other):
            yield _doubt("blocked-file", f"Gmail blocks {_short(other)}: it takes no {ending} files.", _REMEDY)
            return
    if what := blocked_content(content, end=content[-512:]):
        yield _doubt("blocked-file", f"Gmail blocks {name}: whatever its name, it is {what}.", _REMEDY)
        return
    if any(has_macros(other, content) for other in names):
        yield _macros(name)
    elif is_archive(content):
        yield from _in_archive(names, content, reader)


def _in_archive(names: tuple[str, ...], content: bytes, reader: Reader) -> Iterator[Finding]:
    name = max(names, key=lambda one: extension(one) in ARCHIVES)
    for entry in reader.entries(name, content):
        where = " in ".join(_short(one) for one in reversed(entry.inside))
        if ending := blocked_extension(entry.name):
            yield _doubt(
                "blocked-file", f"Gmail blocks {_short(entry.name)} in {where}: it takes no {ending} files.", _REMEDY
            )
        elif what := blocked_content(entry.start):
            yield _doubt("blocked-file", f"Gmail blocks {_short(entry.name)} in {where}: it is {what}.", _REMEDY)
        elif is_macro_project(entry.name):
            yield _macros(where)
        elif _is_locked_archive(entry):
            yield _doubt(
                "locked-archive",
                f"Gmail blocks {where}: it is protected by a password and holds the archive {_short(entry.name)}.",
                "Send it without the inner archive or without the password, or send a link to it.",
            )


def _is_locked_archive(entry: Entry) -> bool:
    return entry.is_locked and extension(entry.name) in ARCHIVES


def _macros(name: str) -> Finding:
    return _doubt("macros", f"Gmail may block {name}: it has macros.", "Send it without the macros, or as a PDF.")


def _doubt(code: str, text: str, remedy: str) -> Finding:
    return Finding(code, "doubt", text, remedy=remedy, link=SOURCE)


def _short(name: str) -> str:
    """A name to put into a sentence."""
    visible = "".join(letter if letter.isprintable() else " " for letter in name).strip()
    return visible if len(visible) <= 80 else f"{visible[:40]}…{visible[-30:]}"
