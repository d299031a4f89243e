"""What the listener knows of a message at the moment of receipt, before anybody has parsed it."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

IMPORT_PEER: Final = "import"
"""The `peer` of a session that was none: its messages were imported, and no rule releases them."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_HALF = 62**11


def _eleven(number: int) -> str:
    number, last = divmod(number, 62)
    number, e = divmod(number, 3844)
    number, d = divmod(number, 3844)
    number, c = divmod(number, 3844)
    a, b = divmod(number, 3844)
    return _PAIRS[a] + _PAIRS[b] + _PAIRS[c] + _PAIRS[d] + _PAIRS[e] + _DIGITS[last]


class _Randomness:
    """Random bytes, fetched many at a time: each fetch is a system call. Safe in several threads."""

    def __init__(self) -> None:
        self._pool: Iterator[bytes] = iter(())
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            ten = next(self._pool, None)
            if ten is None:
                many = os.urandom(2560)
                self._pool = iter([many[at : at + 10] for at in range(0, 2560, 10)])
                ten = next(self._pool)
            return ten


_random_bytes = _Randomness()


def now() -> int:
    """Microseconds since 1970, UTC: the unit of every stored time."""
    return time.time_ns() // 1000


def new_id(moment: int | None = None) -> str:
    """A name of 22 base-62 characters for a message or a session of now: nobody guesses it, and later ones sort higher.

    48 bits of milliseconds before 80 random ones: an index then grows at its end instead of everywhere.
    """
    number = (now() if moment is None else moment) // 1000 << 80 | int.from_bytes(_random_bytes())
    high, low = divmod(number, _HALF)  # small numbers divide faster
    return f"{_eleven(high)}{_eleven(low)}"


def moment_of(id: str) -> int:
    """When the id was made, to the millisecond: of what was imported, when it came in here."""
    number = 0
    for digit in id:
        number = number * 62 + _DIGITS.index(digit)
    return (number >> 80) * 1000


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One RCPT TO: the address, and its ESMTP parameters as they were written (`NOTIFY=NEVER`)."""

    address: str
    parameters: tuple[str, ...] = ()


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """MAIL FROM and RCPT TO as the client said them (RFC 5321 section 2.3.1); an empty sender is the null sender."""

    sender: str
    recipients: tuple[Recipient, ...]
    parameters: tuple[str, ...] = ()


class SessionFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the SMTP session had told when the message ended.

    `peer` is `address:port`, `unix` or IMPORT_PEER; `began` is microseconds UTC; `tls` names version and cipher, empty
    without TLS; `user` is the AUTH identity; `warnings` are oddities of this session in words for a person.
    """

    id: str
    peer: str
    began: int
    helo: str = ""
    extended: bool = False
    tls: str = ""
    user: str = ""
    warnings: tuple[str, ...] = ()


class SessionRecord(msgspec.Struct, frozen=True):
    """A session that brought no message or was refused something, as it is kept.

    `ended` is microseconds UTC; `captured` and `rejected` count messages; `refusals` are the replies from 400 up, as
    far as they were kept; `outcome` is how it ended, in words, where that was not by QUIT.
    """

    facts: SessionFacts
    ended: int
    captured: int
    rejected: int
    refusals: tuple[str, ...]
    outcome: str
    transcript: tuple[str, ...]


class Spool(msgspec.Struct, frozen=True):
    """A body too large for memory, in a file beside the database; whoever stores it deletes the file."""

    path: Path
    size: int

    def delete(self) -> None:
        """Remove the file; one that is gone already is fine."""
        self.path.unlink(missing_ok=True)


class Capture(msgspec.Struct, frozen=True):
    """Message, envelope and session facts at the moment of receipt; `received` is microseconds UTC.

    `transcript` holds the dialogue as `C: …` and `S: …` lines, secrets masked already.
    """

    id: str
    received: int
    envelope: Envelope
    session: SessionFacts
    transcript: tuple[str, ...]
    body: bytes | Spool
