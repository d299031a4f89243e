"""Through the real program: Gmail's limits to the unit, recipients refused one by one, several releases at once."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailsluice.capture import new_id, now
from tests.gmail import FakeGmail, replies
from tests.program import Program
from tests.releasing_client import BOB, ReleasingClient, begin, open_gmail, recipients, write_profile

SIZE = 35_882_577
CAROL, NOBODY, ONE_BY_ONE = "carol@example.com", "nosuchuser@example.com", "onebyone@example.com"
LINE = b"x" * 98 + b"\r\n"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with open_gmail() as gmail:
        write_profile(gmail)
        yield gmail


@pytest.fixture
def client(start: Program.Starter, gmail: FakeGmail) -> ReleasingClient:
    return begin(start, ":memory:")


def test_a_message_goes_to_a_hundred_recipients_at_once(client: ReleasingClient, gmail: FakeGmail) -> None:
    everybody = [f"user{number}@example.com" for number in range(100)]
    (record,) = client.release(client.program.send(mail()), to=everybody, wait=30)
    assert record["state"] == "delivered"
    assert recipients(record) == dict.fromkeys(everybody, ("accepted", 250))
    (message,) = gmail.delivered
    assert message.recipients == tuple(everybody)


def test_a_hundred_and_first_recipient_is_refused_before_anything_is_dialled(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    everybody = [f"user{number}@example.com" for number in range(101)]
    assert_stopped(client, client.program.send(mail()), "too-many-recipients", to=everybody)
    assert gmail.connections == 0


def test_the_largest_message_that_gmail_takes_is_delivered(client: ReleasingClient, gmail: FakeGmail) -> None:
    id = client.program.send(mail(body_for(client, SIZE)))
    assert client.preflight(id)["size"] == SIZE
    (record,) = client.release(id, wait=60)
    assert (record["state"], record["size"]) == ("delivered", SIZE)
    (message,) = gmail.delivered
    assert len(message.raw) == SIZE
    assert f"SIZE={SIZE}" in message.parameters


def test_one_byte_more_is_refused_before_anything_is_dialled(client: ReleasingClient, gmail: FakeGmail) -> None:
    id = client.program.send(mail(body_for(client, SIZE + 1)))
    assert client.preflight(id)["size"] == SIZE + 1
    assert_stopped(client, id, "too-large")
    assert gmail.connections == 0


def test_every_recipient_keeps_the_reply_of_its_own(client: ReleasingClient, gmail: FakeGmail) -> None:
    (record,) = client.release(client.program.send(mail()), to=[BOB, NOBODY, CAROL], wait=30)
    assert record["state"] == "partly"
    assert recipients(record) == {BOB: ("accepted", 250), NOBODY: ("refused", 550), CAROL: ("accepted", 250)}
    assert "does not exist" in reply_to(record, NOBODY)["text"]
    (message,) = gmail.delivered
    assert message.recipients == (BOB, CAROL)
    found = client.record(record["id"])
    assert f"C: RCPT TO:<{NOBODY}>" in found["transcript"]
    assert found["verdict"]["meaning"]


def test_nobody_accepted_is_refused_and_nothing_is_sent(client: ReleasingClient, gmail: FakeGmail) -> None:
    (record,) = client.release(client.program.send(mail()), to=[NOBODY], wait=30)
    assert record["state"] == "refused"
    assert recipients(record) == {NOBODY: ("refused", 550)}
    assert not gmail.delivered


def test_who_must_be_sent_to_separately_gets_a_transaction_of_his_own_at_once(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    gmail.fail_next("rcpt", replies.ONE_BY_ONE)
    (record,) = client.release(client.program.send(mail()), to=[BOB, CAROL], wait=30)
    assert record["state"] == "delivered"
    assert recipients(record) == {BOB: ("accepted", 250), CAROL: ("accepted", 250)}
    assert [message.recipients for message in gmail.delivered] == [(CAROL,), (BOB,)]
    assert gmail.auth_attempts == 1


def test_who_is_refused_even_alone_is_not_asked_for_again_and_again(client: ReleasingClient, gmail: FakeGmail) -> None:
    (record,) = client.release(client.program.send(mail()), to=[BOB, ONE_BY_ONE], wait=30)
    assert record["state"] == "partly"
    assert recipients(record) == {BOB: ("accepted", 250), ONE_BY_ONE: ("refused", 452)}
    assert [message.recipients for message in gmail.delivered] == [(BOB,)]
    assert len([event for event in gmail.log if event.text == f"RCPT TO:<{ONE_BY_ONE}>"]) == 2


def test_two_releases_of_one_message_at_once_are_two_copies_one_after_the_other(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    id = client.program.send(mail())
    first, second = at_once(lambda to: client.release(id, to=to, wait=30)[0], BOB, CAROL)
    assert (first["state"], second["state"]) == ("delivered", "delivered")
    assert first["id"] != second["id"]
    assert first["message_id"] != second["message_id"]
    assert {message.recipients for message in gmail.delivered} == {(BOB,), (CAROL,)}
    assert len(gmail.delivered) == 2
    assert connections_at_once(gmail) == 1


def test_the_same_release_asked_for_twice_at_once_is_sent_once(client: ReleasingClient, gmail: FakeGmail) -> None:
    id = client.program.send(mail())
    stamp = client.preflight(id)["stamp"]
    first, second = at_once(lambda to: client.release(id, to=to, stamp=stamp, wait=30)[0], BOB, BOB)
    assert first["id"] == second["id"]
    assert (first["state"], second["state"]) == ("delivered", "delivered")
    (again,) = client.release(id, stamp=stamp, wait=30)
    assert again["id"] == first["id"]
    assert len(gmail.delivered) == 1
    assert gmail.connections == 1


def test_a_stamp_means_one_release_whatever_else_is_asked_for_with_it(
    client: ReleasingClient, gmail: FakeGmail
) -> None:
    id = client.program.send(mail())
    stamp = f"{now()}.{new_id()}"
    (record,) = client.release(id, stamp=stamp, wait=30)
    assert record["id"] == stamp.partition(".")[2]
    assert "another form" in client.refused(id, to=CAROL, stamp=stamp)["error"]
    assert [message.recipients for message in gmail.delivered] == [(BOB,)]


def test_a_batch_goes_in_order_over_one_connection_with_one_sign_in(client: ReleasingClient, gmail: FakeGmail) -> None:
    subjects = [f"number {number}" for number in range(20)]
    records = client.release(*[client.program.send(mail(subject=subject)) for subject in subjects], wait=60)
    assert [(record["subject"], record["state"]) for record in records] == [(name, "delivered") for name in subjects]
    sent = [message.raw.partition(b"Subject: ")[2].split(b"\r\n")[0].decode() for message in gmail.delivered]
    assert sent == subjects
    assert (gmail.connections, gmail.auth_attempts) == (1, 1)
    assert {message.session for message in gmail.delivered} == {gmail.delivered[0].session}


def test_a_batch_with_one_message_that_cannot_go_sends_none(client: ReleasingClient, gmail: FakeGmail) -> None:
    ids = [client.program.send(mail()), client.program.send(program_inside())]
    answer = client.refused(*ids)
    assert answer["message"] == ids[1]
    assert client.ask("GET", "releases")["releases"] == []
    assert gmail.connections == 0


def mail(body: bytes = b"Hello\r\n", *, subject: str = "Hello") -> bytes:
    return f"From: app@shop.test\r\nTo: customer@shop.test\r\nSubject: {subject}\r\n\r\n".encode() + body


def program_inside() -> bytes:
    """A message with a file that Gmail refuses: a doubt."""
    kind = b"Content-Type: application/octet-stream; name=setup.exe\r\n"
    return b"From: app@shop.test\r\nSubject: A program\r\nMIME-Version: 1.0\r\n" + kind + b"\r\nMZ none\r\n"


def body_for(client: ReleasingClient, size: int) -> bytes:
    """The body with which a message has so many bytes when it leaves."""
    missing: int = size - client.preflight(client.program.send(mail(b"")))["size"]
    last = len(LINE) + missing % len(LINE)
    body = LINE * ((missing - last) // len(LINE)) + b"y" * (last - 2) + b"\r\n"
    assert len(body) == missing
    return body


def assert_stopped(client: ReleasingClient, id: str, code: str, **wishes: Any) -> None:
    assert code in [one["code"] for one in client.refused(id, anyway=True, **wishes)["findings"]]
    assert client.preflight(id, **wishes)["stopped"]
    assert client.ask("GET", "releases")["releases"] == []


def reply_to(record: Any, address: str) -> Any:
    return next(one["reply"] for one in record["recipients"] if one["address"] == address)


def at_once(release: Callable[[str], Any], *addresses: str) -> list[Any]:
    """What this comes to for each address, all asked for at the same time."""
    found: dict[int, Any] = {}
    ready = threading.Barrier(len(addresses))

    def run(number: int, address: str) -> None:
        ready.wait()
        found[number] = release(address)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(addresses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(addresses))]


def connections_at_once(gmail: FakeGmail) -> int:
    """The most connections that were ever open at the same time."""
    now_open = most = 0
    for event in gmail.log:
        now_open += {"connect": 1, "close": -1}.get(event.kind, 0)
        most = max(most, now_open)
    return most
