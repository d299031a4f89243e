"""What a file is: its name says it, or its first bytes."""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from mailsluice.errors import Refusal
from mailsluice.exchange import archive, eml, mbox
from mailsluice.exchange.incoming import Source
from mailsluice.exchange.mail import Limits, Mail

FORMATS: Final = ("eml", "mbox", "zip")
_NAMES: Final = {".eml": "eml", ".mbox": "mbox", ".mbx": "mbox", ".zip": "zip"}
_START: Final = 8 << 10
_ZIP: Final = (b"PK\3\4", b"PK\5\6")
_FIELD: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]*[ \t]*:")


def format_of(file: BinaryIO, *, format: str = "", name: str = "") -> str:
    """The format that is said, or that the name tells, or the first bytes; Refusal for what is no mail.

    A file named .eml is one message, whatever it begins with.
    """
    file.seek(0)
    start = file.read(_START)
    found = format or next((_NAMES[end] for end in _NAMES if name.lower().endswith(end)), "") or _guessed(start)
    if found not in FORMATS:
        raise Refusal(f"There is no format {found[:40]!r}; there are {', '.join(FORMATS)}.", field="format")
    if found == "zip" and not start.startswith(_ZIP):
        raise Refusal("This is no zip archive.", field="body")
    return found


def source_of(file: BinaryIO, limits: Limits, *, format: str = "", name: str = "", received: int = 0) -> Source:
    """What reads the messages in a file, which stays open meanwhile."""
    found = format_of(file, format=format, name=name)

    def mails() -> Iterator[Mail]:
        file.seek(0)
        if found == "eml":
            return eml.read(file, limits, name=name, received=received)
        return archive.read(file, limits) if found == "zip" else mbox.read(file, limits)

    return Source(mails, lambda: archive.others(file)) if found == "zip" else Source(mails)


def _guessed(start: bytes) -> str:
    if not start:
        raise Refusal("There is nothing in it.", field="body")
    if start.startswith(_ZIP):
        return "zip"
    if mbox.begins(start):
        return "mbox"
    if _FIELD.match(start):
        return "eml"
    raise Refusal("This is no mail: it begins with no header field, and is no mbox file or zip archive.", field="body")
