"""The parts of a message on its page: the tree, what is in each, pictures, cards, messages inside messages."""

import time
from collections.abc import AsyncIterator

import pytest
from bs4 import BeautifulSoup

from mailsluice.sandbox import Sandbox
from mailsluice_web.tree import AT_ONCE
from tests.attached_mail import FILES, MESSAGE_PART, attached_mail, many_parts
from tests.inbox import PLAIN, RICH, Inbox, links, one, open_inbox, words

NUMBERS = {name: str(number) for number, name in enumerate(FILES, 2)}


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


@pytest.fixture
async def base(inbox: Inbox) -> str:
    return f"/messages/{await inbox.capture(attached_mail())}/parts"


async def opened(inbox: Inbox, base: str, name: str) -> BeautifulSoup:
    """The page with the part of that file open."""
    return await inbox.page(f"{base}?part={NUMBERS[name]}")


async def test_the_tree_shows_each_part_where_it_stands(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(RICH)}/parts")
    lines = [words(line) for line in page.select(".part-line")]
    assert [line.split()[:2] for line in lines] == [
        ["–", "multipart/mixed"],
        ["1", "multipart/related"],
        ["1.1", "text/html"],
        ["1.2", "image/gif"],
        ["2", "text/html"],
    ]
    depths = [[name for name in leaf["class"] if "-" in name] for leaf in page.select(".leaf")]
    assert depths == [["depth-0"], ["depth-1"], ["depth-2"], ["depth-2"], ["depth-1"]]


async def test_a_part_opens_with_its_headers_and_closes_again(inbox: Inbox, base: str) -> None:
    page = await opened(inbox, base, "notes.txt")
    assert "Content-Transfer-Encoding: base64" in one(page, "#part-headers pre").text
    assert one(page, ".excerpt").text == "<script>alert(1)</script>\n"
    line = one(page, ".part-line[aria-expanded=true]")
    assert line["href"] == base
    assert not (await inbox.page(base)).select(".part")


async def test_a_message_of_one_part_and_a_container_open_too(inbox: Inbox, base: str) -> None:
    plain = await inbox.capture(PLAIN)
    page = await inbox.page(f"/messages/{plain}/parts?part=0")
    assert one(page, ".excerpt").text.startswith("Hello Bob,")
    page = await inbox.page(f"{base}?part=1")
    assert "multipart/alternative" in one(page, ".part .facts").text
    assert not page.select(".part-actions")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("not-a-picture.png", "It says image/png and is named .png but is a PDF."),
        ("archive.zip", "This is a ZIP archive. It cannot be shown here."),
        ("empty.bin", "This part is empty."),
        ("damaged.png", "This file is damaged, or of a kind that cannot be shown."),
        ("invoice.pdf", "The first 3 pages of 5."),
        ("photo.png", "1,200 × 800 pixels"),
    ],
)
async def test_a_part_is_told_in_a_sentence(inbox: Inbox, base: str, name: str, said: str) -> None:
    assert said in words(one(await opened(inbox, base, name), ".part"))


async def test_an_invitation_is_a_card(inbox: Inbox, base: str) -> None:
    card = one(await opened(inbox, base, "invite.ics"), ".card")
    assert words(one(card, "h2")) == "Planning"
    text = words(card)
    for said in (
        "An invitation",
        "Mon 27 Jul 2026, 10:00 to 11:30 (Europe/Berlin)",
        "Mon 27 Jul 2026, 08:00 UTC",
        "Every week on Monday",
        "Room 4",
        "Bob <bob@example.test> · accepted",
    ):
        assert said in text
    assert list(links(card, "a")) == ["https://example.test/agenda"]


async def test_a_contact_is_a_card_with_its_photo_drawn_anew(inbox: Inbox, base: str) -> None:
    card = one(await opened(inbox, base, "ada.vcf"), ".card")
    assert "Ada Lovelace" in words(card)
    assert "+49 30 1234 · mobile" in words(card)
    response = await inbox.client.get(str(one(card, "img")["src"]))
    assert (response.status_code, response.headers["content-type"]) == (200, "image/webp")


async def test_a_table_is_shown_as_one(inbox: Inbox, base: str) -> None:
    table = one(await opened(inbox, base, "orders.csv"), "table")
    assert [[words(cell) for cell in row.select("th, td")] for row in table.select("tr")] == [
        ["name", "city"],
        ["Ada", "Paris"],
    ]


async def test_pictures_are_small_cacheable_and_never_the_file_itself(inbox: Inbox, base: str) -> None:
    for address in (f"{NUMBERS['photo.png']}/preview?width=192", f"{NUMBERS['invoice.pdf']}/preview?page=3&width=720"):
        response = await inbox.client.get(f"{base}/{address}")
        assert response.headers["content-type"] == "image/webp"
        assert response.headers["cache-control"] == "private, max-age=86400"
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert len(response.content) < 20_000


async def test_a_picture_that_is_refused_says_why_to_all_but_images(inbox: Inbox, base: str) -> None:
    address = f"{base}/{NUMBERS['damaged.png']}/preview"
    response = await inbox.client.get(address)
    assert response.status_code == 422
    assert response.text == "This file is damaged, or of a kind that cannot be shown.\n"
    empty = await inbox.client.get(address, headers={"Sec-Fetch-Dest": "image"})
    assert (empty.status_code, empty.headers["content-type"], len(empty.content)) == (200, "image/gif", 43)


@pytest.mark.parametrize("number", ["archive.zip", "notes.txt", "nothing"])
async def test_there_is_no_picture_of_anything_else(inbox: Inbox, base: str, number: str) -> None:
    assert (await inbox.client.get(f"{base}/{NUMBERS.get(number, '99')}/preview?width=x")).status_code == 404


async def test_the_head_lists_attachments_with_pictures_and_warns(inbox: Inbox, base: str) -> None:
    page = await inbox.page(base.removesuffix("/parts"))
    items = {words(one(item, ".filename")): item for item in page.select(".attached")}
    assert list(items) == [*FILES, "The older one.eml"]
    assert items["photo.png"].select("img[loading=lazy]")
    assert not items["notes.txt"].select("img")
    assert "but is a PDF" in words(items["not-a-picture.png"])
    assert [str(link["href"]).endswith(f"/parts/{NUMBERS['archive.zip']}") for link in items["archive.zip"].select("a")]
    assert [link["href"] for link in items["photo.png"].select("a")] == [f"{base}?part=2", f"{base}/2"]


async def test_more_than_a_few_attachments_fold_to_a_line(inbox: Inbox, base: str) -> None:
    page = await inbox.page(base.removesuffix("/parts"))
    assert words(one(page, "#attachments summary")).startswith("11 attachments Some are not what they say. photo.png")
    few = await inbox.page(f"/messages/{await inbox.capture(many_parts(3))}")
    assert not few.select("#attachments")
    many = await inbox.page(f"/messages/{await inbox.capture(many_parts(40))}")
    assert words(one(many, "#attachments summary b")) == "40 attachments"
    assert words(one(many, "#attachments summary .address")).endswith(" and 28 more")


async def test_a_message_inside_opens_in_all_views(inbox: Inbox, base: str) -> None:
    inner = f"{base}/{MESSAGE_PART}/message"
    page = await inbox.page(inner)
    assert words(one(page, "h1")) == "The older one"
    tabs = links(page, ".tabs a[id]")
    assert list(tabs) == ["HTML", "Text", "Headers", "Source", "Parts"]
    for address in tabs.values():
        assert words(one(await inbox.page(address), "h1")) == "The older one"
    assert one(page, ".within")["href"] == f"{base}?part={MESSAGE_PART}"
    assert not page.select("article [data-key=r], article form")
    frame = await inbox.client.get(str(one(page, "iframe")["src"]))
    assert "<b>Bob</b>" in frame.text
    assert f"{inner}/parts/~" in frame.headers["content-security-policy"]


async def test_a_message_inside_tells_its_own_oddities_but_none_of_a_session(inbox: Inbox) -> None:
    inner = b"From: a@example.test\r\nDate: Thu, 1 Jan 2004 00:00:00 +0000\r\nSubject: x\r\n\r\nx\r\n"
    id = await inbox.capture(b"Subject: y\r\nContent-Type: message/rfc822\r\n\r\n" + inner)
    page = await inbox.page(f"/messages/{id}/parts/0/message")
    said = words(one(page, ".oddities"))
    assert "Message-ID" in said
    assert "before the message came" not in said
    assert "envelope" not in said


async def test_what_stands_around_the_parts_is_shown_with_what_holds_them(inbox: Inbox) -> None:
    head = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    id = await inbox.capture(head + b"Before it\r\n--b\r\n\r\n--c\r\n--b--\r\nAfter <it>\r\n")
    page = await inbox.page(f"/messages/{id}/parts?part=0")
    assert [one.text for one in page.select(".part .excerpt")] == ["Before it", "After <it>"]
    assert [words(one) for one in page.select(".part > .address")] == [
        "This text stands before the first part, where mail programs do not show it:",
        "This text stands after the last part, where mail programs do not show it:",
    ]


@pytest.mark.parametrize("body", [b"\r\n--b\r\n\r\nx\r\n--b--\r\n\r\n", b"--b\r\n\r\nx\r\n--b--", b"--b\r\n\r\nx"])
async def test_around_most_parts_there_is_nothing_to_show(inbox: Inbox, body: bytes) -> None:
    id = await inbox.capture(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    assert not (await inbox.page(f"/messages/{id}/parts?part=0")).select(".part .excerpt")


async def test_what_is_in_a_message_inside_is_had_like_anything_else(inbox: Inbox, base: str) -> None:
    inner = f"{base}/{MESSAGE_PART}"
    page = await inbox.page(f"{inner}/message/parts?part=2")
    assert f"{inner}.2/preview?width=720" in [image["src"] for image in page.select(".pictures img")]
    for path in (f"{inner}.2", f"{inner}.2/preview", f"{inner}/message.eml", f"{inner}/message/raw"):
        assert (await inbox.client.get(path)).status_code == 200
    assert words(one(await inbox.page(f"{inner}.3/message"), "h1")) == "The oldest one"


@pytest.mark.parametrize(
    "path", ["2/message", "2.1", "99/message", "1/message/html", "2/message/parts", "0.0.0/message"]
)
async def test_where_no_message_is_inside_none_opens(inbox: Inbox, base: str, path: str) -> None:
    assert (await inbox.client.get(f"{base}/{path}")).status_code == 404


async def test_thousands_of_parts_are_listed_in_stretches_and_quickly(inbox: Inbox) -> None:
    base = f"/messages/{await inbox.capture(many_parts(5000))}"
    await inbox.page(base)
    began = time.perf_counter()
    page = await inbox.page(f"{base}/parts")
    assert time.perf_counter() - began < 2
    assert len(page.select(".part-line")) == AT_ONCE
    assert words(page.select(".attachments li")[-1]) == "and 4,988 more"
    later = await inbox.page(str(one(page, ".cut a")["href"]))
    assert words(later.select(".part-line")[0]).startswith(str(AT_ONCE))
    assert len((await inbox.page(f"{base}/parts?part=4999")).select(".part")) == 1


@pytest.mark.parametrize("query", ["part=../..", "from=-1", "from=99999", "from=²", "part=1&pages=all"])
async def test_nonsense_in_the_address_shows_the_tree(inbox: Inbox, base: str, query: str) -> None:
    assert (await inbox.page(f"{base}?{query}")).select(".part-line")
