"""What comes with the texts of a message: files that nothing shows, and plain text beside HTML."""

import base64
from collections.abc import AsyncIterator

import pytest

from mailsluice.message import parse, summarize
from mailsluice.message.words import visible
from mailsluice.sandbox import Sandbox
from tests.inbox import Inbox, one, open_inbox, words
from tests.nasty import head, multipart
from tests.preview_files import image, pdf, png

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


TURNED = "Content-Type: application/octet-stream; name*=utf-8''photo%E2%80%AEgpj.exe\r\n\r\nMZ\x90\0"
DISGUISED = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=invoice.pdf\r\n\r\nMZ\x90\0\3"


async def test_a_name_that_turns_round_is_shown_with_what_turns_it_and_warned_of(inbox: Inbox) -> None:
    base = f"/messages/{await inbox.capture(mail('mixed', f'{PLAIN}x', TURNED))}/parts"
    page = await inbox.page(f"{base}?part=2")
    assert words(one(page, "#part-2 .filename")) == "photo<U+202E>gpj.exe"
    assert words(one(page, ".part .facts bdi")) == "photo<U+202E>gpj.exe"
    assert "A file name hides its end: photo<U+202E>gpj.exe (part 2)." in words(one(page, ".oddities"))
    assert "\u202e" not in one(page, "article").text


def test_names_are_shown_with_their_joiners_and_without_what_turns_them() -> None:
    assert visible("می\u200cخواهم.pdf \u2066a\u200b.b") == "می\u200cخواهم.pdf <U+2066>a<U+200B>.b"


async def test_each_disguised_file_is_warned_of_and_marked_in_the_tree(inbox: Inbox) -> None:
    files = [f"Content-Type: text/x-log; name={n}.log\r\n\r\nhello" for n in range(22)]
    base = f"/messages/{await inbox.capture(mail('mixed', f'{PLAIN}x', *files, DISGUISED))}/parts"
    page = await inbox.page(base)
    assert "invoice.pdf is not what it says: it says application/pdf and is named .pdf but is" in words(
        one(page, ".oddities")
    )
    assert [line["id"] for line in page.select(".part-line:has(.flag)")] == ["part-24"]


@pytest.mark.parametrize(
    ("content", "opens"),
    [(image(), True), (png(30_000, 30_000), False), (pdf(1), False), (image()[:40], False)],
    ids=["picture", "large", "pdf", "damaged"],
)
async def test_a_picture_opens_in_a_tab_only_if_it_is_one_that_is_shown(
    inbox: Inbox, content: bytes, opens: bool
) -> None:
    head_ = "Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = mail("mixed", f"{PLAIN}x", head_ + base64.encodebytes(content).decode())
    page = await inbox.page(f"/messages/{await inbox.capture(raw)}/parts?part=2")
    actions = [words(action) for action in page.select(".part-actions a")]
    assert actions == ["Save it", *["Open it in a tab"] * opens]


async def test_attached_messages_stand_in_the_tree_by_their_subjects(inbox: Inbox) -> None:
    messages = [f"Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?caf=C3=A9?= {n}\r\n\r\nx" for n in (1, 2)]
    page = await inbox.page(f"/messages/{await inbox.capture(mail('mixed', f'{PLAIN}x', *messages))}/parts")
    assert [words(name) for name in page.select(".part-line .filename")] == ["café 1", "café 2"]


async def test_the_html_view_leads_to_the_plain_text_beside_it(inbox: Inbox) -> None:
    id = await inbox.capture(mail("mixed", LETTER, FOOTER))
    beside = one(await inbox.page(f"/messages/{id}/html"), "#beside")
    assert "“ To leave this list, write to us. ”" in words(beside)
    assert one(beside, "a")["href"] == f"/messages/{id}/text"


async def test_an_alternative_is_not_said_to_stand_beside_the_html(inbox: Inbox) -> None:
    id = await inbox.capture(mail("alternative", f"{PLAIN}Dear", LETTER))
    assert not (await inbox.page(f"/messages/{id}/html")).select("#beside")
