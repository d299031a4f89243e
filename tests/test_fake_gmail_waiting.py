"""The fake Gmail seen from another thread: what happens is waited for, and answers are kept back until they may go."""

import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fake_gmail_client import APP_PASSWORD, MESSAGE, USER
from tests.gmail import STALL, FakeGmail, in_thread

BOB = "bob@example.com"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


def test_an_event_that_came_and_one_that_comes_are_both_waited_for(gmail: FakeGmail) -> None:
    with sending(gmail, MESSAGE):
        assert gmail.wait_for("command", "data").text == "data"
        assert gmail.wait_for("reply", "250 2.0.0").session == gmail.wait_for("connect").session
    assert gmail.wait_for("close")
    with pytest.raises(AssertionError, match="no close"):
        gmail.wait_for("close", times=2, seconds=0)


@pytest.mark.parametrize(("stage", "taken"), [("data", 0), ("message", 1)])
def test_an_answer_is_kept_back_until_it_may_go(gmail: FakeGmail, stage: str, taken: int) -> None:
    gmail.hold_next(stage)
    with sending(gmail, MESSAGE):
        gmail.wait_for("hold", stage)
        assert len(gmail.delivered) == taken
        assert not [event for event in gmail.log if event.text.startswith("250 2.0.0")]
        gmail.let_go()
        gmail.wait_for("reply", "250 2.0.0")
    assert len(gmail.delivered) == 1


def test_a_large_message_gets_stuck_amid_its_body(gmail: FakeGmail) -> None:
    gmail.fail_next("body", STALL)
    with sending(gmail, MESSAGE + b"x" * (16 << 20)) as sender:
        gmail.wait_for("stall")
        assert sender.sock
        sender.sock.shutdown(2)
    assert not gmail.delivered
    assert not [event for event in gmail.log if event.kind == "message"]


@contextmanager
def sending(gmail: FakeGmail, raw: bytes) -> Iterator[smtplib.SMTP]:
    """Somebody who sends this in a thread meanwhile, and may lose the connection."""
    context = ssl.create_default_context(cafile=gmail.ca_file)
    with smtplib.SMTP_SSL(gmail.host, gmail.tls_port, context=context, timeout=30) as client:
        client.login(USER, APP_PASSWORD)
        thread = threading.Thread(target=_send, args=(client, raw))
        thread.start()
        try:
            yield client
        finally:
            gmail.let_go()
            thread.join()


def _send(client: smtplib.SMTP, raw: bytes) -> None:
    try:
        client.sendmail(USER, [BOB], raw)
    except (OSError, smtplib.SMTPException):
        client.close()
