"""A calendar attachment as a card that a person can read (iCalendar, RFC 5545, with the methods of RFC 5546)."""

from typing import Final

import msgspec

from mailsluice.preview.content_lines import Line, read_lines, readable
from mailsluice.preview.moments import Moment, Zones, brought_zones, clock, day, later, moment
from mailsluice.preview.recurrence import in_words

_MAX_EVENTS: Final = 50
_MAX_PEOPLE: Final = 200
_MAX_RULES: Final = 5
_MAX_OPEN: Final = 20
_SHOWN: Final = {"VEVENT": "event", "VTODO": "task", "VJOURNAL": "entry", "VFREEBUSY": "free and busy times"}
_METHODS: Final = {
    "PUBLISH": "For information, without an answer",
    "REQUEST": "An invitation",
    "REPLY": "An answer to an invitation",
    "ADD": "More dates of a series",
    "CANCEL": "A cancellation",
    "REFRESH": "A request for the latest version",
    "COUNTER": "A proposal for another time",
    "DECLINECOUNTER": "A proposal for another time is declined",
}
_ROLES: Final = {"CHAIR": "chair", "OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "for information"}
_ANSWERS: Final = {
    "NEEDS-ACTION": "has not answered",
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentative",
    "DELEGATED": "delegated",
    "COMPLETED": "completed",
    "IN-PROCESS": "at work",
}


class Person(msgspec.Struct, frozen=True):
    """An organizer or attendee: role and answer in words, "" where nothing is said."""

    name: str
    address: str
    role: str = ""
    answer: str = ""


class Event(msgspec.Struct, frozen=True):
    """One entry of a calendar; `when` is one line, `end` the last day for whole days."""

    kind: str
    summary: str = ""
    description: str = ""
    where: str = ""
    url: str = ""
    status: str = ""
    start: Moment | None = None
    end: Moment | None = None
    recurrence: str = ""
    organizer: Person | None = None
    attendees: tuple[Person, ...] = ()
    attendees_left_out: int = 0
    uid: str = ""
    sequence: str = ""

    @property
    def when(self) -> str:
        """`Mon 3 Mar 2025, 10:00 to 11:30 (Europe/Berlin)`, "" without a time."""
        start, end = self.start, self.end
        if start is None:
            return f"until {end.text}" if end else ""
        if end is None or not start.is_before(end):
            return start.text
        if start.all_day or end.all_day or start.zone != end.zone:
            return f"{start.text} to {end.text}"
        zone = f" ({start.zone})" if start.zone else ""
        until = clock(end.local) if end.local.date() == start.local.date() else f"{day(end.local)}, {clock(end.local)}"
        return f"{day(start.local)}, {clock(start.local)} to {until}{zone}"


class Calendar(msgspec.Struct, frozen=True):
    """What a calendar file holds; `purpose` is its method in words, `left_out` how many entries are not shown."""

    method: str = ""
    purpose: str = ""
    program: str = ""
    events: tuple[Event, ...] = ()
    left_out: int = 0


def calendar(content: bytes, *, charset: str = "") -> Calendar | None:
    """The calendar in a file, None when there is none."""
    lines = read_lines(content, charset=charset)
    if not any(line.name == "BEGIN" and _word(line) == "VCALENDAR" for line in lines):
        return None
    outer, components = _components(lines)
    zones = brought_zones(lines)
    method = next((_word(line) for line in outer if line.name == "METHOD"), "")
    return Calendar(
        method=readable(method)[:40],
        purpose=_METHODS.get(method, ""),
        program=next((line.text[:200] for line in outer if line.name == "PRODID"), ""),
        events=tuple(_event(kind, own, zones) for kind, own in components[:_MAX_EVENTS]),
        left_out=max(0, len(components) - _MAX_EVENTS),
    )


def _components(lines: list[Line]) -> tuple[list[Line], list[tuple[str, list[Line]]]]:
    """The calendar's own properties, and those of each entry without what is nested in it, such as alarms."""
    outer: list[Line] = []
    found: list[tuple[str, list[Line]]] = []
    open_: list[str] = []
    for line in lines:
        word = _word(line)
        if line.name == "BEGIN":
            open_.append(word)
            if word in _SHOWN and "VCALENDAR" in open_[:1]:
                found.append((_SHOWN[word], []))
        elif line.name == "END":
            nearest = open_[: -_MAX_OPEN - 1 : -1]
            if word in nearest:
                # Whatever was left open inside ends here, too.
                del open_[-nearest.index(word) - 1 :]
        elif open_[-1:] == ["VCALENDAR"]:
            outer.append(line)
        elif found and open_[-1:] and open_[-1] in _SHOWN:
            found[-1][1].append(line)
    return outer, found


def _event(kind: str, lines: list[Line], zones: Zones) -> Event:
    first: dict[str, Line] = {}
    for line in lines:
        first.setdefault(line.name, line)

    def text(name: str) -> str:
        return first[name].text if name in first else ""

    start = moment(first["DTSTART"], zones) if "DTSTART" in first else None
    attendees = [line for line in lines if line.name == "ATTENDEE"]
    return Event(
        kind=kind,
        summary=text("SUMMARY"),
        description=text("DESCRIPTION"),
        where=text("LOCATION"),
        url=text("URL"),
        status=text("STATUS").capitalize()[:40],
        start=start,
        end=_end(first, start, zones),
        recurrence=_recurrence(lines),
        organizer=_person(first["ORGANIZER"]) if "ORGANIZER" in first else None,
        attendees=tuple(map(_person, attendees[:_MAX_PEOPLE])),
        attendees_left_out=max(0, len(attendees) - _MAX_PEOPLE),
        uid=text("UID")[:300],
        sequence=text("SEQUENCE")[:20],
    )


def _end(first: dict[str, Line], start: Moment | None, zones: Zones) -> Moment | None:
    for name in ("DTEND", "DUE"):
        if name in first:
            end = moment(first[name], zones)
            # The end of whole days is the day after them (RFC 5545 3.6.1).
            return later(end, "-P1D", zones) if end and end.all_day and name == "DTEND" else end
    if start is None or "DURATION" not in first:
        return None
    end = later(start, first["DURATION"].value, zones)
    return later(end, "-P1D", zones) if end and end.all_day else end


def _recurrence(lines: list[Line]) -> str:
    """How it repeats, in words, and how many dates are added or left out."""
    rules = [line.value for line in lines if line.name == "RRULE"]
    said = [in_words(rule) for rule in rules[:_MAX_RULES]]
    for name, words in (("RDATE", "also on {} other"), ("EXDATE", "except on {}")):
        count = sum(line.value.count(",") + 1 for line in lines if line.name == name)
        if count:
            said.append(f"{words.format(count)} date{'s' if count > 1 else ''}")
    return "; ".join(said)


def _person(line: Line) -> Person:
    address = line.value.strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    return Person(
        name=readable(line.parameter("CN"))[:200],
        address=readable(address)[:320],
        role=_ROLES.get(line.parameter("ROLE").upper(), ""),
        answer=_ANSWERS.get(line.parameter("PARTSTAT").upper(), ""),
    )


def _word(line: Line) -> str:
    return line.value.strip().upper()
