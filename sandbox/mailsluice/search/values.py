"""Dates, spans and sizes as people type them; each is None when it cannot be read."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final, NamedTuple

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN: Final = re.compile(r"([0-9]{1,9})\s?(s|m|min|h|d|w)")
_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s?(k|kb|m|mb|g|gb)?")
_FACTORS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_STAMPS: Final = {10: 1_000_000, 13: 1000, 16: 1}  # digits of Unix time in seconds, milliseconds, microseconds
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK: Final = re.compile(
    r"(?P<day>.*?)(?:^|[t ]\s*)(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,6})[0-9]*)?)?)?\s?(?P<half>am|pm)?\s?(?P<zone>z|utc|gmt|[+-][0-9]{2}:?[0-9]{2})?"
)
_YEAR_FIRST: Final = re.compile(r"(?P<year>[0-9]{4})(?:[-/. ](?P<month>[0-9]{1,2})(?:[-/. ](?P<day>[0-9]{1,2}))?)?")
_COMPACT: Final = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_YEAR_LAST: Final = re.compile(r"(?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})[-/.](?P<year>[0-9]{4}|[0-9]{2})")
_NAMED: Final = re.compile(
    r"(?:[a-z]{3,9} )?(?:(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[- ](?P<month>[a-z]{3,9})"
    r"|(?P<name>[a-z]{3,9}) (?P<number>[0-9]{1,2})(?:st|nd|rd|th)?)[- ](?P<year>[0-9]{4})"
)
_LONGEST: Final = 60


class Range(NamedTuple):
    """A canonical text, and the range that it means: `low` <= number < `high`."""

    text: str
    low: int | None
    high: int | None


def read_date(field: str, text: str, *, now: int, zone: tzinfo) -> Range | None:
    """The range of `after:`, `before:` or `on:` (day, month or year), in microseconds UTC; both ends are inclusive."""
    try:
        if field == "on" and (match := _YEAR_FIRST.fullmatch(text)) and not match["day"]:
            return _whole(int(match["year"]), int(match["month"] or 0), zone)
        moment = _moment(text, now, zone)
        if moment is None:
            return None
        if field == "on":
            day = moment.astimezone(zone).date()
            end = _microseconds(_midnight(day + _DAY, zone)) if day < date.max else None
            return Range(day.isoformat(), _microseconds(_midnight(day, zone)), end)
        at, canonical = _microseconds(moment), moment.isoformat().lower()
    except (ValueError, OverflowError):  # a 31 February, or a year that no clock reaches
        return None
    return Range(canonical, at, None) if field == "after" else Range(canonical, None, at + 1)


def _whole(year: int, month: int, zone: tzinfo) -> Range:
    """The range of a month, or of a year for month 0."""
    first = date(year, month or 1, 1)
    last = date(year, month or 12, monthrange(year, month or 12)[1])
    end = _microseconds(_midnight(last + _DAY, zone)) if last < date.max else None
    return Range(first.isoformat()[: 7 if month else 4], _microseconds(_midnight(first, zone)), end)


def read_span(field: str, text: str, *, now: int) -> Range | None:
    """The range of `newer:` or `older:`: `30m`, `2h`, `7d`, `4w`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    moment = now - int(match[1]) * _UNITS[match[2][0]] * 1_000_000
    canonical = f"{int(match[1])}{match[2][0]}"
    return Range(canonical, moment, None) if field == "newer" else Range(canonical, None, moment)


def read_size(field: str, text: str) -> Range | None:
    """The range of `larger:` or `smaller:`, both strict: `500`, `10k`, `1.5 MB`; 1 KB are 1,024 bytes."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    unit = (match[2] or "")[:1]
    whole, _, fraction = match[1].partition(".")
    factor = _FACTORS[unit]
    size = int(whole) * factor + (int(fraction) * factor // 10 ** len(fraction) if fraction else 0)
    canonical = match[1] + unit
    return Range(canonical, size + 1, None) if field == "larger" else Range(canonical, None, size)


def _moment(text: str, now: int, zone: tzinfo) -> datetime | None:
    if text in ("today", "yesterday"):
        today = (_EPOCH + timedelta(microseconds=now)).astimezone(zone).date()
        return _midnight(today if text == "today" else today - _DAY, zone)
    if not text.isascii() or len(text) > _LONGEST:
        return None
    if text.isdigit() and len(text) in _STAMPS:
        return (_EPOCH + timedelta(microseconds=int(text) * _STAMPS[len(text)])).astimezone(zone)
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}t", text):
        try:
            found = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=zone)
    if day := _day(text):
        return _midnight(day, zone)
    match = _CLOCK.fullmatch(text)
    day = _day(match["day"].strip()) if match else None
    return _at(day, match, zone) if day and match else None


def _day(text: str) -> date | None:
    for form in (_YEAR_FIRST, _COMPACT, _YEAR_LAST, _NAMED):
        if match := form.fullmatch(text):
            break
    else:
        return None
    given = match.groupdict()
    year, month, day = int(given["year"]), given["month"] or given.get("name") or "1", given["day"] or "1"
    if given.get("number"):
        day = given["number"]
    number = _month(month)
    if form is _YEAR_LAST and number > 12:  # read with the month first wherever that is possible
        number, day = int(day), month
    return date(year + 2000 if year < 100 else year, number, int(day))


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3]) + 1


def _at(day: date, match: re.Match[str], zone: tzinfo) -> datetime:
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    fraction = int((match["fraction"] or "0").ljust(6, "0"))
    clock = time(hour, int(match["minute"] or 0), int(match["second"] or 0), fraction)
    return datetime.combine(day, clock, _zone(match["zone"]) or zone)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    span = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-span if text[0] == "-" else span)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
