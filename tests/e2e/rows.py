"""What a release can meet on its way to Gmail, as rows of tables: how the fake Gmail is told, and what is to come."""

import base64
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import expect

from mailsluice.capture import now
from mailsluice.release import State
from tests.e2e.desk import BOB, Desk
from tests.smarthost import APP_PASSWORD, USER

HOUR: Final = 3600 * 1_000_000
ACT: Final = "until you act"
CHIPS: Final[Mapping[State, str]] = {
    "delivered": "Released",
    "partly": "Partly",
    "refused": "Refused",
    "failed": "Failed",
    "deferred": "Waiting to try again",
    "unknown": "Unknown",
}


class Row(NamedTuple):
    """One of them.

    `at` is the stage at which the fake Gmail answers so once, `to` a recipient for whose sake it does (or several),
    `account`, `knobs` and `profile` what is changed before. Then `state` and `cause` stand in the record, `reply` is
    the code of the last word, and the page `says` all this. `parked` is for how long the profile is left alone.
    """

    name: str
    state: State
    reply: str
    cause: str
    says: tuple[str, ...]
    at: tuple[str, str] | None = None
    to: tuple[str, ...] = (BOB,)
    account: Mapping[str, Any] = {}
    knobs: Mapping[str, Any] = {}
    profile: Mapping[str, Any] = {}
    parked: str = ""


def table(*rows: Row) -> pytest.MarkDecorator:
    """A test for each row, of its name."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


def meet(desk: Desk, row: Row) -> None:
    """Capture a mail, release it in the browser, and compare page and record with the row."""
    for target, changes in ((desk.gmail.accounts[USER], row.account), (desk.gmail.knobs, row.knobs)):
        for name, value in changes.items():
            setattr(target, name, value)
    if row.at:
        desk.gmail.fail_next(*row.at)
    desk.set_up(**{name: _place(desk, value) for name, value in row.profile.items()})
    record = desk.release(desk.capture(), *row.to)
    reply = f"{record.reply.code} {record.reply.enhanced}".strip() if record.reply else ""
    cause = record.verdict.cause if record.verdict else ""
    found = record.state, reply, cause
    assert found == (row.state, row.reply, row.cause), (found, record)
    _compare_card(desk, row)
    _compare_record(desk, row)
    assert desk.gmail.auth_attempts <= 1
    _hunt_secrets(desk, (*record.transcript, str(record.reply), record.note))


def _place(desk: Desk, value: Any) -> Any:
    """A port of the fake Gmail by the number that the real one has there; anything else as it is."""
    return {"465": desk.gmail.tls_port, "587": desk.gmail.starttls_port}.get(value, value)


def _compare_card(desk: Desk, row: Row) -> None:
    has_code = row.state in ("refused", "failed") and row.reply >= "4"
    chip = f"{CHIPS[row.state]} {row.reply[:3]}" if has_code else CHIPS[row.state]
    expect(desk.card.locator(".chip")).to_have_text(chip)
    for words in row.says:
        expect(desk.card).to_contain_text(words)
    if row.reply:
        expect(desk.card.locator(".reply")).to_contain_text(row.reply)


def _compare_record(desk: Desk, row: Row) -> None:
    """The page of the release says the same, and the one of all of them whether the profile is left alone."""
    page = desk.open_record()
    for words in row.says:
        expect(page).to_contain_text(words)
    parking = desk.pages.sandbox.outbox.parking(desk.name)
    until = "" if not parking else ACT if not parking.until else f"{round((parking.until - now()) / HOUR)} h"
    assert until == row.parked
    if row.parked:
        page.get_by_role("link", name="Releases").click()
    notice = desk.page.get_by_role("main").get_by_text(f"{desk.name} is parked {ACT if row.parked == ACT else 'until'}")
    expect(notice).to_have_count(1 if row.parked else 0)


def _hunt_secrets(desk: Desk, texts: tuple[str, ...]) -> None:
    encoded = base64.b64encode(f"\0{USER}\0{APP_PASSWORD}".encode()).decode()
    for text in (*texts, desk.page.content()):
        assert not [secret for secret in (APP_PASSWORD, encoded, "/signin/continue") if secret in text]
