"""The inbox of a running program in a browser: mail for it, and what its list shows."""

import smtplib

from playwright.sync_api import Page, expect

from tests.program import Program, deliver


def send(program: Program, *subjects: str, user: str = "") -> list[str]:
    """Messages with these subjects, in the mailbox of the user if one logs in; their ids."""
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=30) as client:
        if user:
            client.login(user, "any")
        return [deliver(client, mail(subject), "ada@example.test", ("bob@example.test",)) for subject in subjects]


def mail(subject: str) -> bytes:
    return f"From: Ada <ada@example.test>\r\nTo: bob@example.test\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()


def open_inbox(page: Page, program: Program, path: str = "") -> None:
    page.goto(program.url + path)
    expect(page.locator("#live")).to_have_text("Live")


def expect_rows(page: Page, *subjects: str) -> None:
    expect(page.locator("a.row .subject")).to_have_text([*subjects])
