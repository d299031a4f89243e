"""Tags, pins, deletions that are taken back, codes and links: what is done to messages on their pages."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from bs4 import BeautifulSoup

from mailsluice.sandbox import Sandbox
from mailsluice.store.records import ListedMessage
from mailsluice_web.filters import action, hue, leaving
from tests.inbox import HTMX, PLAIN, RICH, Inbox, links, logged_in, one, open_inbox, subjects, words


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def listed(inbox: Inbox, id: str) -> ListedMessage:
    found = await inbox.sandbox.store.get(id)
    assert found
    return found


async def test_tags_are_added_and_removed_on_the_message(inbox: Inbox) -> None:
    id = await inbox.capture()
    form = one(await inbox.page(f"/messages/{id}?q=lunch"), ".add-tag")
    response = await inbox.client.post(str(form["action"]), data={"add": "shop, late  payer,,"})
    assert (response.status_code, response.headers["location"]) == (303, f"/messages/{id}?q=lunch")
    assert (await listed(inbox, id)).tags == ("late payer", "shop")
    fragment = await inbox.client.post(str(form["action"]), data={"remove": "late payer"}, headers=HTMX)
    assert (await listed(inbox, id)).tags == ("shop",)
    assert one(BeautifulSoup(fragment.text, "html.parser"), "#tags .tag a").text == "shop"
    assert "<html" not in fragment.text


async def test_a_tag_leads_to_all_that_have_it(inbox: Inbox) -> None:
    id, other = await inbox.capture(PLAIN), await inbox.capture(RICH)
    await inbox.sandbox.add_tags([id], ["late payer"])
    page = await inbox.page(f"/messages/{id}?mailbox=inbox")
    address = links(page, "#tags .tag a")["late payer"]
    assert address == "/?q=tag%3A%22late+payer%22"
    assert subjects(await inbox.page(address)) == ["Lunch"]
    assert one(await inbox.page(f"/messages/{other}"), "#known-tags option")["value"] == "late payer"


async def test_a_row_shows_two_tags_and_how_many_more(inbox: Inbox) -> None:
    id = await inbox.capture()
    await inbox.sandbox.add_tags([id], ["a", "b", "c", "d"])
    row = one(await inbox.page("/"), "a.row")
    assert [words(tag) for tag in row.select(".tag")] == ["Tag: a", "Tag: b", "+2"]


def test_a_tag_has_the_same_colour_everywhere() -> None:
    assert hue("Shop") == hue("shop")
    assert len({hue(f"tag {number}") for number in range(200)}) == 12


async def test_a_message_is_pinned_and_let_go(inbox: Inbox) -> None:
    id = await inbox.capture()
    button = one(await inbox.page(f"/messages/{id}"), "#pin button")
    assert (button["value"], button["aria-pressed"]) == ("1", "false")
    await inbox.client.post(f"/messages/{id}/pin", data={"pinned": "1"})
    page = await inbox.page(f"/messages/{id}")
    assert one(page, "#pin button")["aria-pressed"] == "true"
    assert words(one(page, "a.row .pinned")) == "Pinned"
    fragment = await inbox.client.post(f"/messages/{id}/pin", data={"pinned": "0"}, headers=HTMX)
    assert 'aria-pressed="false"' in fragment.text
    assert not (await listed(inbox, id)).pinned


@pytest.mark.parametrize("part", ["tags", "pin"])
async def test_what_is_done_to_a_deleted_message_says_so_in_the_pane(inbox: Inbox, part: str) -> None:
    response = await inbox.client.post(f"/messages/{'0' * 22}/{part}", data={"add": "x"}, headers=HTMX)
    assert (response.status_code, response.headers["hx-retarget"]) == (404, "#pane")
    assert "This message was deleted" in response.text


async def test_a_deletion_is_taken_back_without_a_script(inbox: Inbox) -> None:
    id = await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    response = await inbox.client.post(f"/messages/{id}/deletion?q=lunch")
    assert response.headers["location"] == "/?q=lunch"
    page = await inbox.page("/?q=lunch")
    assert subjects(page) == []
    undo = one(page, "#undo form")
    assert words(undo) == "1 message deleted Undo z"
    response = await inbox.client.post(str(undo["action"]))
    assert response.headers["location"] == "/?q=lunch"
    assert subjects(await inbox.page("/?q=lunch")) == ["Lunch"]


def bars(html: str) -> list[str]:
    """The tokens of the deletions that a fragment offers to take back, newest first."""
    return [str(field["value"]) for field in BeautifulSoup(html, "html.parser").select("form.toast [name=deletion]")]


async def test_a_deletion_by_htmx_brings_the_way_back_along(inbox: Inbox) -> None:
    id = await inbox.capture(PLAIN)
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025/messages/{id}?mailbox=inbox"}
    response = await inbox.client.post(f"/messages/{id}/deletion", headers=headers)
    assert response.headers["hx-replace-url"] == "/?mailbox=inbox"
    bar = one(BeautifulSoup(response.text, "html.parser"), "[hx-target='#undo'] form")
    assert words(bar) == "1 message deleted Undo z"
    undone = await inbox.client.post(str(bar["hx-post"]), headers=HTMX)
    assert (undone.headers["hx-trigger"], words(BeautifulSoup(undone.text, "html.parser"))) == (
        "messages",
        "1 message is back",
    )
    assert await inbox.sandbox.store.get(id)
    again = await inbox.client.post(str(bar["hx-post"]), headers=HTMX)
    assert "too late" in again.text


async def test_deleting_what_is_gone_offers_nothing_to_take_back(inbox: Inbox) -> None:
    response = await inbox.client.post(f"/messages/{'0' * 22}/deletion")
    assert response.headers["location"] == "/"
    response = await inbox.client.post(f"/messages/{'0' * 22}/deletion", headers=HTMX)
    assert "#undo" not in response.text


async def test_every_page_that_is_opened_offers_what_can_be_taken_back_newest_first(inbox: Inbox) -> None:
    first, second, third = [await inbox.capture() for _ in range(3)]
    old = await inbox.sandbox.delete([first, second])
    new = await inbox.sandbox.delete([third])
    for path in ("/", "/releases", "/sessions", "/?mailbox=shop"):
        newest, earlier = (await inbox.page(path)).select("#undo form")
        assert words(newest) == "1 message deleted , and 2 before Undo z"
        assert words(earlier) == "2 messages deleted Undo z"
        assert [one(bar, "input")["value"] for bar in (newest, earlier)] == [new.token, old.token]
        assert 5000 < int(str(newest["data-left"])) <= 10_000


async def test_what_others_delete_does_not_come_into_the_bar_of_an_open_page(inbox: Inbox) -> None:
    own, other, last = [await inbox.capture() for _ in range(3)]
    tokens = [(await inbox.sandbox.delete([id])).token for id in (own, other)]
    response = await inbox.client.post(f"/messages/{last}/deletion", data={"deletion": tokens[:1]}, headers=HTMX)
    offered = bars(response.text)
    assert (len(offered), offered[1]) == (2, tokens[0])
    assert bars((await inbox.client.get("/messages", params={"deletion": offered}, headers=HTMX)).text) == []
    undone = await inbox.client.post(f"/deletions/{offered[0]}/undoing", data={"deletion": offered}, headers=HTMX)
    assert bars(undone.text) == [tokens[0]]


async def test_a_bar_forgets_what_was_taken_back_elsewhere(inbox: Inbox) -> None:
    tokens = [(await inbox.sandbox.delete([await inbox.capture()])).token for _ in range(2)]
    await inbox.sandbox.undo(tokens[1])
    refreshed = await inbox.client.get("/messages", params={"deletion": tokens}, headers=HTMX)
    assert bars(refreshed.text) == tokens[:1]


async def test_the_deletion_that_took_a_message_away_is_offered_at_its_address(inbox: Inbox) -> None:
    id = await inbox.capture()
    deletion = await inbox.sandbox.delete([id, await inbox.capture()])
    gone = one(await inbox.page(f"/messages/{id}", status=404), "#pane [data-gone]")
    assert "It went with 1 other." in words(gone)
    assert one(gone, "form")["action"] == f"/deletions/{deletion.token}/undoing"
    unknown = one(await inbox.page(f"/messages/{'0' * 22}", status=404), "#pane [data-gone]")
    assert not unknown.select("form")


async def test_a_list_that_is_refreshed_says_that_the_open_message_is_gone_or_back(inbox: Inbox) -> None:
    id = await inbox.capture()
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025/messages/{id}/source"}
    deletion = await inbox.sandbox.delete([id])
    tree = BeautifulSoup((await inbox.client.get("/messages", headers=headers)).text, "html.parser")
    assert "This message was deleted" in words(one(tree, f"hx-partial[hx-target='#open-{id}']"))
    await inbox.sandbox.undo(deletion.token)
    tree = BeautifulSoup((await inbox.client.get("/messages", headers=headers)).text, "html.parser")
    assert not tree.select(f"hx-partial[hx-target='#open-{id}']")
    assert one(tree, f"hx-partial[hx-target='#gone-{id}'] section")["hx-get"] == f"/messages/{id}"


async def test_clearing_says_that_pinned_ones_stay_and_keeps_them(inbox: Inbox) -> None:
    kept, _ = await inbox.capture(PLAIN), await inbox.capture(RICH)
    await inbox.sandbox.pin([kept], pinned=True)
    question = await inbox.page("/messages/deletion")
    assert "2 messages, of which 1 is pinned and stays." in words(question)
    assert words(one(question, "dialog h1")) == "Delete all messages?"
    await inbox.client.post(str(one(question, "#deletion form")["action"]))
    assert subjects(await inbox.page("/")) == ["Lunch"]
    await inbox.client.post("/messages/deletion", data={"pinned": "1"})
    assert subjects(await inbox.page("/")) == []


async def test_a_mailbox_is_cleared_alone(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH, session=logged_in("shop"))
    link = one(await inbox.page("/?mailbox=shop"), "a.tool[title='Delete all in shop']")
    question = await inbox.page(str(link["href"]))
    assert words(one(question, "dialog h1")) == "Delete all in shop ?"
    assert not question.select("dialog [name=pinned]")
    response = await inbox.client.post(str(one(question, "#deletion form")["action"]))
    assert response.headers["location"] == "/?mailbox=shop"
    assert subjects(await inbox.page("/")) == ["Lunch"]


async def test_while_something_is_searched_only_what_was_found_is_deleted(inbox: Inbox) -> None:
    kept = await inbox.capture(PLAIN)
    for raw in (PLAIN, RICH):
        await inbox.capture(raw)
    await inbox.sandbox.pin([kept], pinned=True)
    question = await inbox.page(str(one(await inbox.page("/?q=lunch"), "a.tool[title='Delete these']")["href"]))
    assert "2 messages, of which 1 is pinned and stays." in words(question)
    await inbox.client.post(str(one(question, "#deletion form")["action"]))
    assert subjects(await inbox.page("/")) == ["Your order", "Lunch"]
    await inbox.client.post("/messages/deletion?q=lunch", data={"pinned": "1"})
    assert subjects(await inbox.page("/")) == ["Your order"]


async def test_a_query_that_is_not_understood_deletes_and_marks_nothing(inbox: Inbox) -> None:
    await inbox.capture()
    await inbox.client.post("/messages/deletion?q=has:foo", data={"pinned": "1"})
    await inbox.client.post("/messages/marks?q=has:foo")
    counts = await inbox.sandbox.store.counts()
    assert (counts.messages, counts.unread) == (1, 1)


def shown(**changes: object) -> ListedMessage:
    fields = dict.fromkeys(("id", "mailbox", "session", "envelope_sender", "user"), "")
    numbers = {"key": 1, "received": 0, "size": 0, "seen": True, "pinned": False}
    return msgspec.convert(fields | numbers | {"summary": {}, "unlisted": ()} | changes, ListedMessage)


@pytest.mark.parametrize(
    "action_text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"url": 3}',
        '{"url": "javascript:alert(1)"}',
        '{"url": "//x.test"}',
        '{"url": "http://[x"}',
    ],
)
def test_only_a_web_address_is_a_link_to_act_on(action_text: str) -> None:
    assert action(shown(action=action_text)) is None


def test_a_link_to_act_on_says_what_it_does_and_where() -> None:
    reset, other = '{"url": "https://x.test/a", "kind": "reset"}', '{"url": "http://u:p@y.test:1/a", "kind": "new"}'
    assert action(shown(action=reset)) == ("https://x.test/a", "Reset the password", "x.test")
    assert action(shown(action=other)) == ("http://u:p@y.test:1/a", "Open the link", "y.test")


def test_a_link_that_unsubscribes_is_none_to_act_on() -> None:
    message = shown(action='{"url": "https://x.test/a", "kind": "unsubscribe"}')
    assert (action(message), leaving(message)) == (None, ("https://x.test/a", "Unsubscribe", "x.test"))
    assert leaving(shown(action='{"url": "mailto:a@x.test", "kind": "unsubscribe"}')) is None
    assert leaving(shown(action='{"url": "https://x.test/a", "kind": "reset"}')) is None


async def test_a_link_that_unsubscribes_stands_in_the_open_message_only_and_no_key_opens_it(inbox: Inbox) -> None:
    id = await inbox.capture(b"List-Unsubscribe: <https://x.test/a>\r\n" + PLAIN)
    await inbox.sandbox.store.search.indexing.settle()
    page = await inbox.page(f"/messages/{id}")
    link = one(page, ".leaving a")
    assert (link["href"], words(link), link.get("data-key")) == ("https://x.test/a", "Unsubscribe", None)
    assert not page.select("li.item .quick, [data-key=l]")


async def test_a_row_offers_its_code_and_its_link(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    row = shown(id="0" * 22, code="482913", action='{"url": "https://x.test/?a=1&b=2", "kind": "sign-in"}')

    async def list_messages(*_: object, **__: object) -> list[ListedMessage]:
        return [row]

    monkeypatch.setattr(type(inbox.sandbox.store), "list_messages", list_messages)
    quick = one(await inbox.page("/"), "li.item > .quick")
    assert words(quick) == "Copy the code 482913 Sign in x.test"
    assert one(quick, "button")["data-copy"] == "482913"
    assert (one(quick, "a")["href"], one(quick, "a")["rel"]) == ("https://x.test/?a=1&b=2", ["noopener", "noreferrer"])


async def test_the_row_of_the_message_at_an_address_stands_in_the_list_of_a_search_that_it_has_left(
    inbox: Inbox,
) -> None:
    await inbox.capture(PLAIN)
    id = await inbox.capture(RICH)
    page = await inbox.page(f"/messages/{id}/text?q=subject:nothing")
    assert subjects(page) == ["Your order"]
    assert words(one(page, "#found")) == "0 found"
    assert not page.select("[data-all-shown]")
