"""What a rule has held back: how much of it, why the last one, and not a word too much in the log."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from mailsluice.errors import Refusal
from tests.rule_place import BOB, Place, changed, open_place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with open_place(tmp_path) as place:
        yield place


async def test_matches_that_were_held_back_are_counted_and_the_last_reason_stays(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mailsluice")
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", ["eve@example.test"])
        place.allow("@elsewhere.test")
        await place.capture("one")
        await changed(automatic, place.events, rule.id, note="eve@example.test is not among")
        place.allow("@example.test")
        two = await place.capture("two")
        assert (await place.released()).message == two
    (kept,) = await place.store.rules.list()
    assert (kept.held, kept.released) == (1, 1)
    assert "eve@example.test is not among" in kept.note
    assert "is not among the recipients" in caplog.text
    assert "eve@" not in caplog.text


async def test_what_came_at_the_ceiling_was_held_back(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB], per_hour=1)
        await place.capture("one")
        await place.released()
        await place.capture("two")
        off = await changed(automatic, place.events, rule.id, note="Turned off")
    assert (off.held, off.released) == (1, 1)


async def test_a_rule_of_before_has_held_nothing_back(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB])
    assert "held" not in msgspec.json.decode(msgspec.json.encode(rule))
    assert rule.held == 0


async def test_domains_of_recipients_are_the_same_in_any_case(place: Place) -> None:
    async with place.rules() as automatic:
        rule = await automatic.add("*", "out", [BOB, "bob@EXAMPLE.test"])
        assert rule.recipients == (BOB,)
        with pytest.raises(Refusal):
            await automatic.add("*", "out", ["bob@elsewhere.test"])
