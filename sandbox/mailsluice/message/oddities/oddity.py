"""Everything odd about a message and the session that brought it: one sentence each, with the RFC section behind it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final, Literal, Protocol

import msgspec

from mailsluice.capture import IMPORT_PEER, Envelope, SessionFacts
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.headers import fields, header_block
from mailsluice.message.oddities.addresses import address_oddities
from mailsluice.message.oddities.bodies import body_oddities
from mailsluice.message.oddities.dates import date_oddities
from mailsluice.message.oddities.defects import defect_oddities
from mailsluice.message.oddities.encoded import encoded_word_oddities
from mailsluice.message.oddities.header import header_oddities, missing_fields, submission_oddities
from mailsluice.message.oddities.lists import list_oddities
from mailsluice.message.oddities.parts import part_oddities
from mailsluice.message.oddities.rules import RULES, Noted, by_name, shown
from mailsluice.message.oddities.session import envelope_oddities, session_oddities
from mailsluice.message.oddities.structure import Tree, structure_oddities
from mailsluice.message.parse import Message

__all__ = ["Oddity", "Received", "oddities"]

_MOST: Final = 100
_ALIKE: Final = 20
_LONGEST: Final = 400
_SEVERITIES: Final = ("defect", "warning", "note")
# Where the header was read in part, or is none, nothing can be said to be missing from it.
_UNREAD: Final = frozenset(["no-header", "header-too-long", "too-many-fields"])

Severity = Literal["defect", "warning", "note"]


class Oddity(msgspec.Struct, frozen=True):
    """One thing that is odd: a sentence for a person, and where the rule stands that it departs from.

    A defect breaks the rule, a warning may cost delivery or show the mail otherwise than meant, a note explains.
    """

    code: str
    text: str
    rfc: str
    url: str
    severity: Severity


class Received(Protocol):
    """How a message came, as far as it is looked at: a receipt of the store is one."""

    @property
    def envelope(self) -> Envelope:
        """MAIL FROM and RCPT TO."""

    @property
    def session(self) -> SessionFacts:
        """What the session had told."""


def oddities(
    raw: bytes,
    message: Message,
    receipt: Received | None,
    *,
    bounds: Bounds = DEFAULT,
    received: int | None = None,
) -> tuple[Oddity, ...]:
    """What is odd about a message, `message` being `raw` parsed within `bounds`; the worst first, at most 100.

    `received` is when it came (microseconds UTC; the session's begin where it is not given). What was imported came by
    no session: neither its envelope nor its age is looked at. Never raises.
    """
    if receipt is not None and receipt.session.peer == IMPORT_PEER:
        receipt = received = None
    if receipt is not None and received is None:
        received = receipt.session.began
    found = list(defect_oddities(message.defects))
    known = {one.code for one in found}
    said = " ".join(one.text for one in found if one.code in ("unknown-charset", "unknown-encoding"))
    block, _ = header_block(raw, start=0, end=len(raw), bounds=bounds)
    named = by_name(fields(block, bounds=bounds))
    tree = Tree(message.parts)
    parameters = frozenset(one.upper() for one in receipt.envelope.parameters) if receipt else frozenset[str]()
    rules: Iterable[Iterable[Noted]] = (
        [] if known & _UNREAD else missing_fields(named),
        header_oddities(raw, block, named, parameters=parameters),
        date_oddities(named, message.date, came=_moment(received)),
        address_oddities(named, message),
        encoded_word_oddities(named),
        structure_oddities(tree),
        part_oddities(raw, message.parts, said=said),
        body_oddities(message, tree),
        list_oddities(named),
        submission_oddities(named) if receipt else [],
        envelope_oddities(raw, message, receipt.envelope, extended=receipt.session.extended) if receipt else [],
        session_oddities(receipt.session.warnings) if receipt else [],
    )
    return _ordered(chain(found, *rules))


def _moment(microseconds: int | None) -> datetime | None:
    try:
        return None if microseconds is None else datetime.fromtimestamp(microseconds / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _ordered(found: Iterable[Noted]) -> tuple[Oddity, ...]:
    """As many as a person would read, the worst first; of those alike only the first, and how many were left out."""
    alike: Counter[str] = Counter()
    kept: list[Noted] = []
    for one in dict.fromkeys(found):
        alike[one.code] += 1
        if alike[one.code] <= _ALIKE:
            kept.append(one)
    kept += (Noted(code, f"{n - _ALIKE:,} more like this were found.") for code, n in alike.items() if n > _ALIKE)
    places = {code: place for place, code in enumerate(alike)}
    kept.sort(key=lambda one: (_SEVERITIES.index(RULES[one.code][0]), places[one.code]))
    return tuple(_oddities(kept[:_MOST]))


def _oddities(found: Iterable[Noted]) -> Iterator[Oddity]:
    for code, text, own in found:
        severity, usual = RULES[code]
        rfc = own or usual
        # The reader's and the session's own sentences quote the mail, too.
        yield Oddity(code, shown(text, length=_LONGEST), rfc, _url(rfc), severity)


def _url(rfc: str) -> str:
    """`RFC 5322, 3.6` as the address of that section; a letter names an appendix."""
    number, _, section = rfc.removeprefix("RFC ").partition(", ")
    kind = "appendix" if section[:1].isalpha() else "section"
    return f"https://www.rfc-editor.org/rfc/rfc{number}" + (f"#{kind}-{section}" if section else "")
