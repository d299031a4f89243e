"""What waits because a sign-in was refused goes on once the user has done something about it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from mailsluice.relay.profile import draft_profile
from mailsluice.relay.secret import Secret
from mailsluice.release import Release
from mailsluice.releasing import Wishes
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.gmail import FakeGmail
from tests.smtp_client import connected, deliver
from tests.unlocked import KEY, unlock

USER = "ada@gmail.com"
PASSWORD = "abcdefghijklmnop"
WRONG = "ponmlkjihgfedcba"


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=PASSWORD)
        yield gmail


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=create_app(unlock(sandbox)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=KEY) as client:
        yield client


@pytest.fixture
async def parked(sandbox: Sandbox, gmail: FakeGmail) -> list[str]:
    """Two releases through a profile with a wrong password: the first was refused, the second waits."""
    profile = draft_profile(
        name="work",
        preset="gmail",
        host=gmail.host,
        port=gmail.starttls_port,
        ca_file=gmail.ca_file,
        user=USER,
        pace=0,
        by_hand=True,
    )
    sandbox.profiles.save(profile, by_hand=True)
    await sandbox.vault.keep(profile, Secret(WRONG))
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        messages = [await deliver(client) for _ in range(2)]
    preflights = await sandbox.releasing.preflight_all(messages, Wishes())
    ids = [release.id for release in await sandbox.releasing.release(preflights, origin="api")]
    states = [release.state for release in await sandbox.outbox.wait(ids, seconds=10)]
    assert states == ["failed", "queued"]
    return ids


Act = Callable[[httpx2.AsyncClient, Sandbox], Awaitable[httpx2.Response]]


async def enter_the_right_password(client: httpx2.AsyncClient, sandbox: Sandbox) -> httpx2.Response:
    return await client.put("/api/sandbox/profiles/work", json={"password": PASSWORD})


async def pass_a_test(client: httpx2.AsyncClient, sandbox: Sandbox) -> httpx2.Response:
    profile = sandbox.profiles.get("work")
    assert profile
    await sandbox.vault.keep(profile, Secret(PASSWORD))
    return await client.post("/api/sandbox/profiles/work/checks")


@pytest.mark.parametrize("act", [enter_the_right_password, pass_a_test])
async def test_what_waits_for_a_sign_in_goes_on_when_the_user_has_acted(
    client: httpx2.AsyncClient, sandbox: Sandbox, gmail: FakeGmail, parked: list[str], act: Act
) -> None:
    assert gmail.auth_attempts == 1
    response = await act(client, sandbox)
    assert response.is_success, response.text
    (waited,) = await sandbox.outbox.wait(parked[1:], seconds=10)
    assert waited.state == "delivered"
    assert sandbox.outbox.parking("work") is None


async def test_a_test_mail_counts_towards_the_quota_of_the_day(
    client: httpx2.AsyncClient, sandbox: Sandbox, gmail: FakeGmail, parked: list[str]
) -> None:
    await enter_the_right_password(client, sandbox)
    (waited,) = await sandbox.outbox.wait(parked[1:], seconds=10)
    before = await used(sandbox, waited)
    form = {"sender": USER, "to": USER, "subject": "Test Email", "text": "Hello."}
    response = await client.post("/profiles/work/mails", data=form, headers={"HX-Request": "true"})
    assert response.is_success, response.text
    assert await used(sandbox, waited) == before + 1


async def used(sandbox: Sandbox, release: Release) -> int:
    profile = sandbox.profiles.get(release.profile)
    assert profile
    return (await sandbox.outbox.quota(profile)).used


async def test_a_removed_profile_is_not_parked_any_more_and_what_waits_is_told(
    client: httpx2.AsyncClient, sandbox: Sandbox, parked: list[str]
) -> None:
    response = await client.delete("/api/sandbox/profiles/work")
    assert response.is_success, response.text
    (waited,) = await sandbox.outbox.wait(parked[1:], seconds=10)
    assert waited.state == "failed"
    assert "no profile work any more" in waited.note
    assert sandbox.outbox.parking("work") is None
