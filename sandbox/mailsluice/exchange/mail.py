"""A message on its way in or out, and how much may come in."""

from typing import Final

import msgspec

MOST_UPLOADED: Final = 2 << 30
"""The largest file that is imported at once."""


class Mail(msgspec.Struct, frozen=True):
    """The exact bytes, and what the source knows besides.

    `name` is how the source calls it; `received` is microseconds UTC, 0 if nobody knows; of the envelope None is
    unknown, and an empty sender is the null sender.
    """

    raw: bytes
    name: str = ""
    received: int = 0
    sender: str | None = None
    recipients: tuple[str, ...] | None = None
    seen: bool = False
    pinned: bool = False


class Limits(msgspec.Struct, frozen=True):
    """The most bytes of one message, the most messages, and the most bytes of all once they are unpacked."""

    message: int
    messages: int = 100_000
    total: int = 4 << 30


ENDLESS: Final = Limits(message=1 << 62, messages=1 << 62, total=1 << 62)
"""For our own file, of mail that is here already."""


def shown(name: str) -> str:
    """A name from a hostile source as a sentence can hold it."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in name[:80])
    return f"“{printable}…”" if len(name) > 80 else f"“{printable}”"


def shown_size(size: int) -> str:
    """Bytes for a sentence."""
    return f"{size >> 20:,} MB" if size >= 1 << 20 else f"{size:,} bytes"
