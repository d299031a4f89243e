"""Points in time as calendars write them, in their zone and in UTC (RFC 5545 3.3.4, 3.3.5, 3.3.6 and 3.6.5)."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from mailsluice.preview.content_lines import Line, readable

_DATE: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_TIME: Final = re.compile(r"T([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?(Z?)", re.IGNORECASE)
_DURATION: Final = re.compile(
    r"([+-]?)P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
_NTH_DAY: Final = re.compile(r"([+-]?[1-5])(SU|MO|TU|WE|TH|FR|SA)")
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Moment(msgspec.Struct, frozen=True):
    """A date or a time of day as it was written, its zone by name, and the same in UTC where that is known."""

    local: datetime
    all_day: bool = False
    zone: str = ""
    utc: datetime | None = None

    @property
    def text(self) -> str:
        """`Mon 3 Mar 2025, 10:00 (Europe/Berlin)`, or `Mon 3 Mar 2025` for a whole day."""
        if self.all_day:
            return day(self.local)
        return f"{day(self.local)}, {clock(self.local)}" + (f" ({self.zone})" if self.zone else "")

    @property
    def utc_text(self) -> str:
        """`Mon 3 Mar 2025, 09:00 UTC`, "" where it is not known."""
        return f"{day(self.utc)}, {clock(self.utc)} UTC" if self.utc else ""

    def is_before(self, other: "Moment") -> bool:
        """Whether it comes first, by UTC where both are known in it."""
        if self.utc is not None and other.utc is not None:
            return self.utc < other.utc
        return self.local < other.local


class Change(msgspec.Struct, frozen=True):
    """What one half of a VTIMEZONE says: from when on in each year which offset holds."""

    start: datetime
    offset: timedelta
    month: int = 0
    nth: int = 0
    weekday: int = 0

    def onset(self, year: int) -> datetime | None:
        """When it begins to hold in a year."""
        if not self.month or year < self.start.year:
            return self.start if year >= self.start.year else None
        try:
            return self._onset(year)
        except (ValueError, OverflowError):  # no such day in this year, or beyond the last year that there is
            return None

    def _onset(self, year: int) -> datetime:
        if not self.nth:
            return _at(year, self.month, self.start.day, self.start)
        if self.nth > 0:
            first = date(year, self.month, 1)
            found = first + timedelta((self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        else:
            last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(1)
            found = last - timedelta((last.weekday() - self.weekday) % 7 + 7 * (-self.nth - 1))
        return _at(year, found.month, found.day, self.start)


Zones = Mapping[str, tuple[Change, ...]]
"""The zones that a calendar brings along, by its own names for them."""


def moment(line: Line, zones: Zones) -> Moment | None:
    """The time in a DTSTART, DTEND, DUE or RECURRENCE-ID; None when it is none."""
    return _moment(line.value, line.parameter("TZID"), zones)


def _moment(value: str, zone: str, zones: Zones) -> Moment | None:
    local = _written(value)
    if local is None:
        return None
    time = _TIME.search(value)
    if time is None:
        return Moment(local, all_day=True)
    if time[4]:
        return Moment(local, zone="UTC", utc=local.replace(tzinfo=UTC))
    if not zone:
        return Moment(local)
    try:
        return Moment(local, zone=readable(zone)[:80], utc=_utc(local, zone, zones))
    except OverflowError:  # the first or the last day that there is
        return Moment(local, zone=readable(zone)[:80])


def _written(value: str) -> datetime | None:
    found = _DATE.match(value.strip())
    if found is None:
        return None
    time = _TIME.match(value.strip(), found.end())
    year, month, number = (int(found[n]) for n in (1, 2, 3))
    hour, minute, second = (int(time[n] or 0) for n in (1, 2, 3)) if time else (0, 0, 0)
    try:
        # A leap second is written as 60.
        return datetime(year, month, number, hour, minute, min(second, 59))
    except ValueError:
        return None


def later(start: Moment, duration: str, zones: Zones) -> Moment | None:
    """The moment so long after another; None when the duration is none."""
    found = _DURATION.fullmatch(duration.strip())
    if found is None or not any(found.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    exact = sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)
    try:
        # Days are days of the calendar, hours are exact (RFC 5545 3.3.6).
        local = start.local + sign * timedelta(days=days, weeks=weeks)
        if start.utc is None or not start.zone or start.zone == "UTC":
            local += exact
            return Moment(
                local, start.all_day and not exact, start.zone, local.replace(tzinfo=UTC) if start.utc else None
            )
        utc = _utc(local, start.zone, zones)
        if utc is None:
            return Moment(local + exact, zone=start.zone)
        utc += exact
        return Moment(_local(utc, start.zone, zones, local + exact), zone=start.zone, utc=utc)
    except OverflowError:
        return None


def brought_zones(lines: list[Line]) -> Zones:
    """The zones in the VTIMEZONE components of a calendar, at most a hundred."""
    zones: dict[str, tuple[Change, ...]] = {}
    name, changes, inside = "", list[Change](), dict[str, str]()
    for line in lines:
        word = line.value.strip().upper()
        if line.name == "BEGIN" and word == "VTIMEZONE":
            name, changes = "", []
        elif line.name == "BEGIN":
            inside = {}
        elif line.name == "TZID":
            name = line.value
        elif line.name == "END" and word in ("STANDARD", "DAYLIGHT"):
            changes += [change] if (change := _change(inside)) and len(changes) < 200 else []
        elif line.name == "END" and word == "VTIMEZONE" and name and len(zones) < 100:
            zones[name] = tuple(changes)
        elif line.name in ("DTSTART", "TZOFFSETTO", "RRULE"):
            inside[line.name] = line.value
    return zones


def _change(properties: Mapping[str, str]) -> Change | None:
    start, offset = _written(properties.get("DTSTART", "")), _OFFSET.match(properties.get("TZOFFSETTO", "").strip())
    if start is None or offset is None:
        return None
    hours, minutes, seconds = (int(number or 0) for number in offset.groups()[1:])
    shift = timedelta(hours=hours, minutes=minutes, seconds=seconds) * (-1 if offset[1] == "-" else 1)
    if abs(shift) >= timedelta(days=1):
        return None
    rule = dict(part.partition("=")[::2] for part in properties.get("RRULE", "").upper().split(";"))
    month = int(rule["BYMONTH"]) if rule.get("BYMONTH", "").isascii() and rule.get("BYMONTH", "").isdigit() else 0
    if not 1 <= month <= 12:
        return Change(start, shift)
    nth = _NTH_DAY.fullmatch(rule.get("BYDAY", ""))
    return Change(start, shift, month, int(nth[1]), _WEEKDAYS.index(nth[2])) if nth else Change(start, shift, month)


def _utc(local: datetime, zone: str, zones: Zones) -> datetime | None:
    """The wall time of a zone as UTC: the zone's public rules, else those that the calendar brings along."""
    public = _public(zone)
    if public is not None:
        return local.replace(tzinfo=public).astimezone(UTC)
    offset = _offset(local, zones.get(zone, ()))
    return None if offset is None else local.replace(tzinfo=timezone(offset)).astimezone(UTC)


def _local(utc: datetime, zone: str, zones: Zones, guess: datetime) -> datetime:
    public = _public(zone)
    if public is not None:
        return utc.astimezone(public).replace(tzinfo=None)
    offset = _offset(guess, zones.get(zone, ()))
    return guess if offset is None else (utc + offset).replace(tzinfo=None)


def _offset(local: datetime, changes: tuple[Change, ...]) -> timedelta | None:
    begun = [
        (onset, change.offset)
        for change in changes
        for year in (local.year - 1, local.year)
        if year > 0 and (onset := change.onset(year)) is not None and onset <= local
    ]
    return max(begun)[1] if begun else changes[0].offset if changes else None


@lru_cache(256)
def _public(zone: str) -> ZoneInfo | None:
    """The zone of the public database, also behind a prefix such as `/mozilla.org/20050126_1/Europe/Berlin`."""
    names = [zone, "/".join(zone.split("/")[-2:])] if zone.startswith("/") else [zone]
    for name in names:
        if _ZONE.fullmatch(name):
            try:
                return ZoneInfo(name)
            except (KeyError, ValueError, OSError):  # no such file, no name of a file, a folder
                continue
    return None


def _at(year: int, month: int, day: int, like: datetime) -> datetime:
    return datetime(year, month, day, like.hour, like.minute, like.second)


def day(moment: datetime) -> str:
    """`Mon 3 Mar 2025`, in English whatever the system's language."""
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[moment.month - 1]
    return f"{weekday} {moment.day} {month} {moment.year}"


def clock(moment: datetime) -> str:
    """`10:00`."""
    return f"{moment.hour:02}:{moment.minute:02}"
