"""The pages at every width and zoom, by keyboard alone, with colours, motion, language and time zone of one's own."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.furnished import House

pytestmark = NEEDED

WIDTHS: Final = (320, 390, 560, 640, 768, 900, 1280, 1920)
HUGE: Final = """() => {
  document.querySelector("#found").innerHTML = "1,234,567 messages, <strong>123,456 unread</strong>"
  for (const one of document.querySelectorAll(".menu-item strong")) one.textContent = "1,234,567"
}"""
WIDER: Final = """() => ["html", "#list", "#pane", ".bar", "dialog:modal", "dialog:modal .sheet-body"]
  .flatMap((selector) => [...document.querySelectorAll(selector)])
  .filter((one) => one.checkVisibility() && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.id || one.className || one.tagName}: ${one.scrollWidth} in ${one.clientWidth}`)"""
BEYOND: Final = """() => [...document.querySelectorAll("body :is(a, button, input, select, textarea, summary, .tabs)")]
  .filter((one) => !one.parentElement.matches(".tabs") || getComputedStyle(one.parentElement).overflowX !== "auto")
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(".hidden, .skip, .toast"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.left < -1 || box.right > innerWidth + 1)).map(([one]) => one.outerHTML)"""
OVERLAPPING: Final = """([container, inner]) => [...document.querySelectorAll(container)].flatMap((place) => {
  const things = [...place.querySelectorAll(inner)]
    .filter((one) => one.checkVisibility({opacityProperty: true}) && !one.closest(".hidden, .menu-items"))
    .map((one) => ({name: one.className || one.id || one.tagName, box: one.getBoundingClientRect()}))
    .filter(({box}) => box.width > 1)
  const meet = (a, b) => a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1
  return things.flatMap((one, at) => things.slice(at + 1)
    .filter((other) => meet(one.box, other.box)).map((other) => `${one.name} and ${other.name}`))
})"""
FOCUSED: Final = """() => {
  const one = document.activeElement
  if (one === document.body) return null
  const isSame = window.before === one
  const isAfter = !window.before || !!(window.before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING)
  window.before = one
  const box = one.getBoundingClientRect()
  const isSeen = box.width > 1 && box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0
  const outlines = [getComputedStyle(one), getComputedStyle(one, "::after"), getComputedStyle(one.parentElement)]
  const isOutlined = one.matches("iframe, .skip") || outlines.some((style) => style.outlineStyle !== "none")
  return {html: one.outerHTML.slice(0, 120), isAfter, isSame, isSeen, isOutlined}
}"""
MOVING: Final = """() => [...document.querySelectorAll("*")]
  .flatMap((one) => ["", "::before", "::after"].map((part) => getComputedStyle(one, part)))
  .filter((style) => style.animationName !== "none"
    || (style.transitionProperty !== "none" && style.transitionDuration !== "0s")).length"""


@pytest.fixture
def page(furnished: tuple[House, BrowserContext]) -> Iterator[Page]:
    page = furnished[1].new_page()
    yield page
    page.close()


def faults(page: Page) -> list[str]:
    """What is too wide, reaches over an edge, or lies over something else."""
    found = [*page.evaluate(WIDER), *page.evaluate(BEYOND)]
    for container, inner in (
        (".bar", "a, button, summary, input, #live"),
        (".item", ".row > *, .quick > *"),
        (".list-head", ":scope > *"),
        (".message-head .title", "h1, .actions .btn"),
    ):
        found += page.evaluate(OVERLAPPING, [container, inner])
    return found


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("", ""),
        ("?q=from:averylongnameofsomebody@averylongdomain.example.test OR subject:order", ""),
        ("messages/{order}/html", ""),
        ("messages/{long}/headers", ""),
        ("messages/{emoji}", ""),
        ("messages/{right}/transcript", ""),
        ("messages/{tagged}", "?"),
        ("messages/{order}", "r"),
        ("releases", ""),
        ("releases/{refused}", ""),
        ("profiles/work", ""),
        ("profiles/new?preset=gmail", ""),
        ("rules", ""),
        ("sessions/{session}", ""),
    ],
)
def test_nothing_is_cut_off_or_overlaps_at_any_width(page: Page, house: House, path: str, key: str) -> None:
    page.goto(house.path(path))
    if not path.startswith(("releases", "profiles", "rules", "sessions")):
        page.evaluate(HUGE)
    if key:
        expect(page.locator("#live")).to_have_text("Live")
        page.keyboard.press(key)
        expect(page.locator("dialog:modal")).to_be_visible()
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width}: {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)


ZOOMED: Final[ViewportSize] = {"width": 640, "height": 400}


@pytest.mark.parametrize("key", ["", "r", "m", "?"])
def test_at_twice_the_size_everything_can_be_reached(page: Page, house: House, key: str) -> None:
    page.set_viewport_size(ZOOMED)
    page.goto(house.path("messages/{order}"))
    if key:
        page.keyboard.press(key)
        expect(page.locator("dialog:modal")).to_be_visible()
    assert faults(page) == []
    for control in page.locator("dialog:modal" if key else "#pane").locator("a, button, input").all():
        if control.is_visible() and control.evaluate("one => one.closest('.hidden, details:not([open])') === null"):
            control.scroll_into_view_if_needed()
            expect(control).to_be_in_viewport(ratio=0.9)


def walk(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads, from the beginning of the page to its end."""
    stops = list[dict[str, Any]]()
    for _ in range(300):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            return stops
        if not stop["isSame"]:  # within a frame the focus goes on, and the frame is the same
            stops.append(stop)
    raise AssertionError("it is trapped")


@pytest.mark.parametrize("path", ["", "messages/{order}", "messages/{tagged}", "profiles/work"])
def test_tab_leads_through_the_page_in_its_order_and_out_of_it(page: Page, house: House, path: str) -> None:
    page.goto(house.path(path))
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    stops = walk(page)
    assert len(stops) > 12
    assert [stop["html"] for stop in stops if not stop["isAfter"]] == []
    assert [stop["html"] for stop in stops if not stop["isSeen"]] == []
    assert [stop["html"] for stop in stops if not stop["isOutlined"]] == []


@pytest.mark.parametrize(("presses", "place"), [(1, "#list"), (2, "#pane")])
def test_the_bar_and_the_list_can_be_skipped(page: Page, house: House, presses: int, place: str) -> None:
    page.goto(house.path("messages/{tagged}"))
    for _ in range(presses):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("(place) => document.activeElement.closest(place) !== null", place)


def test_on_a_phone_the_focus_returns_to_the_row_that_was_open(page: Page, house: House) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(house.url)
    row = page.locator(f"#message-{house.ids['emoji']} a.row")
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pane")).to_be_focused()
    page.locator(".back").focus()
    page.keyboard.press("Enter")
    expect(row).to_be_focused()
    expect(row).to_be_in_viewport()


def test_nothing_moves_for_who_wants_no_motion(page: Page, house: House) -> None:
    page.goto(house.path("messages/{order}"))
    assert page.evaluate(MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) > 0


def test_what_is_chosen_is_seen_without_our_colours(page: Page, house: House) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(house.path("messages/{order}"))
    for chosen in (".item:has([aria-current=true])", ".tabs [aria-current]"):
        assert page.locator(chosen).evaluate("one => getComputedStyle(one).outlineStyle") == "solid", chosen


@pytest.mark.parametrize(
    ("locale", "zone", "written", "size", "count"),
    [
        ("de-DE", "Asia/Kolkata", r"%d\.%m\.%Y.* %H:%M:%S", "1,4 KB", "4.990 messages"),
        ("en-US", "America/New_York", r"%b %-d, %Y.* %-I:%M:%S\s%p", "1.4 KB", "4,990 messages"),
        ("fr-FR", "Europe/Paris", r"%-d \w+\.? %Y.* %H:%M:%S", "1,4 KB", "4\u202f990 messages"),
    ],
)
def test_times_and_numbers_are_the_readers(
    browser: Browser, house: House, locale: str, zone: str, written: str, size: str, count: str
) -> None:
    path = house.path("messages/{order}")
    with browser.new_context(locale=locale, timezone_id=zone) as context:
        page = context.new_page()
        page.goto(path)
        moment = page.locator("time.moment").first
        received = datetime.fromisoformat(str(moment.get_attribute("datetime"))).astimezone(ZoneInfo(zone))
        exactly = re.compile(f"^{received.strftime(written)}")
        expect(moment).to_have_text(exactly)
        expect(moment).to_have_attribute("lang", locale)
        expect(page.locator(".row time").first).to_have_attribute("title", exactly)
        expect(page.locator(".row time").first).to_have_text(re.compile(r"^(now|\d+ min)$"))
        page.evaluate("document.querySelector('.row .size').textContent = '1.4 KB'; tellTimes(); tellTimes()")
        expect(page.locator(".row .size").first).to_have_text(size)
        assert page.evaluate("localized('4,990 messages')") == count
