"""What a rule may be, said before there is one."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from mailsluice.automatic import Automatic
from mailsluice.errors import Refusal
from mailsluice.events import Events
from mailsluice.relay.profile import draft_profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.targets import Target
from mailsluice.store import Store

BOB = "bob@example.test"


async def resolve(host: str, port: int) -> Sequence[Target]:
    if host == "mail.example.test":
        return [Target("192.0.2.7", ("192.0.2.7", port))]
    raise OSError("no such name")


@pytest.fixture
async def automatic(store: Store, tmp_path: Path) -> AsyncIterator[Automatic]:
    profiles = Profiles(tmp_path / "configuration")
    for name, host in (("out", "mail.example.test"), ("own", "localhost"), ("lost", "nowhere.invalid")):
        server = {"name": name, "preset": "custom", "host": host, "port": "2525", "sender_address": BOB}
        profiles.save(draft_profile(**server, allow="@example.test"))  # type: ignore[arg-type]  # texts by field
    off = draft_profile(name="off", preset="custom", host="mail.example.test", sender_address=BOB)
    profiles.save(msgspec.structs.replace(off, enabled=False))
    releasing: Any = SimpleNamespace(profiles=profiles)  # a rule that is not met needs no more of it
    async with Automatic(store, releasing, Events(), resolver=resolve) as automatic:
        yield automatic


async def test_a_rule_is_on_for_eight_hours_with_low_ceilings_unless_said_otherwise(automatic: Automatic) -> None:
    rule = await automatic.add(" Subject:Invoice  on:2026-07-01 ", "out", ["Bob <bob@example.test>", BOB])
    assert rule.is_on
    assert rule.ends - rule.created == pytest.approx(8 * 3_600_000_000, abs=1_000_000)
    assert (rule.per_hour, rule.per_day, rule.recipients) == (10, 50, (BOB,))
    assert rule.query == "subject:invoice on:2026-07-01"
    assert automatic.rules == automatic.rules_on == (rule,)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"query": "  "}, "query", "* means all"),
        ({"query": "to:"}, "query", "“to:”"),
        ({"query": "before:garbage"}, "query", "date"),
        ({"query": "a\nb"}, "query", "one line"),
        ({"query": "a" * 2000}, "query", "too long"),
        ({"query": "invoice -is:read"}, "query", "is:read"),
        ({"query": "a OR (b has:code)"}, "query", "has:code"),
        ({"query": "tag:x"}, "query", "tag:x"),
        ({"profile": "nobody"}, "profile", "no such profile"),
        ({"profile": ""}, "profile", "no such profile"),
        ({"profile": "off"}, "profile", "switched off"),
        ({"to": []}, "to", "who gets"),
        ({"to": [" "]}, "to", "who gets"),
        ({"to": ["nobody"]}, "to", "not one address"),
        ({"to": [BOB, "eve@evil.test"]}, "to", "eve@evil.test"),
        ({"to": ["bob@example.test\r\nRCPT TO:<eve@evil.test>"]}, "to", "not one address"),
        ({"to": [f"bob{number}@example.test" for number in range(21)]}, "to", "at most 20"),
        ({"hours": 0}, "hours", "from 1 to 168"),
        ({"hours": 169}, "hours", "from 1 to 168"),
        ({"per_hour": 0}, "per_hour", "from 1"),
        ({"per_hour": 10**9}, "per_hour", "from 1"),
        ({"per_day": 0}, "per_day", "from 1"),
    ],
)
async def test_a_refusal_names_the_field(automatic: Automatic, changes: dict[str, Any], field: str, said: str) -> None:
    wanted = {"query": "invoice", "profile": "out", "to": [BOB]} | changes
    with pytest.raises(Refusal) as refused:
        await automatic.add(**wanted)
    assert refused.value.field == field
    assert said in refused.value.reason
    assert automatic.rules == ()


async def test_our_own_listener_is_refused_as_smarthost(store: Store, automatic: Automatic) -> None:
    async def loopback(host: str, port: int) -> Sequence[Target]:
        return [Target("127.0.0.1", ("127.0.0.1", port))]

    async with Automatic(
        store, automatic._releasing, Events(), own_addresses=lambda: ["localhost:2525"], resolver=loopback
    ) as careful:
        with pytest.raises(Refusal, match="this Mailsluice itself") as refused:
            await careful.add("*", "own", [BOB])
    assert refused.value.field == "profile"


async def test_a_server_whose_name_is_not_known_now_may_be_known_later(automatic: Automatic) -> None:
    assert (await automatic.add("*", "lost", [BOB])).is_on


async def test_there_are_at_most_twenty_rules(automatic: Automatic) -> None:
    for number in range(20):
        await automatic.add(f"subject:{number}", "out", [BOB])
    with pytest.raises(Refusal, match="remove one"):
        await automatic.add("subject:more", "out", [BOB])
    await automatic.remove(automatic.rules[0].id)
    await automatic.add("subject:more", "out", [BOB])
