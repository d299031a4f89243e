"""What is odd about the Date field (RFC 5322 section 3.3)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from mailsluice.message.headers import text_of
from mailsluice.message.oddities.rules import Fields, Noted, shown

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FORM: Final = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),)?\s*+\d{1,2}\s++(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s++"
    r"\d{4,}\s++\d\d:\d\d(?::\d\d)?\s++[+-]\d{4}(?:\s*+\([^()]*+\))?",
    re.ASCII | re.IGNORECASE,
)
_WEEKDAY: Final = re.compile(r"\s*+([A-Za-z]{3})[a-z]*+,")
_AHEAD: Final = timedelta(hours=1)
_BEHIND: Final = timedelta(days=1)


def date_oddities(named: Fields, date: datetime | None, *, came: datetime | None) -> Iterator[Noted]:
    """The form of a date that could be read, its weekday, and its distance from when the message came."""
    if date is None or b"date" not in named:
        return
    text = text_of(named[b"date"][0][:1000])
    if not _FORM.fullmatch(text.strip()):
        yield Noted("date-form", f"The date '{shown(text)}' is not written as today's mail has it.")
    weekday = _WEEKDAY.match(text)
    says = next((day for day in _DAYS if weekday and day.startswith(weekday[1].title())), "")
    if says and says != (is_day := _DAYS[date.weekday()]):
        yield Noted("date-weekday", f"The date says {says}, but that day is a {is_day}.")
    if came is not None and not -_BEHIND <= (distance := date - came) <= _AHEAD:
        side = "before" if distance < timedelta() else "after"
        yield Noted("date-far-off", f"The date is {_length(abs(distance))} {side} the message came.")


def _length(distance: timedelta) -> str:
    for unit, length in (("year", 365), ("day", 1)):
        if number := distance.days // length:
            return f"1 {unit}" if number == 1 else f"{number:,} {unit}s"
    hours = distance.seconds // 3600
    return "1 hour" if hours == 1 else f"{hours} hours"
