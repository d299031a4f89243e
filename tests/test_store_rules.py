"""The rules of automatic release stay as they were told, over a restart too."""

from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from mailsluice.capture import new_id, now
from mailsluice.rule import Rule
from mailsluice.store import Store, StoreError, open_store


def make_rule(**changes: object) -> Rule:
    standard: dict[str, object] = {
        "id": new_id(),
        "query": 'subject:"Grüße" OR from:ada',
        "profile": "home",
        "route": ("smtp.gmail.com", 587, "starttls", "", "ada@gmail.com"),
        "recipients": ("ada@example.com", "bob@example.com"),
        "created": now(),
        "ends": now() + 1,
    }
    return Rule(**(standard | changes))  # type: ignore[arg-type]  # the names are checked when it is made


async def test_rules_come_back_oldest_first_after_a_restart(tmp_path: Path) -> None:
    rules = [make_rule(id=id) for id in ("b", "a", "c")]
    async with open_store(tmp_path / "mail.db") as store:
        for rule in rules:
            await store.rules.add(rule)
    async with open_store(tmp_path / "mail.db") as store:
        assert await store.rules.list() == rules


async def test_a_rule_that_is_turned_off_keeps_its_place_and_says_why(store: Store) -> None:
    first, second = make_rule(), make_rule()
    await store.rules.add(first)
    await store.rules.add(second)
    off = msgspec.structs.replace(first, is_on=False, note="turned off: 10 messages in an hour", released=10)
    await store.rules.update(off)
    assert await store.rules.list() == [off, second]


async def test_a_rule_that_is_known_stays_as_it_is(store: Store) -> None:
    rule = make_rule()
    await store.rules.add(rule)
    await store.rules.add(msgspec.structs.replace(rule, query="*"))
    assert await store.rules.list() == [rule]


async def test_a_removed_rule_is_gone_and_an_update_does_not_bring_it_back(store: Store) -> None:
    rule, other = make_rule(), make_rule()
    await store.rules.add(rule)
    await store.rules.add(other)
    await store.rules.remove(rule.id)
    await store.rules.remove("unknown")
    await store.rules.update(rule)
    assert await store.rules.list() == [other]


async def test_a_rule_that_cannot_be_written_is_not_kept(store: Store) -> None:
    # Upkeep may meet it first, in the same turn of the writer.
    with suppress(StoreError):
        await store._writer.submit(lambda connection: connection.execute("PRAGMA query_only = ON").fetchall())
    with pytest.raises(StoreError, match="cannot be written"):
        await store.rules.add(make_rule())
    assert await store.rules.list() == []
