"""What axe (https://github.com/dequelabs/axe-core) has to say of every page, light on a desk and dark on a phone.

Of the main ones it looks at dark on a desk and light on a phone, too.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.attached_mail import FILES, MESSAGE_PART
from tests.e2e.chromium import NEEDED, PHONE
from tests.e2e.furnished import STATES, House
from tests.unlocked import Served, served

pytestmark = NEEDED

AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# A mail's frame runs no script that could answer axe, which would wait for it.
LOOK: Final = """async () => (await axe.run(document, {resultTypes: ["violations"], iframes: false})).violations.map(
  (one) => `${one.id}: ${one.nodes.map((node) => `${node.target} ${node.any.concat(node.all, node.none)
    .map((check) => check.message).join("; ")}`).join("\\n    ")}`)"""
DESK: Final[ViewportSize] = {"width": 1280, "height": 800}


class State(NamedTuple):
    """What a page shows at this path, after something was done there; whether it is one of the main ones."""

    name: str
    path: str
    do: Callable[[Page], object] = lambda page: None
    status: int = 200
    is_main: bool = False


def states(*states: State) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("state", [pytest.param(state, id=state.name) for state in states])


def press(key: str, found: str) -> Callable[[Page], object]:
    """The key, and what it opens."""

    def do(page: Page) -> None:
        page.keyboard.press(key)
        expect(page.locator(found)).to_be_visible()

    return do


def click(selector: str, found: str) -> Callable[[Page], object]:
    """A click, and what it opens."""

    def do(page: Page) -> None:
        page.locator(selector).first.click()
        expect(page.locator(found).first).to_be_visible()

    return do


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.eval_on_selector_all("#pane details", "all => all.forEach((one) => { one.open = true })")


def release(page: Page) -> None:
    press("r", "dialog:modal #findings")(page)
    page.eval_on_selector_all("dialog details", "all => all.forEach((one) => { one.open = true })")


def tick(*then: Callable[[Page], object]) -> Callable[[Page], object]:
    """Two messages are ticked; then more is done to them."""

    def do(page: Page) -> None:
        for box in page.locator("#rows [name=id]").all()[:2]:
            box.check()
        expect(page.locator("#selection")).to_be_visible()
        for step in then:
            step(page)

    return do


def look(page: Page, *, is_main: bool) -> list[str]:
    """What axe complains about."""
    expect(page.locator(".htmx-request")).to_have_count(0)
    found = look_as(page, "light", DESK)
    if is_main:
        found += look_as(page, "dark", DESK) + look_as(page, "light", PHONE)
    return found + look_as(page, "dark", PHONE)


def look_as(page: Page, scheme: Literal["light", "dark"], size: ViewportSize) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    return [f"{scheme}, {size['width']} px wide: {line}" for line in page.evaluate(LOOK)]


def visit(page: Page, url: str, state: State) -> None:
    """Open it, and let axe look at it."""
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    response = page.goto(url)
    assert response
    assert response.status == state.status
    expect(page.locator(".htmx-request")).to_have_count(0)  # the key was sent, and what it opens is there
    page.evaluate(AXE)
    state.do(page)
    complaints = look(page, is_main=state.is_main)
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="module")
def page(furnished: tuple[House, BrowserContext]) -> Page:
    """One page for all: what counts is the state, not how it was reached."""
    return furnished[1].new_page()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("empty")) as pages:
        yield pages


@states(
    State("list", "", is_main=True),
    State("nothing found", "?q=zzzzz"),
    State("found", "?q=from:ada OR subject:order -tag:x is:unread"),
    State("not understood", "?q=has:foo newer:soon"),
    State("mailbox", "?mailbox=inbox"),
    State("empty mailbox", "?mailbox=nobody"),
    State("older", "?before=1"),
    State("mailboxes unfolded", "", click("#mailboxes summary", "#mailboxes .menu-item")),
    State("export and import unfolded", "", click("#exchange summary", "#exchange .menu-item")),
    State("guide to searching", "", click("#q", "#completions [role=option]")),
    State("deleting all", "", click("[title='Delete all']", "#deletion")),
    State("deleting all, a page", "messages/deletion"),
    State("selected", "", tick(), is_main=True),
    State("all selected", "", tick(click("#selected", "#selection"))),
    State("export of the selection", "", tick(click("#export summary", "#export .menu-item"))),
    State("tagging", "", tick(press("t", "dialog:modal"))),
    State("release of many", "", tick(press("r", "dialog:modal #findings"))),
    State("keys", "", press("?", "#keys")),
    State("settings", "", click("[data-shows=settings]", "#settings")),
    State("deleted", "messages/{nobody}", status=404),
)
def test_axe_finds_nothing_in_the_list(page: Page, house: House, state: State) -> None:
    visit(page, house.path(state.path), state)


@states(
    State("order html", "messages/{order}/html", is_main=True),
    *(State(f"order {view}", f"messages/{{order}}/{view}") for view in ("headers", "source")),
    State("order transcript", "messages/{order}/transcript"),
    State("order releases", "messages/{order}/releases"),
    State("headers as received", "messages/{order}/headers?raw=1"),
    State("remote content", "messages/{order}/html?remote=1"),
    State("dark, on a phone", "messages/{order}/html?scheme=dark&width=phone"),
    State("links unfolded", "messages/{order}/html", click("#targets summary", "#targets .menu-items")),
    *(
        State(f"part {name}", f"messages/{{attached}}/parts?part={number}", unfold)
        for number, name in enumerate(FILES, 2)
    ),
    State("parts in the end", f"messages/{{attached}}/parts?part={MESSAGE_PART}", unfold),
    *(
        State(f"message inside, {view}", f"messages/{{attached}}/parts/{MESSAGE_PART}/message/{view}")
        for view in ("html", "text", "parts?part=2")
    ),
    State("text, tags and pin", "messages/{tagged}", is_main=True),
    State("broken", "messages/{broken}"),
    State("nothing in it", "messages/{bare}"),
    State("right to left", "messages/{right}"),
    State("long", "messages/{long}"),
    State("release", "messages/{order}", release, is_main=True),
    State("release to me", "messages/{tagged}", press("m", "dialog:modal #findings")),
    State("release, a page", "messages/{order}/releases/new", unfold),
    State("release of many, a page", "selection/releases/new?id={order}&id={tagged}&id={broken}", unfold),
)
def test_axe_finds_nothing_in_a_message(page: Page, house: House, state: State) -> None:
    visit(page, house.path(state.path), state)


@states(
    State("releases", "releases", is_main=True),
    State("releases that failed", "releases?state=failed"),
    State("no releases fit", "releases?state=sending"),
    State("releases of a batch", "releases?batch={batch}"),
    *(State(f"record {state}", f"releases/{{{state}}}", unfold) for state in STATES),
    State("no such release", "releases/{nobody}", status=404),
    State("profiles", "profiles"),
    State("profile", "profiles/work", unfold, is_main=True),
    State("disabled profile", "profiles/other"),
    State("edit a profile", "profiles/work/edit", unfold),
    State("new Gmail profile", "profiles/new?preset=gmail", unfold),
    State("new profile elsewhere", "profiles/new?preset=custom"),
    State("profile refused", "profiles/new?preset=gmail", click("#pane button.primary", ".error")),
    State("remove a profile", "profiles/work", click(".btn.danger", "dialog:modal")),
    State("rules", "rules", unfold),
    State("rule refused", "rules", click("#pane button.primary", ".error")),
    State("sessions", "sessions"),
    State("session", "sessions/{session}"),
    State("imports", "imports"),
    State("not found", "nowhere", status=404),
    State("fault", "fault", status=500),
)
def test_axe_finds_nothing_beside_the_messages(page: Page, house: House, state: State) -> None:
    visit(page, house.path(state.path), state)


@states(
    *(
        State(path or "inbox", path, is_main=not path)
        for path in ("", "releases", "sessions", "profiles", "rules", "imports")
    )
)
def test_axe_finds_nothing_where_nothing_is_yet(page: Page, empty: Served, state: State) -> None:
    page.goto(empty.link)
    visit(page, empty.url + state.path, state)


@states(State("locked", "profiles"), State("locked rules", "rules"))
def test_axe_finds_nothing_where_the_key_is_missing(browser: Browser, house: House, state: State) -> None:
    with browser.new_context() as context:
        visit(context.new_page(), house.path(state.path), state)
