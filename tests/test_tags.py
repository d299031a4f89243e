"""Tags: from the header, the address, rules and people."""

from pathlib import Path

import pytest

from mailsluice.capture import Spool
from mailsluice.errors import Refusal
from mailsluice.store import Sorting, Store, open_store, tags
from mailsluice.tagging import clean_tag, parse_tag_rule, plus_tags
from tests.captures import add, assert_counted, ids


async def tags_of(store: Store, id: str) -> tuple[str, ...]:
    listed = await store.get(id)
    assert listed is not None
    return listed.tags


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        (" Two  words ", "Two words"),
        ("a,b;c", "a b c"),
        ("<script>", "script"),
        ("über.fällig_1-x@y", "über.fällig_1-x@y"),
        ("\n\t", ""),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_tag_has_a_clean_name(name: str, cleaned: str) -> None:
    assert clean_tag(name) == cleaned


def test_each_plus_of_an_address_begins_a_tag() -> None:
    assert plus_tags(["ada+one+two@x", "b@x+y", "c+@x", "d+three"]) == ["one", "two", "", "three"]


async def test_the_x_tags_field_tags_a_message(store: Store) -> None:
    id = await add(store, body=b"X-Tags: beta, Alpha,, beta,\r\n <x>, =?utf-8?q?=C3=BCber?=\r\n\r\nx")
    assert await tags_of(store, id) == ("Alpha", "beta", "x", "über")
    assert await store.tags() == {"Alpha": 1, "beta": 1, "x": 1, "über": 1}
    (listed,) = await store.list_messages(limit=1)
    assert listed.tags == ("Alpha", "beta", "x", "über")


async def test_plus_addresses_of_recipients_tag_a_message_unless_switched_off(tmp_path: Path) -> None:
    mail = {"body": b"To: ada+one@example.org\r\nCc: b+two@example.org\r\n\r\nx", "to": ("ada+one@x", "hidden+three@x")}
    async with open_store(tmp_path / "on.db") as store:
        assert await tags_of(store, await add(store, **mail)) == ("one", "three", "two")
    async with open_store(tmp_path / "off.db", sorting=Sorting(by_plus=False)) as store:
        assert await tags_of(store, await add(store, **mail)) == ()


async def test_rules_tag_what_their_query_finds_in_list_and_text(tmp_path: Path) -> None:
    rules = ("from:billing@ OR subject:invoice=billing", "dunning=late", "user:shop=Shop", "header:x-app=cron=jobs")
    async with open_store(tmp_path / "mail.db", sorting=Sorting(tag_rules=tuple(map(parse_tag_rule, rules)))) as store:
        found = [
            await tags_of(store, await add(store, body=body, user=user))
            for body, user in (
                (b"From: billing@example.com\r\n\r\nthe last dunning letter", ""),
                (b"Subject: Your INVOICE\r\n\r\nx", "shop"),
                (b"X-App: Cron\r\n\r\nx", ""),
                (b"\r\nx", ""),
            )
        ]
    assert found == [("billing", "late"), ("Shop", "billing"), ("jobs",), ()]


async def test_a_rule_looks_into_the_beginning_of_a_spooled_message(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db", sorting=Sorting(tag_rules=(parse_tag_rule("needle=found"),))) as store:
        body = b"X-Tags: large\r\n\r\nneedle\r\n" + b"hay\r\n" * 200_000
        (path := store.spool_folder / "body").write_bytes(body)
        assert await tags_of(store, await add(store, body=Spool(path, len(body)))) == ("found", "large")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("invoice", "equals sign"),
        ("=billing", "equals sign"),
        ("invoice=,", "equals sign"),
        ("larger:big=x", "no size"),
        ("newer:2h=x", "cannot ask for newer:"),
        ("older:2h=x", "cannot ask for older:"),
        ("a -is:unread=x", "cannot ask for is:"),
    ],
)
def test_a_rule_that_will_not_do_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_tag_rule(text)


async def test_tags_are_set_added_and_taken_by_hand(store: Store) -> None:
    one, two = await add(store), await add(store)
    assert await store.set_tags([one, two, "unknown"], ["b", "a"]) == [one, two]
    await store.add_tags([one], ["c", "A"])
    await store.remove_tags([two], ["B", "nothing"])
    assert (await tags_of(store, one), await tags_of(store, two)) == (("a", "b", "c"), ("a",))
    await store.set_tags([one], [])
    assert await tags_of(store, one) == ()
    assert await store.tags() == {"a": 1}
    assert_counted(store)


async def test_a_tag_is_written_as_it_was_first_whatever_the_case(store: Store) -> None:
    one, two = await add(store), await add(store)
    await store.set_tags([one], ["Überfällig"])
    await store.set_tags([two], ["überFÄLLIG"])
    assert await store.tags() == {"Überfällig": 2}


async def test_a_tag_can_be_renamed_and_deleted(store: Store) -> None:
    one, two = await add(store), await add(store)
    await store.set_tags([one, two], ["old"])
    await store.add_tags([one], ["other"])
    await store.rename_tag("OLD", "new")
    assert await store.tags() == {"new": 2, "other": 1}
    await store.rename_tag("new", "New")
    await store.rename_tag("New", "New")
    assert await store.tags() == {"New": 2, "other": 1}
    await store.delete_tag("new")
    assert await store.tags() == {"other": 1}
    assert await tags_of(store, two) == ()
    assert_counted(store)


async def test_what_cannot_be_renamed_or_deleted_says_why_and_changes_nothing(store: Store) -> None:
    id = await add(store)
    await store.set_tags([id], ["a", "b"])
    with pytest.raises(LookupError, match="tag not found: c"):
        await store.rename_tag("c", "d")
    with pytest.raises(Refusal, match="tag already exists: B"):
        await store.rename_tag("a", "B")
    for name in ("", "x,y", "<>"):
        with pytest.raises(Refusal, match="invalid tag name"):
            await store.rename_tag("a", name)
    with pytest.raises(LookupError, match="tag not found: c"):
        await store.delete_tag("c")
    assert await store.tags() == {"a": 1, "b": 1}


async def test_a_message_has_no_more_than_a_hundred_tags_from_its_header(store: Store) -> None:
    id = await add(store, body=b"X-Tags: " + ",".join(f"t{number}" for number in range(500)).encode() + b"\r\n\r\nx")
    assert len(await tags_of(store, id)) == 100


async def test_beyond_the_most_tags_no_new_one_comes_into_being(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "MOST_NAMES", 2)
    await add(store, body=b"X-Tags: a, b, c\r\n\r\nx")
    await add(store, body=b"X-Tags: b, d\r\n\r\nx")
    assert await store.tags() == {"a": 1, "b": 2}
    assert len(await ids(store)) == 2
