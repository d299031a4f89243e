"""Calendar attachments as cards."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.preview.calendar import Calendar, Event, calendar
from mailsluice.preview.recurrence import in_words

WINDOWS_ZONE = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
WORDS = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD"]
WORDS += [
    "TZID:x",
    "DTSTART;TZID=x:20250101T100000",
    "DTSTART:00010101T000000",
    "DTEND:99991231T235959Z",
    "END:STANDARD",
]
WORDS += ["DURATION:P999999D", "DURATION:-P999999W", "TZOFFSETTO:+2359", "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO"]
WORDS += [
    "DTSTART;TZID=Europe:20250101T100000",
    "ATTENDEE;CN=",
    'SUMMARY;X="',
    "DTSTART:٢٠٢٥٠١٠١",
    "RRULE:FREQ=DAILY;COUNT=²",
]


def read(*lines: str, zones: str = "", method: str = "") -> Calendar:
    """The calendar around these lines of one event."""
    around = "BEGIN:VCALENDAR\n" + (f"METHOD:{method}\n" if method else "") + zones
    text = around + "\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""))
    found = calendar(text.replace("\n", "\r\n").encode(), charset="utf-8")
    assert found is not None
    return found


def event(*lines: str, zones: str = "") -> Event:
    (found,) = read(*lines, zones=zones).events
    return found


def test_an_invitation_says_what_when_where_and_who() -> None:
    found = read(
        "SUMMARY;LANGUAGE=en:Lunch\\, long",
        "LOCATION:Köln\\nRoom 1",
        "DESCRIPTION:folded in",
        "  two",
        "STATUS:CONFIRMED",
        "DTSTART:20250303T100000Z",
        "DTEND:20250303T113000Z",
        'ORGANIZER;CN="Lovelace, Ada":mailto:ada@example.com',
        "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:MAILTO:bob@example.com",
        "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=Cy ^'C^':mailto:cy@example.com",
        method="REQUEST",
    )
    assert (found.method, found.purpose) == ("REQUEST", "An invitation")
    (lunch,) = found.events
    assert (lunch.kind, lunch.summary, lunch.where) == ("event", "Lunch, long", "Köln\nRoom 1")
    assert (lunch.description, lunch.status) == ("folded in two", "Confirmed")
    assert lunch.when == "Mon 3 Mar 2025, 10:00 to 11:30 (UTC)"
    assert lunch.organizer is not None
    assert (lunch.organizer.name, lunch.organizer.address) == ("Lovelace, Ada", "ada@example.com")
    assert [(who.name, who.address, who.role, who.answer) for who in lunch.attendees] == [
        ("", "bob@example.com", "chair", "accepted"),
        ('Cy "C"', "cy@example.com", "optional", "has not answered"),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("Europe/Berlin", "20250115", 11),
        ("Europe/Berlin", "20250715", 10),
        ("W. Europe Standard Time", "20250115", 11),
        ("W. Europe Standard Time", "20250715", 10),
        ("W. Europe Standard Time", "20250330", 10),
        ("W. Europe Standard Time", "20251026", 11),
        ("/mozilla.org/20050126_1/Europe/Berlin", "20250715", 10),
    ],
)
def test_a_time_in_a_zone_is_also_told_in_utc(zone: str, day: str, hour: int) -> None:
    start = event(f"DTSTART;TZID={zone}:{day}T120000", zones=WINDOWS_ZONE).start
    assert start is not None
    assert start.utc == datetime.strptime(f"{day}{hour:02}", "%Y%m%d%H").replace(tzinfo=UTC)
    assert start.text.endswith(f"12:00 ({zone})")
    assert start.utc_text.endswith(f"{hour}:00 UTC")


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../../etc/passwd", "Europe", "x" * 500])
def test_a_zone_that_nobody_knows_is_named_without_utc(zone: str) -> None:
    start = event(f"DTSTART;TZID={zone}:20250303T120000").start
    assert start is not None
    assert start.utc is None
    assert start.text == f"Mon 3 Mar 2025, 12:00 ({zone[:80]})"


@pytest.mark.parametrize(
    ("lines", "when"),
    [
        (["DTSTART;VALUE=DATE:20250101", "DTEND;VALUE=DATE:20250102"], "Wed 1 Jan 2025"),
        (["DTSTART;VALUE=DATE:20250101", "DTEND;VALUE=DATE:20250104"], "Wed 1 Jan 2025 to Fri 3 Jan 2025"),
        (["DTSTART;VALUE=DATE:20250101", "DURATION:P2D"], "Wed 1 Jan 2025 to Thu 2 Jan 2025"),
        (["DTSTART:20250101T230000", "DURATION:PT2H"], "Wed 1 Jan 2025, 23:00 to Thu 2 Jan 2025, 01:00"),
        (["DTSTART:20250101T100000", "DTEND:20250101T090000"], "Wed 1 Jan 2025, 10:00"),
        (["DTSTART:20250231T100000"], ""),
        (["DTSTART:soon"], ""),
        (
            ["DTSTART;TZID=Europe/Berlin:20250329T120000", "DURATION:P1DT1H"],
            "Sat 29 Mar 2025, 12:00 to Sun 30 Mar 2025, 13:00 (Europe/Berlin)",
        ),
        (
            ["DTSTART;TZID=Europe/Berlin:20250303T120000", "DTEND:20250303T120000Z"],
            "Mon 3 Mar 2025, 12:00 (Europe/Berlin) to Mon 3 Mar 2025, 12:00 (UTC)",
        ),
    ],
)
def test_from_when_until_when_is_one_line(lines: list[str], when: str) -> None:
    assert event(*lines).when == when


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=10", "Every 2 weeks on Monday and Thursday, 10 times"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;WKST=MO", "Every week on weekdays"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday"),
        ("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20251231T225959Z", "Every month on the second Tuesday, until 31 December 2025"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "Every month on day 1 and 15"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=-1", "Every year on the last day in March"),
        ("FREQ=YEARLY;BYSETPOS=-1;BYDAY=MO", "FREQ=YEARLY;BYSETPOS=-1;BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYDAY=XX"),
        ("", ""),
    ],
)
def test_a_recurrence_is_told_in_words_or_as_it_is(rule: str, words: str) -> None:
    assert in_words(rule) == words


def test_dates_left_out_and_added_are_counted() -> None:
    found = event("RRULE:FREQ=DAILY", "EXDATE:20250101T100000,20250102T100000", "RDATE:20250601T100000")
    assert found.recurrence == "Every day; also on 1 other date; except on 2 dates"


def test_an_alarm_inside_an_event_does_not_speak_for_it() -> None:
    found = event("BEGIN:VALARM", "DESCRIPTION:beep", "SUMMARY:beep", "END:VALARM", "SUMMARY:Lunch")
    assert (found.summary, found.description) == ("Lunch", "")


def test_only_so_many_events_and_people_are_shown_and_the_others_counted() -> None:
    found = calendar(b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 60)
    assert found is not None
    assert (len(found.events), found.left_out) == (50, 10)
    crowd = event(*["ATTENDEE:mailto:a@example.com"] * 300)
    assert (len(crowd.attendees), crowd.attendees_left_out) == (200, 100)


def test_what_is_no_calendar_has_no_card() -> None:
    assert calendar(b"") is None
    assert calendar(b"BEGIN:VCARD\r\nEND:VCARD\r\n") is None


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=30)).map("\n".join).map(lambda text: text.encode("utf-8")))
def test_whatever_follows_the_first_line_is_read_without_an_error(rest: bytes) -> None:
    found = calendar(b"BEGIN:VCALENDAR\nVERSION:2.0\n" + rest)
    assert found is not None
    for shown in found.events:
        assert len(shown.when) < 400


@pytest.mark.parametrize("year", ["0001", "9999"])
@pytest.mark.parametrize("rule", ["BYMONTH=12;BYDAY=-1SU", "BYMONTH=12;BYDAY=5FR", "BYMONTH=1;BYDAY=-5MO"])
def test_the_first_and_the_last_year_have_times_too(year: str, rule: str) -> None:
    zone = "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:00010101T000000\nTZOFFSETTO:+1200\n"
    zone += f"RRULE:FREQ=YEARLY;{rule}\nEND:STANDARD\nEND:VTIMEZONE\n"
    for written in (f"{year}0101T000000", f"{year}1231T235959"):
        for more in ("DURATION:P1D", "DURATION:-P1D", "DURATION:PT99999999S", f"DTEND;TZID=x:{year}1231T235959"):
            assert event(f"DTSTART;TZID=x:{written}", more, zones=zone).when


@given(st.binary())
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    calendar(content)


@pytest.mark.parametrize(
    "line",
    [
        b"BEGIN:VEVENT\n",
        b"BEGIN:X\nEND:Y\n",
        b'A;B="',
        b"A;B=,",
        b"X;QUOTED-PRINTABLE:=\n",
        b"\\n",
        b"\n ",
        b"\r",
        b"RRULE:\n",
    ],
)
def test_megabytes_of_nonsense_cost_little_time(line: bytes) -> None:
    started = time.process_time()
    calendar(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + line * (4_000_000 // len(line)))
    assert time.process_time() - started < 3
