"""Into which mailbox a message comes, and what a mailbox counts and lists."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailsluice.mailbox import Choice, clean_mailbox, parse_mailbox_limit, parse_mailbox_rule
from mailsluice.store import Sorting, Store, open_store, sorting
from mailsluice.store.database import migrations
from tests.captures import add, assert_counted, ids

RULES = tuple(
    map(
        parse_mailbox_rule, ("recipient:*@shop.example=shop", "sender:cron*@*=cron", "*.example.org=sub", "b@c.d=Ada B")
    )
)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Shop", "shop"),
        ("ada@example.com", "ada@example.com"),
        (" a  b/c\r\n", "a-b-c"),
        ("../..", ""),
        ("\x00", ""),
        ("Käse_1.x+y", "käse_1.x+y"),
        ("магазин", "магазин"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_mailbox_has_a_clean_name(name: str, cleaned: str) -> None:
    assert clean_mailbox(name) == cleaned


@pytest.mark.parametrize(
    ("user", "sender", "recipients", "mailbox"),
    [
        ("Shop", "cron@x", ["a@shop.example"], "shop"),
        ("\r\n", "x@y", ["a@shop.example"], "shop"),
        ("", "x@y", ["other@z", "A@SHOP.example"], "shop"),
        ("", "Cron-7@host", ["x@y"], "cron"),
        ("", "x@y", ["x@deep.example.org"], "sub"),
        ("", "x@y", ["x@example.org"], "inbox"),
        ("", "x@y", ["b@c.d"], "ada-b"),
        ("", "x@y", ["b@c.d.e"], "inbox"),
        ("", "x@y", ["ada+Tests@e.f"], "tests"),
        ("", "x@y", ["ada+@e.f", "ada+second+more@e.f"], "second+more"),
        ("", "", [], "inbox"),
    ],
)
def test_user_then_rules_then_tag_then_inbox_decide(
    user: str, sender: str, recipients: Sequence[str], mailbox: str
) -> None:
    assert Choice(RULES, by_tag=True)(user=user, sender=sender, recipients=recipients) == mailbox


@pytest.mark.parametrize(("pattern", "text"), [("a*b*c", "a--b--c"), ("*", ""), ("*x*", "x"), ("ab*b", "abb")])
def test_a_star_is_any_text(pattern: str, text: str) -> None:
    rule = parse_mailbox_rule(f"sender:{pattern}=found")
    assert Choice([rule])(user="", sender=text, recipients=()) == "found"


@pytest.mark.parametrize(("pattern", "text"), [("a*a", "a"), ("a*b*b", "ab"), ("a", "ab"), ("*.b", "b")])
def test_a_pattern_fits_the_whole_text_or_not(pattern: str, text: str) -> None:
    rule = parse_mailbox_rule(f"sender:{pattern}=found")
    assert Choice([rule])(user="", sender=text, recipients=()) == "inbox"


@pytest.mark.parametrize("text", ["", "shop", "=shop", "sender:=x", "recipient:a@b=", "subject:a=b", "a@b=//"])
def test_a_rule_that_says_nothing_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"recipient:\*@shop\.example=shop"):
        parse_mailbox_rule(text)


def test_a_limit_names_its_mailbox() -> None:
    assert parse_mailbox_limit("Shop=500") == ("shop", 500)
    for text in ("shop", "=5", "shop=-1", "shop=x"):
        with pytest.raises(ValueError, match="shop=500"):
            parse_mailbox_limit(text)


async def test_a_mailbox_lists_and_counts_its_own_messages(store: Store) -> None:
    first, shop = await add(store), await add(store, user="shop", body=b"x" * 10)
    assert await ids(store, "shop") == [shop]
    assert await ids(store) == [first, shop]
    counts = await store.counts("shop")
    assert (counts.messages, counts.unread, counts.size, counts.accepted) == (1, 1, 10, 1)
    assert (await store.counts("nobody")).messages == 0
    assert [(name, one.messages) for name, one in await store.mailboxes()] == [("inbox", 1), ("shop", 1)]
    assert_counted(store)


async def test_marking_and_clearing_a_mailbox_leaves_the_others(store: Store) -> None:
    inbox, shop = await add(store), await add(store, user="shop")
    assert await store.mark_seen(None, seen=True, mailbox="shop") == [shop]
    assert [(name, one.unread) for name, one in await store.mailboxes()] == [("inbox", 1), ("shop", 0)]
    deletion = await store.delete(None, mailbox="shop")
    assert (deletion.messages, deletion.ids) == (1, None)
    assert await ids(store) == [inbox]
    assert [name for name, _ in await store.mailboxes()] == ["inbox"]
    assert_counted(store)


async def test_captures_of_several_mailboxes_in_one_transaction_are_counted_apart(store: Store) -> None:
    await asyncio.gather(*(add(store, user=user) for user in ("a", "b", "a", "", "a")))
    assert {name: one.messages for name, one in await store.mailboxes()} == {"a": 3, "b": 1, "inbox": 1}
    assert (await store.counts()).messages == 5
    assert_counted(store)


async def test_beyond_the_most_mailboxes_mail_comes_into_the_inbox_until_one_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "MOST_MAILBOXES", 3)
    monkeypatch.setattr(sorting, "_LOOK_SECONDS", 0.0)
    async with open_store(tmp_path / "mail.db") as store:
        for user in ("a", "b", "c"):
            await add(store, user=user)
        assert {name: one.messages for name, one in await store.mailboxes()} == {"a": 1, "b": 1, "inbox": 1}
        await store.delete(None, mailbox="a")
        await add(store, user="c")
        assert {name: one.messages for name, one in await store.mailboxes()} == {"b": 1, "c": 1, "inbox": 1}
        assert_counted(store)
    async with open_store(tmp_path / "mail.db") as store:
        await add(store, user="d")
        assert (await store.counts("inbox")).messages == 2


async def test_rules_of_the_settings_sort_captures(tmp_path: Path) -> None:
    async with open_store(tmp_path / "mail.db", sorting=Sorting(mailbox_rules=RULES)) as store:
        id = await add(store, to=("x@shop.example",))
        assert await ids(store, "shop") == [id]


async def test_mail_of_an_older_database_comes_into_the_inbox(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for step in migrations()[:3]:
        connection.executescript(step)
    connection.executescript("PRAGMA application_id = 0x4D534C55; PRAGMA user_version = 3")
    row = "'s', 1, 5, :seen, 0, '', '', '', '', '', '{}'"
    columns = (
        "session, received, size, seen, attachments, subject, snippet, message_id, envelope_sender, user, addresses"
    )
    for number, seen in enumerate((0, 1, 0), start=1):
        values = {"id": f"id{number}", "seen": seen}
        connection.execute(f"INSERT INTO message (id, {columns}) VALUES (:id, {row})", values)
        receipt = '{"envelope":{"sender":"","recipients":[]},"session":{"id":"s","peer":"p","began":1},"transcript":[]}'
        connection.execute("INSERT INTO source VALUES (?, 0, x'', ?)", (number, receipt))
    connection.execute("UPDATE counter SET messages = 3, unread = 2, size = 15, accepted = 3, accepted_size = 15")
    connection.close()
    async with open_store(path) as store:
        assert await ids(store, "inbox") == ["id1", "id2", "id3"]
        counts = await store.counts("inbox")
        assert (counts.messages, counts.unread, counts.size) == (3, 2, 15)
        assert (await store.counts()).accepted == 3
        assert_counted(store)


async def test_the_next_newer_message_is_that_of_the_mailbox_if_one_is_named(store: Store) -> None:
    ids = [await add(store, user=user) for user in ("", "shop", "", "shop")]
    keys = {one.id: one.key for one in await store.list_messages(limit=0)}
    assert [await store.newer_than(keys[id]) for id in ids] == [*ids[1:], ""]
    assert [await store.newer_than(keys[id], mailbox="shop") for id in ids] == [ids[1], ids[3], ids[3], ""]
