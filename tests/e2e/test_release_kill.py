"""Whatever ends the program in the middle of a release: nothing is sent twice, nothing forgotten, unknown called so.

Two messages are released at once, so that there is always one being sent and one before its dial.
"""

import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailsluice import instance
from tests.gmail import STALL, FakeGmail, replies
from tests.program import Program
from tests.releasing_client import ReleasingClient, begin, open_gmail, recipients, write_profile

pytestmark = pytest.mark.crash

BEFORE_DOT = ("greeting", "ehlo", "tls", "auth", "mail", "rcpt", "data", "body")
LARGE = 16 << 20  # more than the sockets between take, so that it cannot be written to the end
KILLS = [pytest.param(signal.SIGKILL, id="killed"), pytest.param(signal.SIGTERM, id="stopped")]


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with open_gmail() as gmail:
        yield gmail


@pytest.fixture
def database(tmp_path: Path, gmail: FakeGmail) -> Path:
    write_profile(gmail)
    return tmp_path / "mail.db"


@pytest.mark.parametrize("number", KILLS)
@pytest.mark.parametrize("stage", BEFORE_DOT)
def test_what_ended_before_the_final_dot_is_sent_once_after_the_next_start(
    start: Program.Starter, gmail: FakeGmail, database: Path, stage: str, number: int
) -> None:
    gmail.fail_next(stage, STALL)
    client = begin(start, database)
    first, second = release_two(client, size=LARGE if stage == "body" else 0)
    gmail.wait_for("stall")
    assert client.record(first)["state"] == "sending"
    assert client.record(second)["state"] == "queued"
    assert end(client.program, number) < 1.0
    assert not gmail.delivered
    client = begin(start, database)
    assert [client.record(id, wait=30)["state"] for id in (first, second)] == ["delivered", "delivered"]
    assert subjects(gmail) == ["first", "second"]
    assert gmail.connections == 2
    assert_clean(client.program)


def test_what_waits_for_its_turn_is_sent_once_after_the_next_start(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    write_profile(gmail, pace=3600.0)
    client = begin(start, database)
    first, second = release_two(client)
    assert client.record(first, wait=30)["state"] == "delivered"
    end(client.program, signal.SIGKILL)
    write_profile(gmail)
    client = begin(start, database)
    assert client.record(second, wait=30)["state"] == "delivered"
    assert client.record(first)["state"] == "delivered"
    assert subjects(gmail) == ["first", "second"]


@pytest.mark.parametrize("is_taken", [True, False], ids=["taken", "not-taken"])
def test_killed_between_the_final_dot_and_its_answer_it_is_unknown_and_waits_for_the_users_word(
    start: Program.Starter, gmail: FakeGmail, database: Path, is_taken: bool
) -> None:
    first, second = killed_past_the_dot(start, gmail, database, is_taken=is_taken)
    client = begin(start, database)
    assert client.record(second, wait=30)["state"] == "delivered"
    assert_unknown(client.record(first))
    assert subjects(gmail) == (["first", "second"] if is_taken else ["second"])
    if is_taken:
        assert client.settle(first)["state"] == "delivered"
        assert subjects(gmail) == ["first", "second"]
    else:
        client.retry(first)
        assert client.record(first, wait=30)["state"] == "delivered"
        assert subjects(gmail) == ["second", "first"]


def test_it_stays_unknown_over_any_number_of_starts(start: Program.Starter, gmail: FakeGmail, database: Path) -> None:
    first, second = killed_past_the_dot(start, gmail, database, is_taken=True)
    for _ in range(2):
        client = begin(start, database)
        assert client.record(second, wait=30)["state"] == "delivered"
        assert_unknown(client.record(first))
        end(client.program, signal.SIGKILL)
    assert subjects(gmail) == ["first", "second"]


def test_killed_while_it_notes_that_the_dot_comes_next_nothing_was_sent_and_it_is_sent_once(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    gmail.hold_next("data")
    client = begin(start, database)
    first, second = release_two(client)
    gmail.wait_for("hold", "data")
    with write_lock(database):
        gmail.let_go()
        gmail.wait_for("reply", "354")
        # Answered after the 354 was heard: by then it waits for the lock.
        assert client.record(first)["state"] == "sending"
        end(client.program, signal.SIGKILL)
    gmail.wait_for("close")
    assert not [event for event in gmail.log if event.kind == "message"]
    client = begin(start, database)
    assert [client.record(id, wait=30)["state"] for id in (first, second)] == ["delivered", "delivered"]
    assert subjects(gmail) == ["first", "second"]


@pytest.mark.parametrize("number", KILLS)
def test_an_answer_that_could_not_be_recorded_leaves_it_unknown_and_is_not_asked_for_again(
    start: Program.Starter, gmail: FakeGmail, database: Path, number: int
) -> None:
    gmail.hold_next("message")
    client = begin(start, database)
    first, second = release_two(client)
    gmail.wait_for("hold", "message")
    with write_lock(database):
        gmail.let_go()
        gmail.wait_for("reply", "250 2.0.0")
        assert client.record(first)["state"] == "sending"
        if number == signal.SIGKILL:
            end(client.program, number)
        else:
            client.program.process.send_signal(number)
    if number == signal.SIGTERM:
        client.program.process.wait(10)
        assert client.program.process.returncode == 0
    client = begin(start, database)
    assert client.record(second, wait=30)["state"] == "delivered"
    found = client.record(first)
    if number == signal.SIGKILL:
        assert_unknown(found)
    else:
        assert found["state"] == "delivered"
    assert subjects(gmail) == ["first", "second"]


def test_who_got_no_answer_and_asks_again_with_the_same_stamp_releases_once(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    client = begin(start, database)
    id = client.program.send(mail("first"))
    stamp = client.preflight(id)["stamp"]
    gmail.fail_next("mail", STALL)
    (record,) = client.release(id, stamp=stamp)
    gmail.wait_for("stall")
    end(client.program, signal.SIGKILL)
    client = begin(start, database)
    (again,) = client.release(id, stamp=stamp, wait=30)
    assert (again["id"], again["state"]) == (record["id"], "delivered")
    assert subjects(gmail) == ["first"]


def test_what_gmail_put_off_is_still_put_off_after_the_next_start(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    gmail.fail_next("data", replies.THROTTLED)
    client = begin(start, database)
    (record,) = client.release(client.program.send(mail("first")), wait=30)
    assert record["state"] == "deferred"
    end(client.program, signal.SIGKILL)
    client = begin(start, database)
    found = client.record(record["id"])
    assert (found["state"], found["due"]) == ("deferred", record["due"])
    assert found["reply"]["code"] == 421
    assert gmail.connections == 1
    client.retry(record["id"])
    assert client.record(record["id"], wait=30)["state"] == "delivered"
    assert subjects(gmail) == ["first"]


def test_stopped_between_the_dot_and_its_answer_it_waits_for_an_answer_that_comes(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    gmail.hold_next("message")
    client = begin(start, database)
    first, second = release_two(client)
    gmail.wait_for("hold", "message")
    client.program.process.send_signal(signal.SIGTERM)
    wait_until_closing(client.program)
    gmail.let_go()
    assert client.program.process.wait(10) == 0
    assert_clean(client.program)
    client = begin(start, database)
    assert client.record(second, wait=30)["state"] == "delivered"
    found = client.record(first)
    assert found["state"] == "delivered"
    assert gmail.delivered[0].session in found["reply"]["text"]
    assert subjects(gmail) == ["first", "second"]


def test_stopped_between_the_dot_and_an_answer_that_never_comes_it_ends_and_says_unknown(
    start: Program.Starter, gmail: FakeGmail, database: Path
) -> None:
    gmail.fail_next("message", STALL)
    client = begin(start, database)
    first, second = release_two(client)
    gmail.wait_for("stall")
    assert end(client.program, signal.SIGTERM) < 9.0
    client = begin(start, database)
    assert client.record(second, wait=30)["state"] == "delivered"
    assert_unknown(client.record(first))
    assert subjects(gmail) == ["second"]


def release_two(client: ReleasingClient, *, size: int = 0) -> tuple[str, str]:
    """Two messages in one batch; the ids of their releases, in the order in which they go."""
    ids = [client.program.send(mail("first", size=size)), client.program.send(mail("second"))]
    first, second = client.release(*ids)
    assert (first["subject"], second["subject"]) == ("first", "second")
    return first["id"], second["id"]


def mail(subject: str, *, size: int = 0) -> bytes:
    line = b"x" * 98 + b"\r\n"
    head = f"From: app@shop.test\r\nTo: bob@shop.test\r\nSubject: {subject}\r\n\r\nHello\r\n"
    return head.encode() + line * (size // len(line))


def killed_past_the_dot(start: Program.Starter, gmail: FakeGmail, database: Path, *, is_taken: bool) -> tuple[str, str]:
    """The ids of two releases: the program was killed when the first one's final dot was not answered yet."""
    if is_taken:
        gmail.hold_next("message")
    else:
        gmail.fail_next("message", STALL)
    client = begin(start, database)
    ids = release_two(client)
    gmail.wait_for("hold" if is_taken else "stall")
    assert len(gmail.delivered) == is_taken
    end(client.program, signal.SIGKILL)
    return ids


def end(program: Program, number: int) -> float:
    """Send a signal and see that it ends as it should; the seconds that took."""
    began = time.monotonic()
    code, complaints = program.stop(number)
    seconds = time.monotonic() - began
    if number == signal.SIGTERM:
        assert code == 0, complaints
        assert_clean(program)
    return seconds


def assert_clean(program: Program) -> None:
    complaints = program.complaints()
    assert "ERROR" not in complaints, complaints
    assert "Traceback" not in complaints, complaints


def assert_unknown(record: Any) -> None:
    assert record["state"] == "unknown"
    assert record["verdict"]["cause"] == "unknown-outcome"
    assert "Sent" in record["note"]
    assert "C: DATA" in record["transcript"]
    assert {state for state, _ in recipients(record).values()} == {"waiting"}


@contextmanager
def write_lock(database: Path) -> Iterator[None]:
    """Nobody else can write into the database meanwhile."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=10)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


def wait_until_closing(program: Program) -> None:
    """Return when it has ended its pages; the outbox is next."""
    while any(one.pid == program.process.pid for one in instance.running()):
        pass


def subjects(gmail: FakeGmail) -> list[str]:
    """What Gmail took, in order."""
    return [message.raw.partition(b"Subject: ")[2].split(b"\r\n")[0].decode() for message in gmail.delivered]
