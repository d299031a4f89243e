"""What comes with the texts of a message: files that nothing shows, and plain text beside HTML."""

from collections.abc import AsyncIterator

import pytest

from mailsluice.message import parse, summarize
from mailsluice.sandbox import Sandbox
from tests.inbox import Inbox, one, open_inbox, words
from tests.nasty import head, multipart

PLAIN = "Content-Type: text/plain\r\n\r\n"
HTML = "Content-Type: text/html\r\n\r\n"
PIXEL = "Content-Transfer-Encoding: base64\r\n\r\nR0lGODlhAQABAAAAACw="
INLINE = f"Content-Type: image/gif\r\nContent-Disposition: inline; filename=photo.gif\r\n{PIXEL}"
NAMED = f"Content-Type: image/gif\r\nContent-ID: <logo@example.test>\r\n{PIXEL}"
FOOTER = f"{PLAIN}_______\r\nTo leave this list, write to us."
LETTER = f"{HTML}<p>Dear members, the meeting is on Monday.</p>"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


def mail(kind: str, *parts: str) -> bytes:
    return (head("files") + multipart(kind, "b", *parts)).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (mail("mixed", f"{PLAIN}Look:", INLINE, f"{PLAIN}Nice?"), ["2"]),
        (mail("related", f'{HTML}<img src="cid:logo@example.test">', NAMED), []),
        (mail("related", f"{HTML}<img src='CID:logo%40example.test'>", NAMED), []),
        (mail("related", f"{HTML}no picture", NAMED), ["2"]),
        (mail("mixed", f"{PLAIN}x", f"Content-Disposition: attachment\r\n{PIXEL}"), ["2"]),
        (mail("mixed", f"{PLAIN}x", "Content-Type: text/plain; name=notes.txt\r\n\r\ny"), ["2"]),
        (mail("alternative", f"{PLAIN}x", "Content-Type: text/x-amp-html\r\n\r\n<html>", f"{HTML}x"), []),
        (mail("alternative", f"{PLAIN}x", "Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"), ["2"]),
        (mail("mixed", f"{PLAIN}x", "Content-Type: image/png\r\n\r\n"), []),
    ],
    ids=["inline", "shown", "shown-odd", "unreferred", "unnamed", "text-file", "version", "invitation", "nothing"],
)
def test_files_are_what_neither_the_text_nor_the_html_shows(raw: bytes, expected: list[str]) -> None:
    assert [part.number for part in parse(raw).files] == expected


async def test_a_picture_that_no_html_refers_to_stands_above_the_message(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(mail('mixed', f'{PLAIN}Look:', INLINE))}")
    file = one(page, ".attached")
    assert words(one(file, ".filename")) == "photo.gif"
    assert str(one(file, "img")["src"]).endswith("/parts/2/preview?width=192")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((LETTER, FOOTER), "Dear members, the meeting is on Monday."),
        ((f"{HTML}<p> </p>", FOOTER), "_______ To leave this list, write to us."),
        ((multipart("alternative", "in", f"{PLAIN}Dear", LETTER), FOOTER), "Dear"),
        ((multipart("alternative", "in", LETTER, f"{PLAIN}Dear"), FOOTER), "Dear"),
        ((f"{PLAIN}Dear", LETTER), "Dear"),
    ],
    ids=["html", "empty-html", "both", "reversed", "text-first"],
)
def test_the_snippet_is_of_the_letter_and_not_of_the_footer_behind_it(parts: tuple[str, ...], expected: str) -> None:
    assert summarize(mail("mixed", *parts)).snippet == expected


async def test_the_text_view_shows_the_html_as_text_and_then_the_footer(inbox: Inbox) -> None:
    id = await inbox.capture(mail("mixed", LETTER, FOOTER))
    page = await inbox.page(f"/messages/{id}/text")
    assert words(one(page, "pre.text")).split(" _______ ") == [
        "Dear members, the meeting is on Monday.",
        "To leave this list, write to us.",
    ]
    assert "only what comes last is plain text" in words(one(page, ".line:not(.oddities)"))


async def test_the_html_view_leads_to_the_plain_text_beside_it(inbox: Inbox) -> None:
    id = await inbox.capture(mail("mixed", LETTER, FOOTER))
    beside = one(await inbox.page(f"/messages/{id}/html"), "#beside")
    assert "To leave this list" in words(beside)
    assert one(beside, "a")["href"] == f"/messages/{id}/text"


async def test_an_alternative_is_not_said_to_stand_beside_the_html(inbox: Inbox) -> None:
    id = await inbox.capture(mail("alternative", f"{PLAIN}Dear", LETTER))
    assert not (await inbox.page(f"/messages/{id}/html")).select("#beside")
