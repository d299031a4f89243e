"""What the command line does to a profile reaches the instances that are running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsluice import instance
from tests.command_line import add_work, answer, run
from tests.gmail import FakeGmail
from tests.outgoing import BOB, MAIL
from tests.program import Program
from tests.releasing_client import ReleasingClient, begin, open_gmail
from tests.smarthost import APP_PASSWORD, USER

WRONG = "ponmlkjihgfedcba"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with open_gmail() as gmail:
        yield gmail


@pytest.fixture
def client(gmail: FakeGmail, start: Program.Starter) -> ReleasingClient:
    add_work(gmail)
    return ReleasingClient(start())


@pytest.fixture
def waiting(client: ReleasingClient, gmail: FakeGmail) -> str:
    """A release that waits since the sign-in of the one before was refused."""
    run("profile", "edit", "work", "--password-stdin", stdin=WRONG)
    (failed,) = client.release(client.program.send(MAIL), wait=30)
    assert failed["state"] == "failed"
    (waits,) = client.release(client.program.send(MAIL))
    return str(waits["id"])


def test_a_new_password_lets_go_on_what_waited_for_the_sign_in(
    client: ReleasingClient, gmail: FakeGmail, waiting: str
) -> None:
    told = run("profile", "edit", "work", "--password-stdin", stdin=APP_PASSWORD).stdout.splitlines()
    assert told[-1] == f"what waited for the sign-in goes on at {client.program.url}"
    assert client.record(waiting, wait=30)["state"] == "delivered"
    assert gmail.auth_attempts == 2


def test_a_test_that_is_passed_lets_it_go_on(client: ReleasingClient, gmail: FakeGmail, waiting: str) -> None:
    gmail.accounts[USER].app_password = WRONG
    assert f"goes on at {client.program.url}" in run("profile", "test", "work").stdout
    assert client.record(waiting, wait=30)["state"] == "delivered"


def test_a_test_that_fails_leaves_it_waiting(client: ReleasingClient, gmail: FakeGmail, waiting: str) -> None:
    assert "goes on" not in run("profile", "test", "work", code=1).output
    assert client.record(waiting)["state"] == "queued"


def test_an_edit_that_changes_nothing_of_the_account_lets_nobody_sign_in(
    client: ReleasingClient, gmail: FakeGmail, waiting: str
) -> None:
    tried = gmail.auth_attempts
    assert "goes on" not in run("profile", "edit", "work", "--sender-name", "Ada").output
    assert client.record(waiting)["state"] == "queued"
    assert gmail.auth_attempts == tried


def test_with_json_the_line_goes_to_standard_error(client: ReleasingClient, waiting: str) -> None:
    result = run("profile", "edit", "work", "--password-stdin", "--json", stdin=APP_PASSWORD)
    assert result.stdout.startswith("{")
    assert "goes on at" in result.stderr


def test_a_parked_profile_is_called_so_until_it_goes_on(client: ReleasingClient, waiting: str) -> None:
    assert run("profile", "list").stdout.rstrip().endswith("(parked)")
    assert f"at {client.program.url} until you act: " in run("profile", "show", "work").stdout
    (parked,) = answer("profile", "show", "work")["parked"]
    assert (parked["url"], parked["until"]) == (client.program.url, None)
    run("profile", "edit", "work", "--password-stdin", stdin=APP_PASSWORD)
    assert client.record(waiting, wait=30)["state"] == "delivered"
    assert "(parked)" not in run("profile", "list").stdout
    assert answer("profile", "show", "work")["parked"] == []


def test_a_test_mail_counts_towards_the_limit_of_the_day(client: ReleasingClient) -> None:
    run("profile", "test", "work", "--to", BOB)
    assert client.preflight(client.program.send(MAIL))["quota"]["used"] == 1


def test_every_running_instance_is_told(client: ReleasingClient, start: Program.Starter, tmp_path: Path) -> None:
    second = begin(start, tmp_path / "second.db")
    run("profile", "test", "work", "--to", BOB)
    for one in (client, second):
        assert one.preflight(one.program.send(MAIL))["quota"]["used"] == 1


def test_an_instance_that_does_not_answer_is_left_out(gmail: FakeGmail) -> None:
    add_work(gmail)
    with instance.announced(instance.started(smtp="localhost:1", url="http://127.0.0.1:9/", token="secret")):
        result = run("profile", "test", "work", "--to", BOB)
        assert "secret" not in result.output
        assert "parked             no" in run("profile", "show", "work").stdout


def test_a_profile_that_leads_to_a_running_instance_fails_at_the_name(client: ReleasingClient) -> None:
    port = next(instance.running()).smtp.rpartition(":")[2]
    run("profile", "edit", "work", "--host", "localhost", "--port", port, "--security", "plain")
    assert "this Mailsluice itself" in run("profile", "test", "work", code=1).output
    assert "this Mailsluice itself" in run("profile", "test", "work", "--to", USER, code=2).output
