"""The boxes beside the rows of the inbox in a browser, and the bar that counts those that are ticked."""

import re

from playwright.sync_api import Locator, Page, expect


def row(page: Page, subject: str) -> Locator:
    return page.locator(".item", has=page.locator(".subject", has_text=re.compile(f"^{re.escape(subject)}$")))


def tick(page: Page, *subjects: str) -> None:
    for subject in subjects:
        row(page, subject).get_by_role("checkbox").check()


def expect_selected(page: Page, *subjects: str) -> None:
    """These boxes are ticked, and the bar counts them."""
    expect(page.locator(".item:has(.tickbox :checked) .subject")).to_have_text([*subjects])
    if subjects:
        expect(page.locator("#selection .selected")).to_have_text(f"{len(subjects)} selected")
    else:
        expect(page.locator("#selection")).to_be_hidden()
        expect(page.locator(".list-head")).to_be_visible()
