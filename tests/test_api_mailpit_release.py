"""Releasing as Mailpit's clients do it: off until switched on, and `ok` only when everybody got it."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice_web.api import relaying
from tests.conftest import LOOPBACK
from tests.gmail import STALL, FakeGmail
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE, Desk, add_profile, open_desk
from tests.smarthost import USER

NOBODY = "nosuchuser@example.com"


@pytest.fixture
def settings() -> Settings:
    return Settings(smtp=LOOPBACK, listen=LOOPBACK, mailpit_release=True)


@pytest.fixture
async def desk(sandbox: Sandbox, gmail: FakeGmail) -> AsyncIterator[Desk]:
    await add_profile(sandbox, gmail)
    async with open_desk(sandbox) as desk:
        del desk.client.headers["Authorization"]
        yield desk


async def release(desk: Desk, message: str, *to: str) -> httpx2.Response:
    return await desk.client.post(f"/api/v1/message/{message}/release", json={"To": to})


async def refused(desk: Desk, message: str, *to: str, status: int = 400) -> str:
    """The plain text of a no."""
    answer = await release(desk, message, *to)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/plain"), answer.text
    return answer.text


async def records(desk: Desk) -> list[Any]:
    return [one for _, one in await desk.sandbox.store.journal.list(limit=10)]


async def test_ok_when_every_recipient_was_accepted(desk: Desk, gmail: FakeGmail) -> None:
    answer = await release(desk, await desk.capture(MAIL), BOB, "Carol <carol@example.com>")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert gmail.delivered[0].recipients == (BOB, "carol@example.com")
    assert [(one.state, one.origin) for one in await records(desk)] == [("delivered", "mailpit api")]


async def test_one_refused_recipient_is_not_ok(desk: Desk) -> None:
    text = await refused(desk, await desk.capture(MAIL), BOB, NOBODY)
    (record,) = await records(desk)
    assert record.state == "partly"
    assert f"{NOBODY}: 550 5.1.1" in text
    assert f"/releases/{record.id}" in text
    assert "\n" not in text


async def test_switched_off_nothing_leaves(desk: Desk, gmail: FakeGmail) -> None:
    message, sandbox = await desk.capture(MAIL), desk.sandbox
    sandbox.settings = dataclasses.replace(sandbox.settings, mailpit_release=False)
    assert "--mailpit-release" in await refused(desk, message, BOB)
    assert (await records(desk), gmail.connections) == ([], 0)


async def test_the_rules_of_the_profile_hold(desk: Desk, gmail: FakeGmail) -> None:
    message = await desk.capture(MAIL)
    assert "eve@elsewhere.test" in await refused(desk, message, "eve@elsewhere.test")
    assert await refused(desk, message, "not an address")
    assert await refused(desk, message, f"{BOB}\r\nBcc: eve@elsewhere.test")
    assert (await records(desk), gmail.connections) == ([], 0)


async def test_only_an_id_that_exists_is_released(desk: Desk) -> None:
    await desk.capture(MAIL)
    for id in ("latest", "4oRBnPtCXgAqZniRhzLNmS", "x"):
        assert await refused(desk, id, BOB, status=404) == "404 page not found"
    assert await records(desk) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"{", b'{"To": []}', b'{"To": [""]}', b'{"To": "bob@example.com"}', b'{"To": [5]}']
)
async def test_a_body_without_recipients_is_refused(desk: Desk, body: bytes) -> None:
    answer = await desk.client.post(f"/api/v1/message/{await desk.capture(MAIL)}/release", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain")
    assert answer.text
    assert await records(desk) == []


async def test_keys_are_read_in_any_case(desk: Desk) -> None:
    address = f"/api/v1/message/{await desk.capture(MAIL)}/release"
    assert (await desk.client.post(address, json={"tO": [BOB], "more": 1})).text == "ok"


async def test_a_doubt_does_not_block_and_the_servers_no_is_told(desk: Desk) -> None:
    assert "552 5.7.0" in await refused(desk, await desk.capture(PROGRAM_INSIDE), BOB)


async def test_a_failed_sign_in_is_told(desk: Desk, gmail: FakeGmail) -> None:
    gmail.accounts[USER].revoked = True
    assert "535 5.7.8" in await refused(desk, await desk.capture(MAIL), BOB)


async def test_an_unknown_outcome_is_not_ok(desk: Desk) -> None:
    text = await refused(desk, await desk.capture(MAIL), "dropped@example.com")
    assert "unknown" in text


async def test_who_waits_too_long_is_told_where_to_look(
    desk: Desk, gmail: FakeGmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "_PATIENCE", 0.05)
    gmail.fail_next("data", STALL)
    text = await refused(desk, await desk.capture(MAIL), BOB)
    (record,) = await records(desk)
    assert record.is_open
    assert f"/releases/{record.id}" in text


async def test_without_a_profile_there_is_no_way_out(desk: Desk) -> None:
    desk.sandbox.profiles.remove("work")
    assert "profile" in await refused(desk, await desk.capture(MAIL), BOB)


async def test_a_page_of_another_site_releases_nothing(desk: Desk) -> None:
    address = f"/api/v1/message/{await desk.capture(MAIL)}/release"
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await desk.client.post(address, json={"To": [BOB]}, headers=headers)).status_code == 403
    assert await records(desk) == []


async def test_another_method_is_told_the_right_one(desk: Desk) -> None:
    answer = await desk.client.get(f"/api/v1/message/{await desk.capture(MAIL)}/release")
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


async def test_webui_tells_the_default_profile_while_releasing_is_on(desk: Desk, gmail: FakeGmail) -> None:
    answer = (await desk.client.get("/api/v1/webui")).json()
    allowed = r"(?i)^(ada@gmail\.com|.*@example\.com)$"
    assert answer == {
        "Label": "",
        "MessageRelay": {
            "Enabled": True,
            "SMTPServer": f"localhost:{gmail.starttls_port}",
            "ReturnPath": "",
            "AllowedRecipients": allowed,
            "BlockedRecipients": "",
            "OverrideFrom": "",
            "PreserveMessageIDs": False,
            "RecipientAllowlist": allowed,
        },
        "SpamAssassin": False,
        "ChaosEnabled": False,
        "DuplicatesIgnored": False,
        "HideDeleteAllButton": False,
    }


async def test_webui_tells_nothing_while_releasing_is_off_or_impossible(desk: Desk) -> None:
    sandbox = desk.sandbox
    on = sandbox.settings
    sandbox.settings = dataclasses.replace(on, mailpit_release=False)
    off = (await desk.client.get("/api/v1/webui")).json()
    assert not any(off["MessageRelay"].values())
    sandbox.settings = on
    sandbox.profiles.path.write_text("[profiles", encoding="utf-8")
    assert (await desk.client.get("/api/v1/webui")).json() == off
