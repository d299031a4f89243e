"""The HTML view: how wide, in which scheme, what it loads and where it leads, and the document in its frame."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from bs4 import BeautifulSoup

from mailsluice.capture import now
from mailsluice.message.remote import Remote
from mailsluice.message.targets import Target
from mailsluice.sandbox import Sandbox
from mailsluice_web import framing
from mailsluice_web.framing import Wishes, frame_policy, opening, told_shortly
from mailsluice_web.opened import Recent
from tests.inbox import RICH, Inbox, links, one, open_inbox, words

MAIL = (
    "From: Shop <shop@example.test>\r\nTo: bob@example.test\r\nSubject: Order\r\nContent-Type: text/html\r\n\r\n"
    '<meta name=color-scheme content="light dark"><style>@media (prefers-color-scheme: dark) {{ p {{ color: red }} }}'
    '</style><img src="{image}"><a href="https://evil.test/">https://bank.test/</a><a href="javascript:x()">run</a>'
    '<a href="https://shop.test/?a=1&amp;b=2">Order</a>\r\n'
)
CROSS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}


def mail(image: str = "https://cdn.test/a.png") -> bytes:
    return MAIL.format(image=image).encode()


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def framed(inbox: Inbox, path: str) -> tuple[BeautifulSoup, str, str]:
    """The page, the document in its frame, and that document's policy."""
    page = await inbox.page(path)
    body = await inbox.client.get(str(one(page, "iframe")["src"]))
    assert body.status_code == 200
    return page, body.text, body.headers["content-security-policy"]


async def test_the_frame_s_document_runs_nothing_tells_nobody_and_looks_nothing_up(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    body = await inbox.client.get(f"/messages/{id}/body")
    policy = body.headers["content-security-policy"].split("; ")
    assert policy[:2] == ["sandbox allow-popups allow-popups-to-escape-sandbox", "default-src 'none'"]
    assert {"base-uri 'none'", "form-action 'none'", "style-src 'unsafe-inline'"} <= set(policy)
    assert "script-src" not in body.headers["content-security-policy"]
    assert body.headers["x-dns-prefetch-control"] == "off"
    assert body.headers["referrer-policy"] == "no-referrer"
    assert body.headers["x-content-type-options"] == "nosniff"


async def test_width_and_scheme_are_addresses_that_the_browser_remembers(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    page = await inbox.page(f"/messages/{id}/html")
    assert [words(one) for one in page.select(".choices [aria-current]")] == ["Fit", "Light"]
    page = await inbox.page(links(page, ".choices a")["Phone"])
    page, document, _ = await framed(inbox, links(page, ".choices a")["Dark"])
    assert [words(one) for one in page.select(".choices [aria-current]")] == ["Phone", "Dark"]
    assert "(min-width:0)" in document
    page, again, _ = await framed(inbox, f"/messages/{id}")
    assert one(page, ".framed")["class"] == ["body", "framed", "phone", "dark"]
    assert again == document


async def test_a_mail_without_colours_for_dark_says_so_where_dark_is_chosen(inbox: Inbox) -> None:
    plain, own = await inbox.capture(RICH), await inbox.capture(mail())
    said = "This message has no colours of its own for dark."
    assert said in words(one(await inbox.page(f"/messages/{plain}/html?scheme=dark"), ".frame-bar"))
    assert said not in words(await inbox.page(f"/messages/{plain}/html?scheme=light"))
    assert said not in words(await inbox.page(f"/messages/{own}/html?scheme=dark"))


async def test_the_address_that_is_printed_says_dark_only_if_the_mail_knows_dark(inbox: Inbox) -> None:
    for raw, ends in ((RICH, "/body"), (mail(), "/body?scheme=dark")):
        page = await inbox.page(f"/messages/{await inbox.capture(raw)}/html?scheme=dark")
        assert words(one(page, ".on-paper")).endswith(ends)
        assert links(page, ".prints")["Print"].endswith(ends)


async def test_each_link_names_width_and_scheme_so_that_back_brings_both(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    page = await inbox.page(f"/messages/{id}/html?width=phone&scheme=dark")
    assert links(page, ".choices a") | links(page, "#remote a") == {
        **{name: f"/messages/{id}/html?width={name.lower()}&scheme=dark" for name in ("Fit", "Desktop", "Tablet")},
        "Phone": f"/messages/{id}/html?width=phone&scheme=dark",
        "Light": f"/messages/{id}/html?width=phone&scheme=light",
        "Dark": f"/messages/{id}/html?width=phone&scheme=dark",
        "Load it": f"/messages/{id}/html?width=phone&scheme=dark&remote=1",
    }


async def test_what_no_such_width_is_called_is_the_ordinary_one(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    inbox.client.cookies.set("mailsluice-look", '"><script>.x', path="/messages")
    page = await inbox.page(f"/messages/{id}/html?width=%22wide&scheme=sepia")
    assert one(page, ".framed")["class"] == ["body", "framed", "fit", "light"]


async def test_remote_content_is_told_and_waits_for_a_click(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    page, document, policy = await framed(inbox, f"/messages/{id}")
    assert words(one(page, "#remote p")) == "Not loaded: 1 image from cdn.test."
    assert "cdn.test" not in re.sub(r"data-blocked-\w+=\S+", "", document)
    assert "http" not in policy
    page, document, policy = await framed(inbox, links(page, "#remote a")["Load it"])
    assert 'src="https://cdn.test/a.png"' in document
    assert "img-src" in policy
    assert policy.count("http: https:") == 4
    _, document, _ = await framed(inbox, links(page, "#remote a")["Show the mail without it"])
    assert 'src="https://cdn.test' not in document.replace('data-blocked-src="', "")


async def test_remote_content_of_one_sender_loads_always_until_that_is_taken_back(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    other = await inbox.capture(mail().replace(b"shop@", b"other@"))
    answer = await inbox.client.post(f"/messages/{id}/remote", data={"load": "sender"})
    assert answer.status_code == 303
    assert "shop" not in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    page, _, policy = await framed(inbox, f"/messages/{id}")
    assert words(one(page, "#remote p")).startswith("Loaded, as always from this sender: 1 image")
    assert "https:" in policy
    assert "https:" not in (await framed(inbox, f"/messages/{other}"))[2]
    assert "https:" not in (await framed(inbox, links(page, "#remote a")["Show the mail without it"]))[2]
    await inbox.client.post(f"/messages/{id}/remote", data={"load": "ask"})
    assert "https:" not in (await framed(inbox, f"/messages/{id}"))[2]


async def test_remote_content_of_everybody_loads_always_until_that_is_taken_back(inbox: Inbox) -> None:
    id = await inbox.capture(mail())
    await inbox.client.post(f"/messages/{id}/remote", data={"load": "all"})
    page, _, policy = await framed(inbox, f"/messages/{await inbox.capture(mail().replace(b'shop@', b'other@'))}")
    assert "https:" in policy
    assert words(one(page, "#remote button")) == "Ask again before each"
    await inbox.client.post(f"/messages/{id}/remote", data={"load": "ask"})
    assert "https:" not in (await framed(inbox, f"/messages/{id}"))[2]


def test_wishes_remember_the_last_hundred_senders_and_nobody_without_an_address() -> None:
    wishes = Wishes()
    for number in range(150):
        wishes = wishes.changed("sender", f"{number}@example.test")
    assert len(wishes.senders) == 100
    assert wishes.of("149@EXAMPLE.test") == "sender"
    assert not wishes.of("1@example.test")
    assert wishes.changed("sender", "") == wishes
    assert not Wishes().changed("sender", "").of("")


async def test_what_lies_on_the_developer_s_own_hosts_loads_at_once(sandbox: Sandbox) -> None:
    object.__setattr__(sandbox.settings, "own_host", ("localhost:*",))
    async with open_inbox(sandbox) as inbox:
        id = await inbox.capture(mail("http://localhost:3000/logo.png"))
        page, document, policy = await framed(inbox, f"/messages/{id}")
        assert not page.select("#remote")
        assert 'src="http://localhost:3000/logo.png"' in document
        assert "http://localhost:* https://localhost:*;" in policy
        assert "https:;" not in policy


async def test_links_are_listed_where_they_really_lead(inbox: Inbox) -> None:
    page = await inbox.page(f"/messages/{await inbox.capture(mail())}")
    assert words(one(page, "#targets summary")) == "3 links 2 odd"
    false, active, good = page.select("#targets li")
    assert words(one(false, ".warning")) == "The text names another host than the one it leads to."
    assert [link["href"] for link in page.select("#targets a")] == ["https://evil.test/", "https://shop.test/?a=1&b=2"]
    assert all(link["rel"] == ["noopener", "noreferrer"] for link in page.select("#targets a"))
    assert words(one(active, "code")) == "javascript:x()"
    assert not good.select(".warning")


@pytest.mark.parametrize("url", ["javascript:x()", "data:text/html,x", "file:///etc/passwd", "/profiles", "steam://x"])
def test_our_own_page_links_only_to_what_a_browser_opens(url: str) -> None:
    assert opening(Target("x", url, "")) == ""


def test_many_hosts_are_put_together() -> None:
    found = [Remote("image", f"h{number}.test", 1) for number in range(9)]
    assert told_shortly(found)[-2:] == ["1 image from h2.test", "more from 6 further hosts"]


async def test_an_image_of_the_mail_is_had_by_a_path_that_nobody_guesses(inbox: Inbox) -> None:
    id = await inbox.capture(RICH)
    _, document, policy = await framed(inbox, f"/messages/{id}")
    found = re.search(rf"/messages/{id}/parts/~([\w-]+)/([\d.]+)", document)
    assert found
    assert f"localhost:8025/messages/{id}/parts/~{found[1]}/ data:;" in policy
    inbox.client.cookies.clear()
    image = await inbox.client.get(found[0], headers=CROSS | {"Origin": "null"})
    assert image.content.startswith(b"GIF89a")
    assert image.headers["cross-origin-resource-policy"] == "cross-origin"
    assert image.headers["content-security-policy"].startswith("sandbox")
    other = await inbox.capture(RICH)
    for path in (f"/messages/{other}/parts/~{found[1]}/{found[2]}", found[0][:-1] + "99", f"{found[0]}é"):
        assert (await inbox.client.get(path, headers=CROSS)).status_code == 404
    ordinary = f"/messages/{id}/parts/{found[2]}"
    assert (await inbox.client.get(ordinary)).headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["", "/html", "/parts/1", "/raw", ".eml"])
async def test_a_mail_loads_nothing_else_from_mailsluice_and_marks_nothing(inbox: Inbox, path: str) -> None:
    id = await inbox.capture(RICH)
    assert (await inbox.client.get(f"/messages/{id}{path}", headers=CROSS)).status_code == 403
    assert (await inbox.client.get(f"/api/v1/message/{id}", headers=CROSS)).status_code == 403
    await inbox.client.get(f"/messages/{id}/body")
    listed = await inbox.sandbox.store.get(id)
    assert listed
    assert not listed.seen


async def test_a_page_of_another_site_reads_no_mail_in_the_reader_s_name(inbox: Inbox) -> None:
    id = await inbox.capture(RICH)
    await inbox.client.get("/messages/latest", headers=CROSS | {"Sec-Fetch-Dest": "empty"})
    await inbox.client.get(f"/messages/{id}", headers={"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"})
    listed = await inbox.sandbox.store.get(id)
    assert listed
    assert not listed.seen
    await inbox.client.get(f"/messages/{id}", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"})
    listed = await inbox.sandbox.store.get(id)
    assert listed
    assert listed.seen


async def test_a_page_does_not_wait_for_what_its_frame_loads(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "_PATIENCE", 0)
    id = await inbox.capture(mail())
    page, document, _ = await framed(inbox, f"/messages/{id}/html?width=phone&scheme=light")
    assert "Order" in document
    assert not page.select("#remote, #targets")
    awaited = links(page, "#around-frame a")["Wait for it"]
    assert one(page, "#around-frame [hx-trigger=load]")["hx-get"] == awaited
    inbox.client.cookies.clear()
    for path in (awaited, f"/messages/{id}/html?width=phone&scheme=light"):
        page = await inbox.page(path)
        assert words(one(page, "#remote p")) == "Not loaded: 1 image from cdn.test."
        assert page.select("#targets li")
        assert one(page, ".framed")["class"] == ["body", "framed", "phone", "light"]
        assert not page.select("[hx-trigger=load]")


async def test_a_document_is_made_ready_once_also_for_one_who_goes_away() -> None:
    made, going = list[int](), asyncio.Event()

    async def make() -> str:
        made.append(1)
        await going.wait()
        return "made"

    recent = Recent[str]()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await recent.get(("id",), 1, make)
    going.set()
    assert await recent.get(("id",), 1, make) == "made"
    assert made == [1]


async def test_ten_megabytes_of_html_open_soon(inbox: Inbox) -> None:
    cell = '<table><tr><td style="color:red"><a href="https://shop.test/">Buy</a></td></tr></table>'
    head = b"From: a@example.test\r\nSubject: big\r\nContent-Type: text/html\r\n\r\n"
    began = now()
    id = await inbox.capture(head + (cell * 110_000).encode())
    page, document, _ = await framed(inbox, f"/messages/{id}/html?wait=1")
    assert len(document) > 9_000_000
    assert len(page.select("#targets li")) == 200
    assert now() - began < 20_000_000


def test_a_policy_names_own_hosts_only_where_it_can() -> None:
    policy = frame_policy("/messages/x/parts/~y/", host="localhost:8025", remote=False, own_hosts=["*.app.test:3000"])
    assert policy.count("http://*.app.test:3000 https://*.app.test:3000") == 4
