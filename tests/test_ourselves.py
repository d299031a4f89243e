from pathlib import Path

import pytest

from mailsluice.errors import Refusal
from mailsluice.gmail.verdict import Stage
from mailsluice.relay.check import check
from mailsluice.relay.ourselves import Recognition, avoiding, is_ourselves
from mailsluice.relay.profile import Profile
from mailsluice.relay.targets import Target
from mailsluice.sandbox import open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound
from tests.smarthost import loopback
from tests.unlocked import accounts

OWN = ("localhost:1025", "[2001:db8::1]:2525", "unix:/run/mail.sock")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_our_port_on_this_machine_is_ours(address: str) -> None:
    assert is_ourselves([address], 1025, listening=OWN)
    assert is_ourselves(["203.0.113.7", address], 2525, listening=OWN)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::77"])
def test_our_port_on_another_machine_is_not_ours(address: str) -> None:
    assert not is_ourselves([address], 1025, listening=OWN)


def test_another_port_on_this_machine_is_not_ours() -> None:
    assert not is_ourselves(["127.0.0.1"], 587, listening=OWN)
    assert not is_ourselves(["127.0.0.1"], 1025, listening=())


async def test_a_name_that_leads_to_us_is_refused_before_it_is_dialled() -> None:
    async def resolver(host: str, port: int) -> tuple[Target, ...]:
        return (Target("127.0.0.1", ("127.0.0.1", port)),)

    guarded = avoiding(resolver, lambda: OWN)
    with pytest.raises(Refusal, match=r"mail\.example\.com:1025 is this Mailsluice itself"):
        await guarded("mail.example.com", 1025)
    assert await guarded("mail.example.com", 587)


async def test_a_name_is_looked_up_once_a_minute_and_only_for_a_port_of_ours() -> None:
    asked = []

    async def resolver(host: str, port: int) -> tuple[Target, ...]:
        asked.append((host, port))
        if host == "nowhere.invalid":
            raise OSError("no such name")
        return (Target("127.0.0.1", ("127.0.0.1", port)),)

    recognition = Recognition(lambda: OWN, resolver=resolver)
    for _ in range(3):
        assert await recognition.is_ours("mail.example.com", 1025)
        assert not await recognition.is_ours("mail.example.com", 587)
        assert not await recognition.is_ours("nowhere.invalid", 1025)
    assert asked == [("mail.example.com", 1025), ("nowhere.invalid", 1025)]


async def test_a_test_of_a_profile_that_leads_to_us_fails_at_the_name() -> None:
    profile = Profile(name="work", host="mail.example.com", port=1025, user="ada@example.com")
    steps = [step async for step in check(profile, None, resolver=loopback, listening=lambda: OWN)]
    (step,) = steps
    assert (step.stage, step.ok) == (Stage.NAME, False)
    assert step.verdict
    assert step.verdict.cause == "ourselves"
    assert "this Mailsluice itself" in step.verdict.meaning


async def test_the_port_of_the_pages_is_ours_too(tmp_path: Path, settings: Settings) -> None:
    with bound(settings.smtp, flag="--smtp") as smtp, bound(settings.listen, flag="--listen") as web:
        async with open_sandbox(
            settings,
            database=str(tmp_path / "mail.db"),
            smtp_sockets=smtp,
            web_sockets=web,
            accounts=accounts(tmp_path / "configuration"),
        ) as sandbox:
            assert sandbox.own_addresses == (*sandbox.smtp_addresses, f"localhost:{web[0].getsockname()[1]}")
