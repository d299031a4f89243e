"""`mailsluice release` and `preflight`, against the real program and a fake Gmail."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailsluice import instance
from mailsluice.cli.release import _goes_on, exit_code
from tests.command_line import add_work, answer, run
from tests.gmail import FakeGmail
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE
from tests.program import Program
from tests.releasing_client import open_gmail
from tests.smarthost import USER

NOBODY, DROPPED = "nosuchuser@example.com", "dropped@example.com"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with open_gmail() as gmail:
        yield gmail


@pytest.fixture
def program(gmail: FakeGmail, start: Program.Starter) -> Program:
    add_work(gmail)
    return start()


def test_who_waits_is_told_the_final_line_and_every_reply(program: Program, gmail: FakeGmail) -> None:
    program.send(MAIL)
    result = run("release", "latest", "--to", BOB, "--wait")
    (message,) = gmail.delivered
    assert message.recipients == (BOB,)
    first, *rest = result.stdout.splitlines()
    assert first.startswith("delivered ")
    assert "“Hello” through work" in first
    assert rest[0].strip().startswith(f"{BOB}: accepted 250 ")
    assert message.session in rest[-1]


def test_without_waiting_it_is_queued(program: Program) -> None:
    ids = [program.send(MAIL), program.send(MAIL)]
    told = answer("release", *ids, "--to", BOB)["releases"]
    assert [(record["message"], record["origin"]) for record in told] == [(id, "command line") for id in ids]
    assert {record["state"] for record in told} <= {"queued", "sending", "delivered"}


def test_a_refusal_by_the_server_is_exit_code_1_with_its_meaning(program: Program) -> None:
    program.send(MAIL)
    result = run("release", "latest", "--to", BOB, "--to", NOBODY, "--wait", code=1)
    assert result.stdout.startswith("partly ")
    assert f"{NOBODY}: refused 550 5.1.1" in result.stdout
    assert len(result.stdout.splitlines()) > 4
    (record,) = answer("release", "latest", "--to", NOBODY, "--wait", code=1)["releases"]
    assert record["state"] == "refused"


def test_an_unknown_outcome_is_exit_code_3_and_says_where_to_look(program: Program) -> None:
    result = run("release", program.send(MAIL), "--to", DROPPED, "--wait", code=3)
    assert result.stdout.startswith("unknown ")
    assert "Sent" in result.stdout


def test_a_parked_profile_does_not_keep_the_command_waiting(program: Program, gmail: FakeGmail) -> None:
    gmail.accounts[USER].revoked = True
    program.send(MAIL)
    assert "535 5.7.8" in run("release", "latest", "--to", BOB, "--wait", code=1).stdout
    (record,) = answer("release", "latest", "--to", BOB, "--wait", code=1)["releases"]
    assert record["state"] == "queued"
    assert gmail.auth_attempts == 1


def test_who_waits_hears_of_the_next_attempt_and_stops_where_it_comes_too_late(program: Program) -> None:
    program.send(MAIL)
    began = time.monotonic()
    result = run("release", "latest", "--to", "busy@example.com", "--wait", "--timeout", "20", code=1)
    assert "421 4.4.5" in result.stdout
    assert "next attempt: 20" in result.stdout
    behind = answer("release", "latest", "--to", BOB, "--wait", "--timeout", "0.2", code=1)["releases"]
    assert [record["state"] for record in behind] == ["queued"]
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("record", "goes_on"),
    [
        ({"state": "sending", "due": None, "note": ""}, True),
        ({"state": "queued", "due": None, "note": ""}, True),
        ({"state": "queued", "due": None, "note": "parked until somebody acts"}, False),
        ({"state": "deferred", "due": "2000-01-01T00:00:00Z", "note": "busy"}, True),
        ({"state": "deferred", "due": "9999-01-01T00:00:00.5Z", "note": "busy"}, False),
        ({"state": "delivered", "due": None, "note": ""}, False),
    ],
)
def test_only_what_may_still_come_is_waited_for(record: dict[str, Any], goes_on: bool) -> None:
    assert _goes_on(record, seconds=60) is goes_on


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["delivered", "delivered"], 0),
        (["delivered", "partly"], 1),
        (["queued"], 1),
        (["refused", "unknown", "delivered"], 3),
    ],
)
def test_the_worst_outcome_wins(states: list[str], code: int) -> None:
    assert exit_code(states) == code


def test_what_is_not_allowed_is_told_and_nothing_dialled(program: Program, gmail: FakeGmail) -> None:
    program.send(MAIL)
    result = run("release", "latest", "--to", "eve@elsewhere.test", "--anyway", code=1)
    assert result.stdout == ""
    assert "eve@elsewhere.test" in result.stderr
    assert "nothing was released" in result.stderr
    assert gmail.connections == 0
    told = answer("release", "latest", "--to", "eve@elsewhere.test", code=1)
    assert told["field"] == "to"


def test_a_doubt_is_released_anyway_if_the_user_says_so(program: Program) -> None:
    program.send(PROGRAM_INSIDE)
    assert "--anyway" in run("release", "latest", "--to", BOB, code=1).stderr
    assert "552 5.7.0" in run("release", "latest", "--to", BOB, "--anyway", "--wait", code=1).stdout


def test_to_me_goes_to_the_account(program: Program, gmail: FakeGmail) -> None:
    program.send(MAIL)
    run("release", "latest", "--to-me", "--keep-message-id", "--reply-to-author", "--wait")
    (message,) = gmail.delivered
    assert message.recipients == (USER,)
    assert b"Message-ID: <old@shop.test>\r\n" in message.raw
    assert b"Reply-To: App <app@shop.test>\r\n" in message.raw


def test_a_preflight_tells_what_would_change_and_dials_nobody(program: Program, gmail: FakeGmail) -> None:
    program.send(MAIL)
    lines = run("preflight", "latest", "--to", BOB, "--diff").stdout.splitlines()
    assert lines[0].startswith("“Hello”, ")
    assert lines[1] == f"through work: from {USER} to {BOB}"
    assert any("Bcc" in line for line in lines if line.startswith("change "))
    assert len([line for line in lines if line.startswith("as always ")]) == 1
    assert "- Bcc: boss@shop.test" in lines
    assert gmail.connections == 0


def test_the_raw_bytes_of_a_preflight_are_a_message_without_bcc(program: Program, tmp_path: Path) -> None:
    program.send(MAIL)
    file = tmp_path / "out.eml"
    told = answer("preflight", "latest", "--to", BOB, "--raw", str(file))
    raw = file.read_bytes()
    assert (len(raw), b"boss@shop.test" in raw) == (told["size"], False)
    assert f"Message-ID: <{told['message_id']}>\r\n".encode() in raw
    piped = run("preflight", "latest", "--to", BOB, "--raw", "-").stdout_bytes
    assert piped.endswith(b"\r\n\r\nHello\r\n")


def test_a_preflight_fails_where_a_release_would(program: Program) -> None:
    program.send(PROGRAM_INSIDE)
    assert run("preflight", "latest", "--to", BOB, code=1).stdout.count("doubt ") >= 1
    run("preflight", "latest", "--to", BOB, "--anyway")
    assert "stop " in run("preflight", "latest", "--to", "eve@elsewhere.test", "--anyway", code=1).stdout


def test_hostile_mail_gives_a_terminal_no_orders(program: Program) -> None:
    program.send(MAIL.replace(b"Hello\r\nDate", b"=?utf-8?q?=1B]0;owned=07=C2=9B2J?=\r\nX-More: \x1b[2J\r\nDate"))
    for arguments in (("preflight", "latest", "--diff"), ("release", "latest", "--to", BOB, "--wait")):
        shown = run(*arguments).stdout.replace("\n", "")
        assert shown
        assert shown.isprintable()


def test_one_of_several_instances_is_named_by_its_address(program: Program, start: Program.Starter) -> None:
    id = program.send(MAIL)
    newest = start()
    for named in (
        ("--url", program.url),
        ("--url", f"127.0.0.1:{program.web_port}"),
        ("--smtp", f"{program.smtp_port}"),
    ):
        assert answer("preflight", id, "--to", BOB, *named)["message"] == id
    assert "message" in run("preflight", id, "--to", BOB, "--url", newest.url, code=1).stderr


@pytest.mark.parametrize("command", ["release", "preflight"])
def test_without_an_instance_one_line_says_what_to_do(command: str) -> None:
    result = run(command, "latest", code=1)
    assert "no running Mailsluice of yours found: start it with `mailsluice`" in result.stderr


def test_the_token_goes_to_no_address_that_somebody_typed() -> None:
    with instance.announced(instance.started(smtp="localhost:1", url="http://localhost:2/", token="secret")):
        result = run("release", "latest", "--url", "http://evil.test:2/", code=1)
    assert "no running Mailsluice of yours found at http://evil.test:2/" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("x", "--to-me", "--to", BOB), ("x", "--smtp", "foo:bar")])
def test_what_cannot_be_understood_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    run("release", *arguments, code=2)
