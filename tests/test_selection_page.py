"""What is done to several messages at once: those that are named, or all of a place up to what somebody has seen."""

import io
import mailbox as mailboxes
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from mailsluice.sandbox import Sandbox
from mailsluice.store.records import ListedMessage
from tests.inbox import HTMX, RICH, Inbox, links, logged_in, one, open_inbox, subjects, words


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


def mail(subject: str) -> bytes:
    return f"From: ada@example.test\r\nTo: bob@example.test\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()


async def fill(inbox: Inbox, *names: str) -> list[str]:
    return [await inbox.capture(mail(name)) for name in names]


async def listed(inbox: Inbox) -> dict[str, ListedMessage]:
    """By subject."""
    return {one.summary.subject: one for one in await inbox.sandbox.store.list_messages(limit=0)}


async def post(inbox: Inbox, path: str, *, current: str = "/", **fields: Any) -> BeautifulSoup:
    """What htmx gets from a button of the bar."""
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025{current}"}
    response = await inbox.client.post(f"/selection/{path}", data=fields, headers=headers)
    assert response.status_code == 200, response.text
    return BeautifulSoup(response.text, "html.parser")


async def key_of(inbox: Inbox, subject: str) -> str:
    return str((await listed(inbox))[subject].key)


async def test_each_row_has_a_box_named_by_its_subject_that_belongs_to_the_bar(inbox: Inbox) -> None:
    (id,) = await fill(inbox, "One")
    page = await inbox.page("/")
    box = one(page, "#rows input[name=id]")
    assert (box["value"], box["form"], "checked" in box.attrs) == (id, "selection", False)
    assert words(one(page, f"#{box['aria-labelledby']}")) == "One"
    assert not box.find_parent("a")


async def test_the_form_sends_the_place_so_that_it_leads_back_there(inbox: Inbox) -> None:
    ids = await fill(inbox, "One")
    page = await inbox.page("/?q=one&mailbox=inbox")
    sent = {
        str(field["name"]): str(field["value"]) for field in page.select("#messages input[type=hidden][form=selection]")
    }
    assert sent == {"q": "one", "mailbox": "inbox"}
    response = await inbox.client.post("/selection/marks", data=sent | {"id": ids, "seen": "1"})
    assert (response.status_code, response.headers["location"]) == (303, "/?q=one&mailbox=inbox")


async def test_several_are_marked_and_the_number_that_changed_is_said(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two", "Three")
    said = await post(inbox, "marks", id=ids[:2], seen="1")
    assert words(said) == "2 messages marked read"
    assert [name for name, message in (await listed(inbox)).items() if message.seen] == ["Two", "One"]
    assert words(await post(inbox, "marks", id=ids, seen="1")) == "1 message marked read"
    assert words(await post(inbox, "marks", id=ids, seen="0")) == "3 messages marked unread"


async def test_several_are_pinned_and_let_go(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    assert words(await post(inbox, "pins", id=ids, pinned="1")) == "2 messages pinned"
    assert all(message.pinned for message in (await listed(inbox)).values())
    assert words(await post(inbox, "pins", id=ids[:1], pinned="0")) == "1 message unpinned"


async def test_tags_are_given_to_all_and_taken_from_those_that_have_them(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two", "Three")
    await inbox.sandbox.add_tags(ids[:1], ["late"])
    assert words(await post(inbox, "tags", id=ids[:2], add="shop, new ,")) == "2 messages tagged: shop, new"
    dialog = await inbox.page("/selection/tags?" + "&".join(f"id={id}" for id in ids[:2]), headers=HTMX)
    assert words(one(dialog, "h2")) == "Tag 2 messages"
    buttons = {button["value"]: words(button) for button in dialog.select("button[name=remove]")}
    assert buttons == {
        "late": "Remove the tag late 1 of 2",
        "new": "Remove the tag new",
        "shop": "Remove the tag shop",
    }
    assert words(await post(inbox, "tags", id=ids[:2], remove="late")) == "Tag late removed from 1 message"
    assert [message.tags for message in (await listed(inbox)).values()] == [(), ("new", "shop"), ("new", "shop")]


async def test_what_is_no_tag_comes_back_in_the_dialog_with_what_to_write(inbox: Inbox) -> None:
    ids = await fill(inbox, "One")
    response = await inbox.client.post("/selection/tags", data={"id": ids, "add": "!!"}, headers=HTMX)
    assert (response.status_code, response.headers["hx-retarget"]) == (422, "#modal")
    dialog = BeautifulSoup(response.text, "html.parser")
    assert words(one(dialog, "[role=alert]")).startswith("Write a tag")
    assert one(dialog, "input[name=id]")["value"] == ids[0]


async def test_without_a_script_tags_are_a_page_of_their_own(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    page = await inbox.page(f"/selection/tags?q=one&id={ids[0]}")
    form = one(page, "#tagging form")
    fields = {str(field["name"]): str(field["value"]) for field in form.select("input[type=hidden]")}
    assert fields == {"id": ids[0], "q": "one"}
    response = await inbox.client.post(str(form["action"]), data=fields | {"add": "shop"})
    assert (response.status_code, response.headers["location"]) == (303, "/?q=one")
    assert links(page, "#tagging .choice a") == {"Cancel": "/?q=one"}


async def test_several_are_deleted_together_and_come_back_together(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two", "Three")
    await inbox.sandbox.pin(ids[:1], pinned=True)
    answer = await post(inbox, "deletion", id=ids[:2])
    assert "2 messages deleted" in words(answer)
    assert subjects(await inbox.page("/")) == ["Three"]
    await inbox.client.post(str(one(answer, "form.toast")["action"]))
    assert subjects(await inbox.page("/")) == ["Three", "Two", "One"]


async def test_deleting_the_open_one_among_others_leaves_a_blank_pane(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025/messages/{ids[0]}?q=e"}
    response = await inbox.client.post("/selection/deletion", data={"id": ids}, headers=headers)
    assert response.headers["hx-retarget"] == "#pane"
    assert response.headers["hx-replace-url"].startswith("/?q=e")


async def test_another_message_stays_open_while_others_are_deleted(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    headers = HTMX | {"HX-Current-URL": f"http://localhost:8025/messages/{ids[0]}"}
    response = await inbox.client.post("/selection/deletion", data={"id": ids[1:]}, headers=headers)
    assert "hx-retarget" not in response.headers
    assert response.headers["hx-trigger"] == "messages"


async def test_all_that_match_are_those_up_to_what_was_seen(inbox: Inbox) -> None:
    await fill(inbox, "Bill 1", "Other", "Bill 2")
    upto = await key_of(inbox, "Bill 2")
    await fill(inbox, "Bill 3")
    said = await post(inbox, "tags", all="1", q="bill", upto=upto, add="x")
    assert words(said) == "2 messages tagged: x"
    assert {name for name, message in (await listed(inbox)).items() if message.tags} == {"Bill 1", "Bill 2"}


async def test_all_of_a_mailbox_are_those_up_to_what_was_seen(inbox: Inbox) -> None:
    await inbox.capture(mail("One"), session=logged_in("shop"))
    await fill(inbox, "Two")
    upto = await key_of(inbox, "Two")
    await inbox.capture(mail("Three"), session=logged_in("shop"))
    assert words(await post(inbox, "marks", all="1", mailbox="shop", upto=upto, seen="1")) == "1 message marked read"
    assert words(await post(inbox, "marks", all="1", upto=upto, seen="1")) == "1 message marked read"
    assert [name for name, message in (await listed(inbox)).items() if message.seen] == ["Two", "One"]


async def test_of_all_that_match_the_pinned_stay_when_they_are_deleted(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two", "Three")
    await inbox.sandbox.pin(ids[:1], pinned=True)
    answer = await post(inbox, "deletion", all="1", upto=await key_of(inbox, "Two"))
    assert "1 message deleted" in words(answer)
    assert "1 pinned message stays" in words(answer)
    assert subjects(await inbox.page("/")) == ["Three", "One"]


async def test_the_tags_of_all_that_match_are_asked_for_by_the_place(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    await inbox.sandbox.add_tags(ids, ["shop"])
    upto = await key_of(inbox, "Two")
    dialog = await inbox.page(f"/selection/tags?all=1&mailbox=inbox&upto={upto}", headers=HTMX)
    fields = {str(field["name"]): str(field["value"]) for field in dialog.select("#tagging input[type=hidden]")}
    assert fields == {"mailbox": "inbox", "all": "1", "upto": upto}
    assert words(one(dialog, "h2")) == "Tag 2 messages"


async def test_a_zip_has_the_selected_oldest_first(inbox: Inbox) -> None:
    ids = [await inbox.capture(RICH), *await fill(inbox, "One", "Two")]
    response = await inbox.client.post("/selection/export", data={"id": [*reversed(ids[1:])], "format": "zip"})
    assert response.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        texts = [archive.read(name) for name in archive.namelist() if name.endswith(".eml")]
    assert texts == [mail("One"), mail("Two")]


async def test_an_mbox_has_all_that_match(inbox: Inbox, tmp_path: Path) -> None:
    await fill(inbox, "One", "Two", "Other")
    fields = {"all": "1", "q": "-other", "upto": await key_of(inbox, "Other"), "format": "mbox"}
    response = await inbox.client.post("/selection/export", data=fields)
    (file := tmp_path / "found.mbox").write_bytes(response.content)
    with closing(mailboxes.mbox(file)) as found:
        assert [one["Subject"] for one in found] == ["One", "Two"]


async def test_what_was_deleted_meanwhile_is_passed_over(inbox: Inbox) -> None:
    ids = await fill(inbox, "One", "Two")
    await inbox.sandbox.delete(ids[:1])
    assert words(await post(inbox, "tags", id=ids, add="x")) == "1 message tagged: x"


@pytest.mark.parametrize("path", ["marks", "pins", "tags", "deletion", "export"])
async def test_nothing_selected_says_how_to_select(inbox: Inbox, path: str) -> None:
    response = await inbox.client.post(f"/selection/{path}", data={"id": "no id", "all": "1", "upto": "-1"})
    assert response.status_code == 422
    assert "tick them in the list" in response.text


async def test_a_thousand_and_more_are_marked_at_once(inbox: Inbox) -> None:
    ids = await fill(inbox, *map(str, range(3)))
    unknown = [f"{number:022d}" for number in range(1500)]
    assert words(await post(inbox, "marks", id=[*unknown, *ids], seen="1")) == "3 messages marked read"


async def test_the_head_says_how_many_match_and_where_they_begin(inbox: Inbox) -> None:
    await fill(inbox, "One", "Two")
    found = one(await inbox.page("/"), ".list-head")
    assert (found["data-matching"], found["data-newest"]) == ("2", await key_of(inbox, "Two"))
