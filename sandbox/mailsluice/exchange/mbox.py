"""Many messages in one file: mbox with the quoting of mboxrd, read and written so that no byte changes.

    From ada@example.com Mon Jul 20 11:22:33 2026<LF>
    Subject: Hello<CRLF>
    <CRLF>
    >From here on …<CRLF>
    <LF>

A line of a message that is `From ` after any number of `>` gets one more `>`; line ends stay as they are, CRLF mostly.
The line before a message and the empty line behind it end in LF. A message that does not end in LF has `noeol` at the
end of its From line, and the LF behind it is no part of it. Files of other programs may have CRLF throughout, or no
empty line behind the last message; a line that begins with `From ` and has no date is text.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final

from mailsluice.errors import Refusal
from mailsluice.exchange.eml import refuse_large
from mailsluice.exchange.mail import Limits, Mail

MEDIA_TYPE: Final = "application/mbox"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NOBODY: Final = "MAILER-DAEMON"
_LONGEST_SEPARATOR: Final = 1000
_LONGEST_SENDER: Final = 500
_TO_QUOTE: Final = re.compile(rb"(?m)^(>*+From )")
_QUOTED: Final = re.compile(rb">++From ")
_SEPARATOR: Final = re.compile(
    rf"From (?P<sender>.*?) *(?<= )(?:{'|'.join(_DAYS)}),? (?P<month>{'|'.join(_MONTHS)}) {{1,2}}(?P<day>[0-9]{{1,2}}) "
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?(?: [A-Z]{1,5}| [+-][0-9]{4})? "
    r"(?P<year>[0-9]{4})(?: (?:[A-Z]{1,5}|(?P<offset>[+-][0-9]{4})))?(?P<open> noeol)?[ \t]*(?P<end>\r?\n)".encode()
)


class MboxWriter:
    """Makes an mbox file, message by message: what `add` and `end` return is the file."""

    media_type = MEDIA_TYPE
    extension = ".mbox"

    def add(self, mail: Mail) -> bytes:
        """The message with its From line and the empty line behind."""
        mark = b"" if mail.raw.endswith(b"\n") or not mail.raw else b" noeol"
        line = b"From %b %b%b\n" % (_sender(mail), _asctime(mail.received).encode("ascii"), mark)
        return b"".join((line, _TO_QUOTE.sub(rb">\1", mail.raw), b"\n"))

    def end(self) -> bytes:
        """An mbox file has no end of its own."""
        return b""


def begins(start: bytes) -> bool:
    """Whether a file that starts so is surely an mbox file: its first line has a date."""
    return _separator(start[: start.find(b"\n") + 1]) is not None


def read(file: BinaryIO, limits: Limits) -> Iterator[Mail]:
    """The messages in order; Refusal for what is no mbox file, and for a message or number above the limits."""
    line = file.readline(limits.message + 1)
    if not line.startswith(b"From "):
        raise Refusal("This is no mbox file: its first line does not begin with “From ”.", field="body")
    separator, number = _separator(line), 0
    while line:
        number += 1
        pieces: list[bytes] = []
        size, following = 0, None
        while line := file.readline(limits.message + 2):
            if line.startswith(b"From ") and (following := _separator(line)):
                break
            pieces.append(line[1:] if _QUOTED.match(line) else line)
            size += len(pieces[-1])
            refuse_large(size - 2, limits, name=f"The message number {number:,}")
        raw = _unended(b"".join(pieces), separator)
        refuse_large(len(raw), limits, name=f"The message number {number:,}")
        yield _mail(raw, separator)
        separator = following


def _separator(line: bytes) -> re.Match[bytes] | None:
    # Bounded: the search for a date takes the square of the length in a line of blanks.
    return _SEPARATOR.fullmatch(line) if len(line) <= _LONGEST_SEPARATOR else None


def _unended(content: bytes, separator: re.Match[bytes] | None) -> bytes:
    """The message without the empty line behind it."""
    end = separator["end"] if separator else b"\n"
    if separator and separator["open"]:
        return content.removesuffix(b"\n")
    return content.removesuffix(end) if content == end or content.endswith(b"\n" + end) else content


def _mail(raw: bytes, separator: re.Match[bytes] | None) -> Mail:
    if separator is None:
        return Mail(raw)
    sender: str | None = separator["sender"].decode("utf-8", "replace").strip()
    if sender in ("", "-"):  # Thunderbird writes a dash for everybody
        sender = None
    return Mail(raw, received=_moment(separator), sender="" if sender == _NOBODY else sender)


def _moment(separator: re.Match[bytes]) -> int:
    """Microseconds UTC, which is the zone of a From line that names none; 0 for no date."""
    names = ("year", "day", "hour", "minute", "second")
    year, day, hour, minute, second = (int(separator[name] or 0) for name in names)
    try:
        moment = datetime(
            year, _MONTHS.index(separator["month"].decode()) + 1, day, hour, minute, min(second, 59), tzinfo=UTC
        )
        offset = int(separator["offset"] or 0)
        moment -= timedelta(hours=abs(offset) // 100, minutes=abs(offset) % 100) * (1 if offset >= 0 else -1)
    except (ValueError, OverflowError):
        return 0
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _sender(mail: Mail) -> bytes:
    printable = "".join(letter for letter in mail.sender or "" if letter.isprintable()).encode("utf-8", "replace")
    return printable[:_LONGEST_SENDER].strip() or _NOBODY.encode()


def _asctime(received: int) -> str:
    """`Mon Jul 20 11:22:33 2026`, in UTC and whatever the locale."""
    moment = _EPOCH + timedelta(microseconds=received)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day} {month} {moment.day:2d} {moment:%H:%M:%S} {moment.year:04d}"
