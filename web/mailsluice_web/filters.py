"""How numbers, times and names look on a page; each function is a template filter of the same name."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from mailsluice import capture
from mailsluice.message.words import visible
from mailsluice.search import And, Term
from mailsluice.store.records import ListedMessage
from mailsluice_web import downloads
from mailsluice_web.framing import opening, warnings_of
from mailsluice_web.places import Place, fixed

if TYPE_CHECKING:
    from mailsluice.message.mime import Part

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\^`{|}]+", re.IGNORECASE)
_AFTER_ADDRESS = ".,:;!?)]»”’*_"


_HUES = 12
_LEAVING = "unsubscribe"
_ACTIONS = {
    "verify": "Verify",
    "reset": "Reset the password",
    "sign-in": "Sign in",
    "invite": "Accept the invitation",
    _LEAVING: "Unsubscribe",
}


class Action(NamedTuple):
    """The link that a person would act on: what it does, in our words, and whose it is."""

    url: str
    text: str
    host: str


class Piece(NamedTuple):
    """A stretch of plain text; `url` is set when the stretch is a web address."""

    text: str
    url: str = ""


def size(count: int) -> str:
    """Bytes as a person reads them: `812 B`, `1.4 KB`, `18 MB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KB", "MB", "GB"):
        value /= 1024
        if value < 1023.5 or unit == "GB":
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"


def number(count: int) -> str:
    """A count with its thousands marked: `4,990`."""
    return f"{count:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 message`, `4,990 messages`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def left(until: int) -> int:
    """The milliseconds until then."""
    return max(0, until - capture.now()) // 1000


def iso(microseconds: int) -> str:
    """The time for a machine: `2026-11-20T23:43:36Z`."""
    return f"{_utc(microseconds):%Y-%m-%dT%H:%M:%SZ}"


def moment(microseconds: int) -> str:
    """The exact time for a person: `20 Nov 2026, 23:43:36 UTC`."""
    time = _utc(microseconds)
    return f"{time.day} {time:%b %Y, %H:%M:%S} UTC"


def ago(microseconds: int, *, now: int | None = None) -> str:
    """The time as a distance: `now`, `2 min`, `3 h`, `yesterday`, `4 days`, then the date.

    `relative` in times.js says the same, so that a page that stays open keeps telling the truth.
    """
    present = capture.now() if now is None else now
    seconds = (present - microseconds) // 1_000_000
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h"
    if seconds < 2 * _DAY:
        return "yesterday"
    if seconds < 7 * _DAY:
        return f"{seconds // _DAY} days"
    time = _utc(microseconds)
    return f"{time.day} {time:%b}" if time.year == _utc(present).year else f"{time.day} {time:%b %Y}"


def written(time: datetime) -> str:
    """A Date header as its author meant it, in the author's own time zone: `Fri, 20 Nov 2026, 10:00:00 +0100`."""
    return f"{time:%a}, {time.day} {time:%b} {time.year}, {time:%H:%M:%S} {time:%z}".rstrip()


def sender(message: ListedMessage) -> str:
    """Who wrote it: the name, else the address, else the envelope's sender."""
    author = message.summary.sender
    return author.name or author.address or message.envelope_sender or "(no sender)"


def recipients(message: ListedMessage) -> str:
    """Who gets it by the envelope: the first three, and how many more."""
    summary, absent = message.summary, {address.lower() for address in message.absent}
    named = [person for person in (*summary.to, *summary.cc, *summary.bcc) if person.address.lower() not in absent]
    carried = [person.address for person in named if person.address]
    everybody = [*carried, *message.unlisted] or [person.name for person in named if person.name]
    shown = ", ".join(everybody[:3])
    return f"{shown} +{len(everybody) - 3:,}" if len(everybody) > 3 else shown or "(no recipients)"


def pieces(text: str) -> Iterator[Piece]:
    """Plain text cut where a web address begins and ends, so that a page can link it."""
    end = 0
    for match in _ADDRESS.finditer(text):
        url = match.group().rstrip(_AFTER_ADDRESS)
        if match.start() > end:
            yield Piece(text[end : match.start()])
        yield Piece(url, url)
        end = match.start() + len(url)
    if end < len(text):
        yield Piece(text[end:])


def hue(tag: str) -> str:
    """The colour of a tag, always the same for a name: `hue-0` to `hue-11`."""
    return f"hue-{zlib.crc32(tag.lower().encode('utf-8', 'replace')) % _HUES}"


def action(message: ListedMessage) -> Action | None:
    """What its mail asks a person to do, if that is a web address and does not only unsubscribe."""
    kind, found = _link(message)
    return found if kind != _LEAVING else None


def leaving(message: ListedMessage) -> Action | None:
    """Where its mail unsubscribes, if that is a web address and all that it offers."""
    kind, found = _link(message)
    return found if kind == _LEAVING else None


def _link(message: ListedMessage) -> tuple[str, Action | None]:
    try:
        found: Any = msgspec.json.decode(message.action) if message.action else {}
    except msgspec.DecodeError:
        return "", None
    url = found.get("url") if isinstance(found, dict) else None
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        return "", None
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return "", None
    kind = str(found.get("kind", ""))
    return kind, Action(url, _ACTIONS.get(kind, "Open the link"), host)


def exported(place: Place, format: str) -> str:
    """Where all messages of a place are had as one file."""
    parts = [fixed(place.understood().root)] if place.is_search else []
    parts += [Term("mailbox", place.mailbox)] if place.mailbox else []
    query = {"query": str(And(tuple(parts)))} if parts else {}
    return f"/api/sandbox/export?{urlencode({'format': format} | query, errors='replace')}"


def speaker(line: str) -> str:
    """Who says a transcript's line: `client`, `server`, `refusal` for a server's 4xx and 5xx, or nobody."""
    if line.startswith("C:"):
        return "client"
    if line.startswith("S:"):
        return "refusal" if line[2:].lstrip()[:1] in ("4", "5") else "server"
    return "remark"


def sentence(text: str) -> str:
    """A text that begins with a capital."""
    return text[:1].upper() + text[1:]


def received(raw: bytes) -> str:
    """Bytes of a header as text: UTF-8, or else one character a byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def filename(part: "Part") -> str:
    """The name under which a part is offered."""
    return downloads.part_name(part)


def shown_inline(part: "Part") -> bool:
    """Whether a browser shows the part itself, rather than saving it."""
    return downloads.safe_type(part.content_type) in downloads.SAFE_IMAGES


def pictured(part: "Part") -> str:
    """The icon that stands for a part."""
    kind = part.content_type.partition("/")[0]
    if part.content_type in ("text/calendar", "application/ics"):
        return "calendar"
    return {"image": "image", "message": "mark"}.get(kind, "file")


def _utc(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


_PAGE = (size, number, plural, iso, moment, ago, written, sender, recipients, pieces, speaker, sentence, received)
_KEPT = (hue, action, leaving, exported, left)
_PART = (filename, shown_inline, pictured, visible)
_LINK = (opening, warnings_of)
ALL = {function.__name__: function for function in (*_PAGE, *_PART, *_LINK, *_KEPT)}
"""What a template can say after `|`."""
