import pytest

from mailsluice.errors import Refusal
from mailsluice.relay.ourselves import avoiding, is_ourselves
from mailsluice.relay.targets import Target

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
