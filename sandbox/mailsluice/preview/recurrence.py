"""A recurrence rule in words (RFC 5545 3.3.10)."""

import re
from typing import Final

from mailsluice.preview.content_lines import readable

_UNITS: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year", "HOURLY": "hour"}
_DAYS: Final = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NTH: Final = {
    "1": "first",
    "2": "second",
    "3": "third",
    "4": "fourth",
    "5": "fifth",
    "-1": "last",
    "-2": "second to last",
}
_DAY: Final = re.compile(r"([+-]?[1-9]?)(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T[0-9]{6}Z?)?")
_SAID: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"}


def in_words(rule: str) -> str:
    """`Every 2 weeks on Monday and Thursday, 10 times`; the rule as it is when it says more than that."""
    parts = dict(part.partition("=")[::2] for part in rule.strip().upper().split(";")[:20])
    words = _words(parts) if parts.keys() <= _SAID else None
    return words or readable(rule)


def _words(parts: dict[str, str]) -> str | None:
    unit = _UNITS.get(parts.get("FREQ", ""))
    interval = parts.get("INTERVAL", "1")
    if unit is None or not _is_number(interval):
        return None
    words = f"Every {unit}" if interval == "1" else f"Every {interval} {unit}s"
    for name, read in (("BYDAY", _days), ("BYMONTHDAY", _month_days), ("BYMONTH", _months)):
        if name in parts:
            said = read(parts[name])
            if not said:
                return None
            words += said
    if "COUNT" in parts:
        if not _is_number(parts["COUNT"]):
            return None
        words += ", once" if parts["COUNT"] == "1" else f", {parts['COUNT']} times"
    if "UNTIL" in parts:
        until = _UNTIL.fullmatch(parts["UNTIL"])
        if until is None or not 1 <= int(until[2]) <= 12:
            return None
        words += f", until {int(until[3])} {_MONTHS[int(until[2]) - 1]} {until[1]}"
    return words


def _days(value: str) -> str:
    found = [_DAY.fullmatch(day) for day in value.split(",")[:20]]
    days = [f"the {_nth(day[1])} {_DAYS[day[2]]}" if day[1] else _DAYS[day[2]] for day in found if day]
    if len(days) != len(found):
        return ""
    if days == list(_DAYS.values())[:5]:
        return " on weekdays"
    return f" on {_listed(days)}"


def _nth(number: str) -> str:
    return _NTH.get(number.lstrip("+"), f"{number.lstrip('+')}th")


def _month_days(value: str) -> str:
    days = value.split(",")[:31]
    if days == ["-1"]:
        return " on the last day"
    return f" on day {_listed(days)}" if all(_is_number(day) and int(day) <= 31 for day in days) else ""


def _months(value: str) -> str:
    months = value.split(",")[:12]
    if not all(_is_number(month) and int(month) <= 12 for month in months):
        return ""
    return f" in {_listed([_MONTHS[int(month) - 1] for month in months])}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,5}", text) is not None
