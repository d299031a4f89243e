"""The HTML view in the browser: its widths and schemes, remote content at a click, links that open for themselves."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.inbox_page import send
from tests.e2e.tattling import Tattle, tattling
from tests.program import Program

pytestmark = NEEDED

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
MAIL = """\
From: Shop <shop@example.test>
To: bob@example.test
Subject: Order
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html; charset=utf-8

<meta name=color-scheme content="light dark">
<style>@media (width < 600px) {{ h1 {{ letter-spacing: 3px }} }}
@media (prefers-color-scheme: dark) {{ h1 {{ color: rgb(1, 2, 3) }} }}</style>
<h1>Thank you</h1><img id=own src="cid:a@x"><img id=far src="{url}/far.svg"><p style="height: 3000px">Long</p>
<a href="{url}/verify">Verify</a><a href="https://evil.test/">https://bank.test/</a>
--b
Content-Type: image/png
Content-ID: <a@x>
Content-Transfer-Encoding: base64

{pixel}
--b--
"""


@pytest.fixture
def tattle() -> Iterator[Tattle]:
    with tattling() as tattle:
        yield tattle


def capture(program: Program, tattle: Tattle) -> str:
    return program.send(MAIL.format(url=tattle.url, pixel=PIXEL).replace("\n", "\r\n").encode())


def test_the_frame_has_the_width_and_the_scheme_that_were_chosen(page: Page, program: Program, tattle: Tattle) -> None:
    page.set_viewport_size({"width": 1600, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    frame, title = page.locator("iframe"), page.frame_locator("iframe").locator("h1")
    expect(title).to_have_css("letter-spacing", "normal")
    for name, width in (("Tablet", 768), ("Phone", 375)):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "true")
        assert frame.evaluate("one => one.clientWidth") == width
    expect(title).to_have_css("letter-spacing", "3px")
    page.get_by_role("link", name="Dark", exact=True).click()
    expect(title).to_have_css("color", "rgb(1, 2, 3)")
    page.reload()
    expect(title).to_have_css("color", "rgb(1, 2, 3)")
    expect(title).to_have_css("letter-spacing", "3px")
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="Light", exact=True).click()
    expect(title).to_have_css("color", "rgb(0, 0, 0)")


def test_back_brings_width_and_scheme_together(page: Page, program: Program, tattle: Tattle) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}/html?width=fit&scheme=light")
    for name in ("Phone", "Dark", "Tablet", "Light"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "true")
    for look in ("tablet dark", "phone dark", "phone light", "fit light"):
        page.go_back()
        expect(page.locator(".framed")).to_have_class(f"body framed {look}")


def test_a_font_that_is_not_loaded_is_no_complaint(page: Page, program: Program, complaints: list[str]) -> None:
    html = "<style>@font-face{font-family:f;src:url(//far.test/f.woff2) format('woff2')}h1{font-family:f}</style><h1>A"
    id = program.send(f"Subject: x\r\nContent-Type: text/html\r\n\r\n{html}\r\n".encode())
    page.goto(f"{program.url}messages/{id}")
    expect(page.frame_locator("iframe").locator("h1")).to_have_css("font-family", "f")
    page.frame_locator("iframe").locator("h1").evaluate("one => one.ownerDocument.fonts.ready.then(() => null)")
    assert complaints == []


def test_remote_content_waits_for_a_click_and_the_mail_s_own_image_does_not(
    page: Page, program: Program, tattle: Tattle
) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    own = page.frame_locator("iframe").locator("#own")
    expect(own).to_have_js_property("naturalWidth", 1)
    expect(page.locator("#remote")).to_contain_text(f"Not loaded: 1 image from 127.0.0.1:{tattle.port}.")
    assert tattle.heard == []
    page.get_by_role("link", name="Load it").click()
    expect(page.frame_locator("iframe").locator("#far")).to_have_js_property("naturalWidth", 40)
    assert tattle.heard == ["/far.svg"]
    page.get_by_role("button", name="Always from this sender").click()
    expect(page.locator("#remote")).to_contain_text("Loaded, as always from this sender")
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    expect(page.frame_locator("iframe").locator("#far")).to_have_js_property("naturalWidth", 40)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("#remote")).to_contain_text("Not loaded")


def test_a_link_opens_in_a_tab_of_its_own_that_may_run_scripts(page: Page, program: Program, tattle: Tattle) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Verify").click()
    tab = opened.value
    tab.wait_for_load_state()
    assert tab.url == f"{tattle.url}/verify"
    assert tab.evaluate("[self.opener, self.origin, document.referrer]") == [None, tattle.url, ""]
    assert page.url.startswith(program.url)


def test_links_are_folded_and_told_with_what_is_odd_about_them(page: Page, program: Program, tattle: Tattle) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    expect(page.locator("#targets .menu-items")).to_be_hidden()
    page.locator("#targets summary").click()
    expect(page.locator("#targets li").last).to_contain_text("The text names another host")
    page.keyboard.press("Escape")
    expect(page.locator("#targets .menu-items")).to_be_hidden()


def test_what_a_large_mail_loads_follows_and_the_frame_stays(
    page: Page, program: Program, complaints: list[str]
) -> None:
    cell = '<p><a href="https://shop.test/">Buy</a><img src="https://cdn.test/a.png"></p>\r\n'
    id = program.send(b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + (cell * 30_000).encode())
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{program.url}messages/{id}/html?scheme=light", wait_until="domcontentloaded")
    expect(page.locator("#remote")).to_contain_text("Not loaded", timeout=30_000)
    expect(page.locator("#targets summary")).to_contain_text("200 links or more")
    expect(page.frame_locator("iframe").get_by_text("Buy").first).to_be_visible()
    assert len([url for url in asked if "/body" in url]) == 1
    expect(page).to_have_url(re.compile("/html[?]scheme=light$"))
    assert complaints == []


def test_the_list_of_links_leaves_the_question_about_remote_content_alone(
    page: Page, program: Program, tattle: Tattle
) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}")
    page.locator("#targets summary").click()
    expect(page.locator("#targets .menu-items")).to_be_visible()
    page.get_by_role("link", name="Load it").click()
    expect(page.locator("#remote")).to_contain_text("Loaded")


def test_the_view_has_half_of_the_pane_below_many_files(page: Page, program: Program) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    file = "--b\r\nContent-Disposition: attachment; filename=a-file-{}.bin\r\n\r\nx\r\n"
    begin = "To: Bob <bob@example.test>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    begin += "--b\r\nContent-Type: text/html\r\n\r\n<p>Your code is 483920<img src=https://cdn.test/a.png>\r\n"
    for count in (6, 33):
        id = program.send((begin + "".join(map(file.format, range(count))) + "--b--\r\n").encode())
        page.goto(f"{program.url}messages/{id}/html")
        pane, view = page.locator("#pane").bounding_box(), page.locator("iframe").bounding_box()
        assert pane
        assert view
        assert view["height"] >= pane["height"] / 2


def test_paper_says_from_where_the_html_prints_whole(page: Page, program: Program, tattle: Tattle) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}/html?scheme=dark")
    expect(page.locator(".on-paper")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("iframe")).to_be_hidden()
    expect(page.locator(".frame-bar")).to_be_hidden()
    said, address = page.locator(".on-paper").inner_text().split(": ", 1)
    assert said == "The HTML of this message prints from its own tab"
    page.emulate_media(media="screen")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Print").click()
    assert popup.value.url == address
    expect(popup.value.get_by_text("Thank you")).to_be_visible()
    expect(popup.value.locator("link[rel=icon]")).to_have_attribute("href", "data:,")


def test_opening_a_frame_reads_nothing_and_the_page_s_keys_go_on(page: Page, program: Program, tattle: Tattle) -> None:
    id = capture(program, tattle)
    page.goto(f"{program.url}messages/{id}/body")
    assert program.api("messages")["unread"] == 1
    send(program, "Later")
    page.goto(f"{program.url}messages/{id}")
    page.keyboard.press("k")
    expect(page.locator("#subject")).to_have_text("Later")


def test_on_a_phone_nothing_is_cut_off(page: Page, program: Program, tattle: Tattle) -> None:
    page.set_viewport_size(PHONE)
    for width in ("fit", "desktop", "tablet", "phone"):
        page.goto(f"{program.url}messages/{capture(program, tattle)}/html?width={width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#targets summary").click()
    box = page.locator("#targets .menu-items").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_frame_scrolls_inside(page: Page, program: Program, tattle: Tattle, scheme: str) -> None:
    page.goto(f"{program.url}messages/{capture(program, tattle)}/html?scheme={scheme}&width=tablet")
    page.frame_locator("iframe").locator("h1").hover()
    page.mouse.wheel(0, 800)
    expect(page.frame_locator("iframe").get_by_text("Thank you")).not_to_be_in_viewport()
    assert page.locator(".framed").evaluate("one => one.scrollTop") == 0
