"""What `mailsluice release` and `preflight` say: what speaks against it first, each thing once, and a way out."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from mailsluice.cli.release_text import print_release, word_for
from tests.command_line import add_work, answer, run
from tests.gmail import FakeGmail
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE
from tests.program import Program
from tests.releasing_client import open_gmail

EVE, NOBODY, DROPPED = "eve@elsewhere.test", "nosuchuser@example.com", "dropped@example.com"
TOO_LARGE = MAIL + (b"x" * 998 + b"\r\n") * 36_000
NAMELESS = MAIL.replace(b"Subject: Hello\r\n", b"")


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with open_gmail() as gmail:
        yield gmail


@pytest.fixture
def program(gmail: FakeGmail, start: Program.Starter) -> Program:
    add_work(gmail)
    return start()


def test_warnings_are_told_and_what_every_release_has_is_not(program: Program) -> None:
    program.send(NAMELESS)
    result = run("release", "latest", "--to", BOB)
    assert result.stderr.splitlines()[0].split() == ["warning", "The", "mail", "has", "no", "subject."]
    assert "change " not in result.stderr
    assert "as always" not in result.stderr


def test_a_clean_message_is_released_without_a_word_about_it(program: Program) -> None:
    program.send(MAIL)
    assert run("release", "latest", "--to", BOB, "--wait").stderr == ""


def test_of_several_messages_each_thing_is_told_once_with_how_many_have_it(program: Program) -> None:
    ids = [program.send(raw) for raw in (NAMELESS, NAMELESS, MAIL)]
    said = run("release", *ids, "--to", BOB).stderr
    assert said.count("The mail has no subject.") == 1
    assert f"(2 of 3: {ids[0]}, {ids[1]})" in said


def test_what_goes_is_what_was_looked_at(program: Program, gmail: FakeGmail) -> None:
    program.send(MAIL)
    run("release", "latest", "latest", "--to", BOB, "--wait")
    assert len(gmail.delivered) == 1


def test_a_doubt_that_the_user_overrides_is_told_all_the_same(program: Program) -> None:
    program.send(PROGRAM_INSIDE)
    assert "doubt " in run("release", "latest", "--to", BOB, "--anyway").stderr


def test_one_message_that_cannot_go_is_named_and_holds_back_all(program: Program, gmail: FakeGmail) -> None:
    plain, doubtful = program.send(MAIL), program.send(PROGRAM_INSIDE)
    result = run("release", plain, doubtful, "--to", BOB, code=1)
    assert result.stderr.splitlines()[-1].startswith(f"Error: nothing was released, because of the message {doubtful}")
    assert (result.stdout, gmail.connections) == ("", 0)


def test_a_message_that_is_not_there_is_named(program: Program) -> None:
    program.send(MAIL)
    assert "There is no message 'nothing'" in run("release", "latest", "nothing", "--to", BOB, code=1).stderr


@pytest.mark.parametrize("command", [("release",), ("preflight",), ("profile", "test")])
def test_a_recipient_who_is_not_allowed_comes_with_the_command_that_allows_it(
    program: Program, gmail: FakeGmail, command: tuple[str, ...]
) -> None:
    program.send(MAIL)
    target = "work" if command[0] == "profile" else "latest"
    refused = run(*command, target, "--to", EVE, code=2 if command[0] == "profile" else 1)
    assert f"`mailsluice profile edit work --allow-also {EVE}`" in refused.output
    assert gmail.connections == 0
    run("profile", "edit", "work", "--allow-also", EVE)
    run(*command, target, "--to", EVE)


def test_an_address_with_a_quote_is_a_command_that_a_shell_reads_as_one_word(program: Program) -> None:
    program.send(MAIL)
    address = "o'hara@elsewhere.test"
    said = run("release", "latest", "--to", address, code=1).stderr
    command = said.partition("`")[2].partition("`")[0]
    assert shlex.split(command)[1:] == ["profile", "edit", "work", "--allow-also", address]


def test_where_one_message_is_stopped_no_option_is_offered_for_the_doubt_of_another(
    program: Program, gmail: FakeGmail
) -> None:
    doubtful, large = program.send(PROGRAM_INSIDE), program.send(TOO_LARGE)
    said = run("release", doubtful, large, "--to", BOB, code=1).stderr
    assert said.splitlines()[-1] == f"Error: nothing was released, because of the message {large}"
    assert gmail.connections == 0


@pytest.mark.parametrize("recipient", [BOB, NOBODY])
def test_the_reply_of_a_single_recipient_is_told_once(program: Program, recipient: str) -> None:
    program.send(MAIL)
    told = run("release", "latest", "--to", recipient, "--wait", code=0 if recipient == BOB else 1).stdout
    assert told.count("gsmtp") == 1


def test_of_an_unknown_outcome_the_recipient_is_unknown_and_the_advice_is_told_once(program: Program) -> None:
    program.send(MAIL)
    told = run("release", "latest", "--to", DROPPED, "--wait", code=3).stdout
    assert f"{DROPPED}: unknown" in told
    assert told.count("Sent folder") == 1


@pytest.mark.parametrize(
    ("state", "of", "word"),
    [
        ("waiting", "unknown", "unknown"),
        ("waiting", "cancelled", "not sent"),
        ("waiting", "failed", "not sent"),
        ("waiting", "deferred", "waiting"),
        ("accepted", "unknown", "accepted"),
        ("refused", "partly", "refused"),
    ],
)
def test_a_recipient_has_the_word_that_fits_the_release(state: str, of: str, word: str) -> None:
    assert word_for(state, of=of) == word


def test_a_cancelled_release_gives_no_advice_for_trying_again(capsys: pytest.CaptureFixture[str]) -> None:
    print_release(
        {
            "id": "x",
            "state": "cancelled",
            "subject": "Hello",
            "profile": "work",
            "recipients": [{"address": BOB, "state": "waiting", "reply": None}],
            "reply": None,
            "verdict": {"meaning": "The server is busy.", "remedy": "Try again in a moment.", "link": ""},
            "note": "",
            "due": None,
        }
    )
    told = capsys.readouterr().out
    assert f"{BOB}: not sent" in told
    assert "Try again" not in told


def test_a_message_without_a_subject_is_called_so(program: Program) -> None:
    program.send(NAMELESS)
    assert run("preflight", "latest", "--to", BOB).stdout.startswith("(no subject), ")
    assert "  (no subject) through work" in run("release", "latest", "--to", BOB, "--wait").stdout


def test_who_waited_in_vain_hears_that_it_is_still_under_way(program: Program) -> None:
    program.send(MAIL)
    result = run("release", "latest", "--to", "busy@example.com", "--wait", "--timeout", "3", code=1)
    id = result.stdout.split()[1]
    assert result.stderr.splitlines()[-1] == (
        f"still under way: {id} goes on by itself, see {program.url}releases/{id}"
    )


def test_what_waits_for_the_user_is_not_said_to_be_under_way(program: Program, gmail: FakeGmail) -> None:
    gmail.accounts["ada@gmail.com"].revoked = True
    program.send(MAIL)
    run("release", "latest", "--to", BOB, "--wait", code=1)
    parked: Any = run("release", "latest", "--to", BOB, "--anyway", "--wait", code=1)
    assert parked.stdout.startswith("queued ")
    assert "still under way" not in parked.stderr


def test_json_is_nothing_but_json(program: Program) -> None:
    program.send(NAMELESS)
    assert run("release", "latest", "--to", BOB, "--json").stderr == ""
    assert answer("release", "latest", "--to", BOB, "--anyway")["releases"]
