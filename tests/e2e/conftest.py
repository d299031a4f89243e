"""What several end-to-end modules stand on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.chromium import CHROMIUM, FLAGS, watch
from tests.e2e.desk import NORMAL_PASSWORD, Desk, Office, open_office
from tests.e2e.furnished import House, open_house
from tests.gmail import in_thread
from tests.program import Program
from tests.smarthost import APP_PASSWORD, USER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser, one for all tests of a module."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """Everything the browser's console complained about."""
    return []


@pytest.fixture
def forgiven() -> str:
    """What the console may tell of: nothing, unless a module has answers that are meant to be errors."""
    return ""


@pytest.fixture
def context(browser: Browser, complaints: list[str], forgiven: str) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        context.set_default_timeout(15_000)
        watch(context, complaints, forgiven=forgiven)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def program(start: Program.Starter) -> Program:
    return start("-d", ":memory:")


@pytest.fixture(scope="module")
def furnished(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, BrowserContext]]:
    """A house with everything in it and a browser that has its key, for all tests of a module."""
    with open_house(browser, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def house(furnished: tuple[House, BrowserContext]) -> House:
    """What stands at which path of it."""
    return furnished[0]


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The pages over one sandbox, for all tests of a module that sit at a desk."""
    with open_office(browser, tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def desk(office: Office) -> Iterator[Desk]:
    """Ada, with a page and a fake Gmail of the test's own."""
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD, normal_password=NORMAL_PASSWORD)
        desk = Desk(office, gmail)
        yield desk
        desk.leave()
        assert office.take_complaints() == []
