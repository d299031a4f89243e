"""From messages of elsewhere to captures: all or none, in their order, with the envelope that nobody said."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from mailsluice.capture import IMPORT_PEER, Capture, SessionFacts, Spool, new_id, now
from mailsluice.errors import Refusal, StoreError
from mailsluice.exchange.envelope import envelope_of
from mailsluice.exchange.mail import Limits, Mail, shown, shown_size
from mailsluice.store import Limits as Kept
from mailsluice.store import Store

_SHOWN: Final = 3
_SPOOLED_ABOVE: Final = 512 << 10
_AT_ONCE: Final = 100
_BYTES_AT_ONCE: Final = 8 << 20
_EARLIEST: Final = 315_619_200_000_000  # 1980-01-02: zip archives write the day before for “not known”


class Source(NamedTuple):
    """Where messages come from.

    `mails` reads them from the beginning, each time that it is called; `others` names the files that are no mail.
    """

    mails: Callable[[], Iterator[Mail]]
    others: Callable[[], list[str]] = list


class Imported(msgspec.Struct, frozen=True):
    """What came in, in its order, the files that are no mail and stayed out, and which limits all this goes beyond."""

    ids: list[str]
    left_out: list[str] = []
    exceeded: Kept = Kept()

    @property
    def notes(self) -> list[str]:
        """What somebody who only sees the number should know, in sentences."""
        return [note for note in (self.note_of_others, self.note_of_limits) if note]

    @property
    def note_of_others(self) -> str:
        """Which files stayed out."""
        if not self.left_out:
            return ""
        number, names = len(self.left_out), ", ".join(map(shown, self.left_out[:_SHOWN]))
        more = f" and {number - _SHOWN:,} more" if number > _SHOWN else ""
        said = "1 file that is no mail was" if number == 1 else f"{number:,} files that are no mail were"
        return f"{said} left out: {names}{more}."

    @property
    def note_of_limits(self) -> str:
        """That retention removes what is too much."""
        messages, size = self.exceeded.messages, self.exceeded.size
        most = [f"{messages:,} {'message' if messages == 1 else 'messages'} (--max)"] if messages else []
        most += [f"{shown_size(size)} (--max-bytes)"] if size else []
        return f"Mailsluice keeps only {' and '.join(most)}, so the oldest go." if most else ""


async def import_mail(store: Store, source: Source, limits: Limits, *, mends_line_ends: bool = False) -> Imported:
    """Store the messages in their order. Refusal, and nothing is stored, if one of them cannot come in.

    StoreError if the disk fails on the way; it tells how many were stored before. `mends_line_ends` makes every line
    end CRLF; else each message is the bytes that the source has.
    """
    number, size = await asyncio.to_thread(_looked_through, source, limits)
    left_out, exceeded = await asyncio.to_thread(source.others), await store.exceeded(messages=number, size=size)
    session, stored, mails = new_id(), list[str](), source.mails()
    try:
        while captures := await asyncio.to_thread(_captures, mails, store, session, mends_line_ends):
            # What is spooled takes longer, and would come behind what follows.
            for _, group in groupby(captures, key=lambda one: one.id if isinstance(one.body, Spool) else ""):
                await _add(store, [*group], stored)
    except StoreError as error:
        raise StoreError(f"{len(stored):,} of {number:,} messages were imported. Then: {error}") from error
    return Imported(stored, left_out, exceeded)


def _looked_through(source: Source, limits: Limits) -> tuple[int, int]:
    """How many messages and bytes there are; whatever makes one of them impossible shows here."""
    number = total = 0
    for mail in source.mails():
        number, total = number + 1, total + len(mail.raw)
        if number > limits.messages:
            raise Refusal(f"There are more than {limits.messages:,} messages in it, the most at once.", field="body")
        if total > limits.total:
            raise Refusal(f"It holds more than {shown_size(limits.total)} of mail, the most at once.", field="body")
    if not number:
        raise Refusal("There is no message in it.", field="body")
    return number, total


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
