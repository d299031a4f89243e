"""Mailpit's tag routes as clients meet them, and the tags in every shape that has a place for them."""

import json

import pytest

from mailsluice.events import Tagged
from tests.api_client import PLAIN, RICH, Mailbox, events_of

TAGS = "/api/v1/tags"
UNKNOWN = "0000000000000000000000"


async def tags_of(mailbox: Mailbox, id: str) -> list[str]:
    listed = await mailbox.sandbox.store.get(id)
    assert listed
    return list(listed.tags)


async def tagged(mailbox: Mailbox, *tags: str, raw: bytes = PLAIN) -> str:
    id = await mailbox.capture(raw)
    await mailbox.sandbox.set_tags([id], tags)
    return id


async def test_without_tags_the_list_is_empty_and_not_null(mailbox: Mailbox) -> None:
    await mailbox.capture()
    answer = await mailbox.get(TAGS)
    assert (answer.content, answer.headers["content-type"]) == (b"[]\n", "application/json")


async def test_tags_are_in_every_shape_that_has_a_place_for_them(mailbox: Mailbox) -> None:
    id = await tagged(mailbox, "shop", "New order", "Übung")
    await tagged(mailbox, "shop", raw=RICH)
    own, every = ["New order", "shop", "Übung"], ["New order", "shop", "Übung"]
    assert (await mailbox.get(TAGS)).json() == every
    for path in ("/api/v1/messages", "/api/v1/search?query=fish"):
        answer = (await mailbox.get(path)).json()
        assert answer["tags"] == every
        assert answer["messages"][-1]["Tags"] == own
    assert (await mailbox.get(f"/api/v1/message/{id}")).json()["Tags"] == own
    assert (await mailbox.get("/api/v1/info")).json()["Tags"] == {"New order": 1, "shop": 2, "Übung": 1}


async def test_tags_of_the_header_and_of_plus_addresses_are_there_from_the_beginning(mailbox: Mailbox) -> None:
    id = await mailbox.capture(b"X-Tags: shop, New  order\r\n" + PLAIN, to=("bob+invoices@example.test",))
    (message,) = (await mailbox.get("/api/v1/messages")).json()["messages"]
    assert (message["ID"], message["Tags"]) == (id, ["New order", "invoices", "shop"])


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ('{"Tags":["a","b c"],"IDs":["first"]}', ["a", "b c"]),
        ('{"tags":["b","a","A","b"],"ids":["first","first"]}', ["a", "b"]),
        ('{"TAGS":["a"],"iDs":["first","unknown","0000000000000000000000"],"other":1}', ["a"]),
        ('{"Tags":["a"],"IDs":["first"]} trailing', ["a"]),
        ('{"Tags":["","  ","<>","a"],"IDs":["first"]}', ["a"]),
        ('{"Tags":[],"IDs":["first"]}', []),
        ('{"Tags":null,"IDs":["first"]}', []),
        ('{"IDs":["first"]}', []),
        ('{"Tags":["a"],"IDs":[]}', ["old"]),
        ('{"Tags":["a"],"IDs":null}', ["old"]),
        ('{"Tags":["a"]}', ["old"]),
        ('{"Tags":["a"],"IDs":["unknown"]}', ["old"]),
        ('{"Tags":["a"],"IDs":["0000000000000000000000"]}', ["old"]),
        ("{}", ["old"]),
        ("null", ["old"]),
    ],
)
async def test_tags_are_replaced(mailbox: Mailbox, body: str, tags: list[str]) -> None:
    first, second = await tagged(mailbox, "old"), await tagged(mailbox, "old")
    answer = await mailbox.ask("PUT", TAGS, body.replace("first", first))
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert await tags_of(mailbox, first) == tags
    assert await tags_of(mailbox, second) == ["old"]


async def test_replacing_tags_is_told_to_everyone_who_watches(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    events = events_of(mailbox.sandbox)
    await mailbox.ask("PUT", TAGS, json.dumps({"Tags": ["a"], "IDs": [id, UNKNOWN]}))
    assert events == [Tagged((id,))]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        '{"Tags":["a"],"IDs":["first"]',
        '{"Tags":"a","IDs":["first"]}',
        '{"Tags":[1],"IDs":["first"]}',
        '{"Tags":[null],"IDs":["first"]}',
        '{"Tags":{},"IDs":["first"]}',
        '{"Tags":["a"],"IDs":"first"}',
        '{"Tags":["a"],"IDs":[1]}',
        '{"Tags":["a"],"tags":[],"IDs":["first"]}',
        "[]",
        "Tags=a&IDs=first",
    ],
)
async def test_tags_that_are_not_understood_change_nothing(mailbox: Mailbox, body: str) -> None:
    id = await tagged(mailbox, "old")
    answer = await mailbox.ask("PUT", TAGS, body.replace("first", id))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain")
    assert answer.text.endswith("nothing was changed")
    assert await tags_of(mailbox, id) == ["old"]


@pytest.mark.parametrize(
    ("path", "body", "renamed"),
    [
        ("old", '{"Name":"new"}', "new"),
        ("OLD", '{"name":"New tag"}', "New tag"),
        ("old", '{"Name":"Old"}', "Old"),
        ("old", '{"Name":" new "}', "new"),
        ("old", '{"Name":"Größe"}', "Größe"),
    ],
)
async def test_a_tag_is_renamed_on_all_of_its_messages(mailbox: Mailbox, path: str, body: str, renamed: str) -> None:
    ids = [await tagged(mailbox, "old", "other"), await tagged(mailbox, "old", "other")]
    events = events_of(mailbox.sandbox)
    answer = await mailbox.ask("PUT", f"{TAGS}/{path}", body)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    for id in ids:
        assert await tags_of(mailbox, id) == sorted([renamed, "other"])
    assert (await mailbox.get(TAGS)).json() == sorted([renamed, "other"])
    assert events == [Tagged(None)]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("nothing", '{"Name":"new"}', "tag not found: nothing"),
        ("old", '{"Name":"other"}', "tag already exists: other"),
        ("old", '{"Name":"Other"}', "tag already exists: Other"),
        ("old", '{"Name":"a/b"}', "invalid tag name: a/b"),
        ("old", '{"Name":""}', "invalid tag name: "),
        ("old", "{}", "invalid tag name: "),
        ("old", '{"Name":1}', "Name must be a text; nothing was changed"),
        ("old", '{"Name":null}', "invalid tag name: "),
    ],
)
async def test_a_renaming_that_cannot_be_changes_nothing(mailbox: Mailbox, path: str, body: str, reason: str) -> None:
    id = await tagged(mailbox, "old", "other")
    answer = await mailbox.ask("PUT", f"{TAGS}/{path}", body)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (400, reason, "text/plain")
    assert await tags_of(mailbox, id) == ["old", "other"]


@pytest.mark.parametrize("body", ["", "{", "[]", "name=new"])
async def test_a_renaming_that_is_not_understood_changes_nothing(mailbox: Mailbox, body: str) -> None:
    id = await tagged(mailbox, "old")
    answer = await mailbox.ask("PUT", f"{TAGS}/old", body)
    assert (answer.status_code, answer.text.endswith("nothing was changed")) == (400, True)
    assert await tags_of(mailbox, id) == ["old"]


@pytest.mark.parametrize(("tag", "path"), [("old", "old"), ("New order", "new%20ORDER"), ("Größe", "gr%C3%B6%C3%9Fe")])
async def test_a_tag_is_deleted_and_its_messages_stay(mailbox: Mailbox, tag: str, path: str) -> None:
    id = await tagged(mailbox, tag, "other")
    answer = await mailbox.ask("DELETE", f"{TAGS}/{path}")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain")
    assert await tags_of(mailbox, id) == ["other"]
    assert (await mailbox.get(TAGS)).json() == ["other"]


async def test_a_tag_that_is_not_there_cannot_be_deleted(mailbox: Mailbox) -> None:
    await tagged(mailbox, "old")
    events = events_of(mailbox.sandbox)
    answer = await mailbox.ask("DELETE", f"{TAGS}/nothing")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        400,
        "tag not found: nothing",
        "text/plain",
    )
    assert (await mailbox.get(TAGS)).json() == ["old"]
    assert events == []


async def test_a_tag_goes_with_its_last_message(mailbox: Mailbox) -> None:
    id = await tagged(mailbox, "old")
    await mailbox.ask("DELETE", "/api/v1/messages", json.dumps({"IDs": [id]}))
    assert (await mailbox.get(TAGS)).json() == []
    assert (await mailbox.get("/api/v1/messages")).json()["tags"] == []


async def test_a_search_asks_for_a_tag_whatever_its_case(mailbox: Mailbox) -> None:
    id = await tagged(mailbox, "New order")
    await mailbox.capture()
    for query in ('tag:"new order"', 'TAG:"New Order" is:tagged', "is:tagged"):
        answer = await mailbox.client.get("/api/v1/search", params={"query": query})
        assert [one["ID"] for one in answer.json()["messages"]] == [id]
    assert (await mailbox.get("/api/v1/search?query=tag:new")).json()["messages"] == []


@pytest.mark.parametrize(
    ("path", "allowed"), [(TAGS, "GET, HEAD, OPTIONS, PUT"), (f"{TAGS}/old", "DELETE, OPTIONS, PUT")]
)
async def test_the_tag_routes_know_their_methods(mailbox: Mailbox, path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PATCH", "DELETE"} - set(allowed.split(", ")):
        answer = await mailbox.ask(method, path)
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed\n")
        assert answer.headers["allow"] == allowed
    options = await mailbox.ask("OPTIONS", path)
    assert (options.status_code, options.content) == (200, b"")


@pytest.mark.parametrize("path", [f"{TAGS}/", f"{TAGS}/a/b"])
async def test_a_tag_address_with_another_slash_is_not_found(mailbox: Mailbox, path: str) -> None:
    await tagged(mailbox, "a")
    assert (await mailbox.get(path)).status_code == 404
    assert (await mailbox.ask("DELETE", path)).status_code == 404
    assert (await mailbox.get(TAGS)).json() == ["a"]
