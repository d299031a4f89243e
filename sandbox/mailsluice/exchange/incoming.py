"""From a file to captures: what it is, what is in it, and the envelope that nobody said."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, Final

from mailsluice.capture import IMPORT_PEER, Capture, SessionFacts, Spool, new_id, now
from mailsluice.errors import Refusal, StoreError
from mailsluice.exchange import archive, eml, mbox
from mailsluice.exchange.envelope import envelope_of
from mailsluice.exchange.mail import Limits, Mail, shown_size
from mailsluice.store import Store

FORMATS: Final = ("eml", "mbox", "zip")
Source = Callable[[], Iterator[Mail]]
"""Reads the messages from the beginning, each time that it is called."""

_SPOOLED_ABOVE: Final = 512 << 10
_AT_ONCE: Final = 100
_BYTES_AT_ONCE: Final = 8 << 20
_EARLIEST: Final = 315_619_200_000_000  # 1980-01-02: zip archives write the day before for “not known”


def guessed(start: bytes) -> str:
    """The format of a file by its first bytes."""
    if start.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    return "mbox" if start.startswith(b"From ") else "eml"


def source_of(file: BinaryIO, limits: Limits, *, format: str = "", name: str = "", received: int = 0) -> Source:
    """What reads the messages in a file, which stays open meanwhile; without a format it is guessed."""
    file.seek(0)
    found = format or guessed(file.read(8))
    if found not in FORMATS:
        raise Refusal(f"There is no format {found[:40]!r}; there are {', '.join(FORMATS)}.", field="format")

    def read() -> Iterator[Mail]:
        file.seek(0)
        if found == "eml":
            return eml.read(file, limits, name=name, received=received)
        return archive.read(file, limits) if found == "zip" else mbox.read(file, limits)

    return read


async def import_mail(store: Store, source: Source, limits: Limits, *, mends_line_ends: bool = False) -> list[str]:
    """Store the messages in their order; their ids. Refusal, and nothing is stored, if one of them cannot come in.

    StoreError if the disk fails on the way; it tells how many were stored before. `mends_line_ends` makes every line
    end CRLF; else each message is the bytes that the source has.
    """
    number = await asyncio.to_thread(_looked_through, source, limits)
    session, stored, mails = new_id(), list[str](), source()
    try:
        while captures := await asyncio.to_thread(_captures, mails, store, session, mends_line_ends):
            # What is spooled takes longer, and would come behind what follows.
            for _, group in groupby(captures, key=lambda one: one.id if isinstance(one.body, Spool) else ""):
                await _add(store, [*group], stored)
    except StoreError as error:
        raise StoreError(f"{len(stored):,} of {number:,} messages were imported. Then: {error}") from error
    return stored


def _looked_through(source: Source, limits: Limits) -> int:
    """How many messages there are; whatever makes one of them impossible shows here."""
    number = total = 0
    for mail in source():
        number, total = number + 1, total + len(mail.raw)
        if number > limits.messages:
            raise Refusal(f"There are more than {limits.messages:,} messages in it, the most at once.", field="body")
        if total > limits.total:
            raise Refusal(f"It holds more than {shown_size(limits.total)} of mail, the most at once.", field="body")
    if not number:
        raise Refusal("There is no message in it.", field="body")
    return number


def _captures(mails: Iterator[Mail], store: Store, session: str, mends_line_ends: bool) -> list[Capture]:
    """The next few; not more than memory has room for."""
    captures: list[Capture] = []
    size = 0
    for mail in islice(mails, _AT_ONCE):
        captures.append(_capture(_mended(mail) if mends_line_ends else mail, store, session=session))
        size += len(mail.raw)
        if size > _BYTES_AT_ONCE or isinstance(captures[-1].body, Spool):
            break
    return captures


async def _add(store: Store, captures: Sequence[Capture], stored: list[str]) -> None:
    """Store them side by side, so that they share a commit, and note the ids of those that are."""
    outcomes = await asyncio.gather(*(store.add(capture) for capture in captures), return_exceptions=True)
    stored += [capture.id for capture, outcome in zip(captures, outcomes, strict=True) if outcome is None]
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _capture(mail: Mail, store: Store, *, session: str) -> Capture:
    envelope, told = envelope_of(mail)
    present = now()
    received = mail.received if _EARLIEST <= mail.received <= present else present
    facts = SessionFacts(id=session, peer=IMPORT_PEER, began=present)
    return Capture(new_id(), received, envelope, facts, (told,), _body(mail.raw, store.spool_folder))


def _mended(mail: Mail) -> Mail:
    raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Mail(raw, mail.name, mail.received, mail.sender, mail.recipients)


def _body(raw: bytes, folder: Path) -> bytes | Spool:
    """Large bodies go the way of the listener's, which holds nobody up."""
    if len(raw) <= _SPOOLED_ABOVE:
        return raw
    path = folder / f"import-{new_id()}"
    try:
        path.write_bytes(raw)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"{folder} takes no more: {error.strerror or error}.") from error
    return Spool(path, len(raw))
