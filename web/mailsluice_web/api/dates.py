"""Dates as Go prints them, and as people write them in `before=`."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OFFSET_APART: Final = re.compile(r"\s+([+-][0-9]{2}:?[0-9]{2})(\s+[A-Z]{3,5})?$")
_UNIX: Final = {10: 1_000_000, 13: 1_000, 16: 1}
_FORMATS: Final = ("%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y")


class _Local(tzinfo):
    """The server's zone at each moment, summer time and its past included, which a fixed offset does not know."""

    def utcoffset(self, moment: datetime | None, /) -> timedelta | None:
        return moment.replace(tzinfo=None).astimezone().utcoffset() if moment else None

    def dst(self, moment: datetime | None, /) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None, /) -> str | None:
        return moment.replace(tzinfo=None).astimezone().tzname() if moment else None

    def fromutc(self, moment: datetime, /) -> datetime:
        shown = moment.replace(tzinfo=UTC).astimezone()
        naive = shown.replace(tzinfo=None)
        is_second = naive.astimezone().utcoffset() != shown.utcoffset()
        return naive.replace(tzinfo=self, fold=int(is_second))


LOCAL: Final[tzinfo] = _Local()
"""The server's zone, in which dates without one are meant."""


def rfc3339(moment: datetime) -> str:
    """`2026-07-20T11:22:33.45+12:00`: `Z` for UTC, the fraction only as long as it must be; naive means UTC."""
    year_to_second = f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}"
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    if not minutes:
        return f"{year_to_second}{fraction}Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{year_to_second}{fraction}{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def utc_time(microseconds: int) -> str:
    """A stored time in UTC, to the microsecond."""
    return rfc3339(_EPOCH + timedelta(microseconds=microseconds))


def local_time(microseconds: int) -> str:
    """A stored time in the server's zone, cut to milliseconds."""
    return rfc3339((_EPOCH + timedelta(milliseconds=microseconds // 1000)).astimezone())


def parse_date(text: str) -> int | None:
    """Microseconds UTC, cut to milliseconds, of a date in a usual spelling; local time without an offset."""
    text = text.strip()
    if not 0 < len(text) <= 60:
        return None
    if text.isascii() and text.isdigit() and len(text) in _UNIX:
        return int(text) * _UNIX[len(text)] // 1000 * 1000
    for read in (_iso, parsedate_to_datetime, *_FORMATS):
        try:
            moment = datetime.strptime(text, read) if isinstance(read, str) else read(text)
            return (moment.astimezone() - _EPOCH) // _MICROSECOND // 1000 * 1000
        except (ValueError, TypeError, OverflowError, OSError, IndexError):
            continue
    return None


def _iso(text: str) -> datetime:
    if re.fullmatch(r"[0-9]{4}([-/][0-9]{2})?", text):
        text = f"{text}-01-01"[:10]
    if text.endswith(" UTC"):
        text = f"{text.removesuffix(' UTC')}Z"
    return datetime.fromisoformat(_OFFSET_APART.sub(r"\1", text).replace("/", "-"))
