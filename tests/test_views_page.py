"""The views of a message as a browser without JavaScript asks for them: text, headers, source, warnings, envelope."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailsluice.sandbox import Sandbox
from mailsluice_web.highlighting import highlighted, outline
from mailsluice_web.sources import STRETCH, read_source
from tests.inbox import HTMX, RICH, Inbox, links, logged_in, one, open_inbox, words

CORPUS = os.environ.get("MAILSLUICE_TEST_CORPUS", "")
SHARES = 4
ODD = b"From: a@example.test\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nX-Plain: as it is\r\n\r\nHello\nthere\r\n"
FORWARDED = b"Subject: Fwd\r\nContent-Type: message/rfc822\r\n\r\nSubject: Inner\r\n\r\nHello\r\n"
MARKED = b"From: a@example.test\r\nSubject: =?utf-8?q?caf=C3=A9?= here\r\n"
MARKED += b"Content-Type: multipart/mixed;\r\n boundary=b\r\n\r\n"
MARKED += b"no: header\r\n--b\r\nContent-Type: text/plain\r\n\r\nbody: text\r\n--b--\r\nafter: it\r\n"


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_text_that_was_made_from_html_says_so(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(RICH)}/text")
    assert "made from its HTML" in words(one(page, ".line:not(.oddities)"))
    assert words(one(page, "pre.text")).startswith("Hello")


async def test_the_html_of_a_message_without_any_leads_to_what_it_has(inbox: Inbox) -> None:
    id = await inbox.capture(FORWARDED)
    for base in (f"/messages/{id}", f"/messages/{id}/parts/0/message"):
        answer = await inbox.client.get(f"{base}/html?q=x")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{base}?q=x")
        assert not (await inbox.page(f"{base}/text")).select("[data-key=o]")


@pytest.mark.parametrize("view", ["html", "text", "headers", "source", "parts", "transcript"])
async def test_the_html_opens_in_a_tab_from_every_view(inbox: Inbox, view: str) -> None:
    id = await inbox.capture(RICH)
    page = await inbox.page(f"/messages/{id}/{view}?scheme=dark")
    assert one(page, ".tabs a[data-key=o]")["href"] == f"/messages/{id}/body?scheme=dark"


async def test_text_of_the_mails_own_says_nothing(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture()}/text")
    assert not page.select(".line:not(.oddities)")


async def test_a_header_that_reads_otherwise_stands_beside_what_was_received(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(ODD)}/headers")
    rows = [[words(cell) for cell in row.select("th, td")] for row in page.select("tbody tr")]
    assert ["Subject", "café", "=?utf-8?q?caf=C3=A9?="] in rows
    assert ["X-Plain", "as it is"] in rows


async def test_very_many_headers_are_shown_in_part(inbox: Inbox) -> None:
    raw = b"".join(b"X-Filler-%d: %s\r\n" % (n, b"x" * 900) for n in range(500)) + b"\r\nHello\r\n"
    page = await inbox.page(f"/messages/{await inbox.capture(raw)}/headers")
    shown = len(page.select("tbody tr"))
    assert 200 < shown < 500
    assert f"{500 - shown} more fields" in words(one(page, ".cut"))


async def test_warnings_stand_folded_with_their_rfcs_the_errors_first(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(ODD)}/text")
    fold = one(page, ".oddities details")
    assert "open" not in fold.attrs
    assert words(one(fold, "summary")).split()[1].startswith("error")
    kinds = [words(kind) for kind in fold.select(".severity")]
    assert kinds == sorted(kinds, key=["Error", "Warning", "Note"].index)
    no_date = next(line for line in fold.select("li") if "Date" in words(line))
    link = one(no_date, "a")
    assert link["href"] == "https://www.rfc-editor.org/rfc/rfc5322#section-3.6.1"
    assert (link["target"], link["rel"]) == ("_blank", ["noopener", "noreferrer"])


async def test_a_recipient_that_no_header_names_is_marked_as_bcc(inbox: Inbox) -> None:
    id = await inbox.capture(recipients=("bob@example.test", "hidden@example.test"))
    page = await inbox.page(f"/messages/{id}")
    assert [words(mark) for mark in page.select(".facts mark")] == ["hidden@example.test Bcc"]


def test_the_source_is_told_apart_into_names_boundaries_and_encoded_words() -> None:
    runs = highlighted(MARKED, 0, len(MARKED), outline=outline(MARKED))
    assert "".join(run.text for run in runs) == MARKED.decode()
    assert [(run.kind, run.text.strip()) for run in runs if run.kind] == [
        ("name", "From:"),
        ("name", "Subject:"),
        ("word", "=?utf-8?q?caf=C3=A9?="),
        ("name", "Content-Type:"),
        ("boundary", "--b"),
        ("name", "Content-Type:"),
        ("boundary", "--b--"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"one line" * 100_000,
        "ä".encode() * 400_000,
        b"\xff" * 600_000,
        b"a line\r\n" * 100_000,
        b"x" * (STRETCH - 1) + b"\n" + b"y" * STRETCH,
    ],
    ids=["nothing", "an end", "one line", "letters", "no letters", "lines", "an end at the edge"],
)
def test_the_stretches_of_a_source_are_all_of_it(raw: bytes) -> None:
    stretches = [read_source(raw, at=at) for at in range(read_source(raw).stretches)]
    assert [one.start for one in stretches[1:]] == [one.end for one in stretches[:-1]]
    assert (stretches[0].start, stretches[-1].end) == (0, len(raw))
    text = "".join(run.text for one in stretches for run in one.runs)
    assert text in (raw.decode("utf-8", "replace"), raw.decode("latin-1"))


@pytest.mark.parametrize("place", [0, 5, STRETCH - 3, STRETCH, 2 * STRETCH + 17, 3 * STRETCH - 6])
def test_what_is_found_is_in_the_stretch_that_is_shown(place: int) -> None:
    for filler in (b"x" * 79 + b"\n", b"x" * 80):
        raw = bytearray((filler * (3 * STRETCH // 80 + 1))[: 3 * STRETCH])
        raw[place : place + 6] = b"NeedLe"
        shown = read_source(bytes(raw), find="needle")
        assert (shown.matches, shown.match) == (1, 0)
        assert shown.start <= place < shown.end
        assert next(run.text for run in shown.runs if run.match == 0) in "NeedLe"


async def test_the_source_is_searched_as_a_whole_and_gone_through(inbox: Inbox) -> None:
    raw = b"Subject: x\r\n\r\n" + b"".join(b"%07d Caf\xc3\xa9 %s\r\n" % (n, b"x" * 80) for n in range(9_000))
    id = await inbox.capture(raw)
    page = await inbox.page(f"/messages/{id}/source?find=0003000")
    assert words(one(page, ".finder [role=status]")) == "1 of 1"
    assert words(one(page, "mark#here")) == "0003000"
    page = await inbox.page(f"/messages/{id}/source?find=CAFé")
    assert words(one(page, ".finder [role=status]")) == "1 of 9,000"
    assert len(page.select(".found-lines li")) == 100
    following = links(page, ".finder p a")["Next"]
    page = await inbox.page(following)
    assert words(one(page, ".finder [role=status]")) == "2 of 9,000"
    assert words(one(page, "mark.now")) == "Café"
    page = await inbox.page(links(page, ".body a")["Later"])
    assert page.select(".source mark")
    page = await inbox.page(links(page, ".body a")["Earlier"])
    assert words(one(page, ".body .switch")).startswith("0 B to")


def test_what_is_found_everywhere_is_counted_up_to_a_bound() -> None:
    shown = read_source(b"a" * 300_000, find="a", match=20_000)
    assert (shown.matches, shown.match, shown.is_all) == (10_000, 9_999, False)


async def test_what_was_not_counted_to_the_end_says_so(inbox: Inbox) -> None:
    id = await inbox.capture(b"Subject: x\r\n\r\n" + b"zzzzzzzz\r\n" * 2_000)
    page = await inbox.page(f"/messages/{id}/source?find=z")
    assert words(one(page, ".finder [role=status]")) == "1 of 10,000 or more"
    assert words(one(page, ".found-lines .address:last-child")) == "and at least 9,900 more"


async def test_what_is_not_there_is_not_found(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture()}/source?find=nowhere")
    assert words(one(page, ".finder [role=status]")) == "Not found"
    assert not page.select(".source mark")


@pytest.mark.parametrize("query", ["at=99999", "at=x", "match=7", "find=&match=1", "find=Hello&match=99", "find=%00"])
async def test_an_odd_address_of_the_source_still_shows_it(inbox: Inbox, query: str) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture()}/source?{query}")
    assert "Hello Bob" in words(one(page, "pre.source"))


async def test_text_and_html_are_had_as_a_whole(inbox: Inbox) -> None:
    id = await inbox.capture(RICH)
    for kind, text in (("html", "<p>Hello <img"), ("text", "Hello")):
        answer = await inbox.client.get(f"/messages/{id}/whole/{kind}")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert answer.text.startswith(text)
    plain = await inbox.capture()
    assert (await inbox.client.get(f"/messages/{plain}/whole/html")).status_code == 404


async def test_a_message_leads_to_its_neighbours_in_the_place_where_it_is_seen(inbox: Inbox) -> None:
    ids = [
        await inbox.capture(b"Subject: %s %d\r\n\r\nHello\r\n" % (word, n), session=logged_in(word.decode()))
        for n in range(3)
        for word in (b"red", b"green")
    ]
    for query, chosen in (("", ids), ("?mailbox=green", ids[1::2]), ("?q=subject%3Ared", ids[::2])):
        for at, id in enumerate(chosen):
            steps = links(await inbox.page(f"/messages/{id}{query}"), ".steps-between a")
            expected = {"Newer message": at + 1, "Older message": at - 1}
            assert steps == {
                name: f"/messages/{chosen[there]}{query}"
                for name, there in expected.items()
                if 0 <= there < len(chosen)
            }


@pytest.mark.parametrize("view", ["text", "headers", "source", "parts"])
async def test_a_view_that_was_chosen_is_kept_from_message_to_message(inbox: Inbox, view: str) -> None:
    older, shown, newer = [await inbox.capture() for _ in range(3)]
    steps = links(await inbox.page(f"/messages/{shown}/{view}?q=lunch"), ".steps-between a")
    assert steps == {
        "Newer message": f"/messages/{newer}/{view}?q=lunch",
        "Older message": f"/messages/{older}/{view}?q=lunch",
    }


async def test_a_view_that_not_every_message_has_is_not_kept(inbox: Inbox) -> None:
    older, shown = [await inbox.capture() for _ in range(2)]
    for view in ("", "/transcript", "/releases"):
        steps = links(await inbox.page(f"/messages/{shown}{view}"), ".steps-between a")
        assert steps == {"Older message": f"/messages/{older}"}


@pytest.mark.skipif(not CORPUS, reason="MAILSLUICE_TEST_CORPUS names no folder of mail")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(SHARES))
async def test_every_message_of_the_corpus_opens_in_every_view(inbox: Inbox, first: int) -> None:
    for path in [path for path in sorted(Path(CORPUS).rglob("*")) if path.is_file()][first::SHARES]:
        id = await inbox.capture(path.read_bytes())
        page = await inbox.page(f"/messages/{id}", headers=HTMX)
        for address in links(page, ".tabs a").values():
            assert (await inbox.client.get(address, headers=HTMX)).status_code == 200, (path, address)
        for address in (f"/messages/{id}/source?find=a", f"/messages/{id}/whole/text", f"/messages/{id}/headers?raw=1"):
            assert (await inbox.client.get(address, headers=HTMX)).status_code == 200, (path, address)
