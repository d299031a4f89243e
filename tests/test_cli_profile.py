import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mailsluice.cli import _COMMANDS, cli
from mailsluice.relay.profiles import configuration_folder
from tests.gmail import FakeGmail, in_thread, replies
from tests.smarthost import APP_PASSWORD, USER

PASTED = "abcd efgh ijkl\u00a0mnop \n"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_COMMANDS, "profile", "Set up the accounts through which mail leaves.")


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


def profile(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["profile", *arguments], input=stdin)


def answer(*arguments: str, stdin: str | None = None) -> Any:
    result = profile(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def added(gmail: FakeGmail, *arguments: str, stdin: str = PASTED) -> Any:
    place = ("--host", "localhost", "--port", str(gmail.starttls_port), "--security", "starttls")
    account = ("--ca-file", gmail.ca_file, "--user", USER, "--password-stdin")
    return answer("add", "work", "--preset", "gmail", *place, *account, *arguments, stdin=stdin)


def test_a_preset_a_user_and_a_password_are_enough() -> None:
    result = profile("add", "work", "--preset", "gmail", "--user", "ada", "--password-stdin", stdin=PASTED)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == ["saved work: ada@gmail.com at smtp.gmail.com:587", "password: sealed file"]


def test_json_tells_the_profile_and_who_holds_its_password() -> None:
    arguments = ("--preset", "gmail", "--user", USER, "--allow", "@example.com", "--allow", "bob@x.test")
    made = answer("add", "work", *arguments, "--password-stdin", stdin=PASTED)
    assert made["host"] == "smtp.gmail.com"
    assert made["allow"] == ["@example.com", "bob@x.test"]
    assert (made["effective_security"], made["messages_a_day"]) == ("starttls", 500)
    assert made["password"] == "sealed file"
    assert made == answer("show", "work")
    assert [made] == answer("list")


def test_without_a_password_the_way_to_give_one_is_told() -> None:
    result = profile("add", "work", "--user", USER)
    assert result.output.splitlines()[-1] == ("it has no password yet: `mailsluice profile edit work --password-stdin`")


def test_the_list_is_for_reading() -> None:
    assert "no profiles yet" in profile("list").output
    profile("add", "work", "--user", USER)
    profile("add", "spare", "--preset", "yahoo", "--user", "ada@yahoo.com", "--disabled")
    lines = profile("list").output.splitlines()
    assert lines[0].split() == ["work", USER, "smtp.gmail.com:587"]
    assert lines[1].split() == ["spare", "ada@yahoo.com", "smtp.mail.yahoo.com:465", "(disabled)"]


def test_show_is_for_reading() -> None:
    profile("add", "work", "--user", USER, "--allow", "@x.test")
    shown = dict(line.split(maxsplit=1) for line in profile("show", "work").output.splitlines())
    assert shown["host"] == "smtp.gmail.com"
    assert shown["allow"] == "@x.test"
    assert shown["password"] == "none"
    assert "recipients a day   500" in profile("show", "work").output
    assert not {"daily", "messages", "environment"} & shown.keys()


def test_show_says_whose_password_counts_where_a_variable_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    profile("add", "work", "--user", USER, "--daily-limit", "7")
    monkeypatch.setenv("MAILSLUICE_PROFILE_WORK_PASSWORD", APP_PASSWORD)
    shown = profile("show", "work").output
    assert "environment password yes" in shown
    assert "recipients a day   7" in shown


def test_recipients_are_replaced_or_added() -> None:
    profile("add", "work", "--user", USER, "--allow", "@x.test")
    assert answer("edit", "work", "--allow-also", "bob@y.test")["allow"] == ["@x.test", "bob@y.test"]
    assert answer("edit", "work", "--allow-also", "bob@y.test")["allow"] == ["@x.test", "bob@y.test"]
    assert answer("edit", "work", "--allow", "@z.test")["allow"] == ["@z.test"]
    both = answer("edit", "work", "--allow", "@a.test", "--allow-also", "@b.test", "--allow-also", "@c.test")
    assert both["allow"] == ["@a.test", "@b.test", "@c.test"]
    said = " ".join(profile("edit", "--help").output.split())
    assert "Replaces those that there were" in said


def test_an_edit_changes_what_is_given_and_keeps_the_rest() -> None:
    answer("add", "work", "--user", USER, "--allow", "@x.test", "--password-stdin", stdin=PASTED)
    edited = answer("edit", "work", "--sender-name", "Ada", "--default")
    assert (edited["sender_name"], edited["allow"], edited["default"]) == ("Ada", ["@x.test"], True)
    assert edited["password"] == "sealed file"


@pytest.mark.parametrize(
    "change", [("--host", "smtp.example.com"), ("--port", "465"), ("--user", "eve@gmail.com"), ("--ca-file", "own.pem")]
)
def test_an_edit_of_the_server_or_the_user_drops_the_password(change: tuple[str, str]) -> None:
    answer("add", "work", "--user", USER, "--password-stdin", stdin=PASTED)
    assert answer("edit", "work", *change)["password"] == "none"


def test_a_renamed_profile_keeps_its_password() -> None:
    answer("add", "work", "--user", USER, "--password-stdin", stdin=PASTED)
    assert answer("edit", "work", "--rename", "home")["password"] == "sealed file"
    assert [one["name"] for one in answer("list")] == ["home"]


def test_a_path_on_the_command_line_may_be_relative() -> None:
    made = answer("add", "work", "--user", USER, "--ca-file", "own.pem")
    assert made["ca_file"] == str(Path.cwd() / "own.pem")


def test_a_removed_profile_is_gone_with_its_password() -> None:
    answer("add", "work", "--user", USER, "--password-stdin", stdin=PASTED)
    assert answer("remove", "work") == {"removed": "work"}
    assert answer("list") == []
    assert answer("add", "work", "--user", USER)["password"] == "none"


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("show", "nobody"), None, "There is no profile 'nobody'"),
        (("edit", "nobody"), None, "There is no profile 'nobody'"),
        (("remove", "nobody"), None, "There is no profile 'nobody'"),
        (("test", "nobody"), None, "There is no profile 'nobody'"),
        (("test",), None, "name one"),
        (("add", "work", "--preset", "hotmale", "--user", USER), None, "no such preset"),
        (("add", "work", "--preset", "outlook", "--user", "a@outlook.com"), None, "No password works here"),
        (("add", "work", "--user", USER, "--port", "993"), None, "is for reading mail"),
        (("add", "work", "--user", USER, "--security", "plain"), None, "on this computer"),
        (("add", "work", "--user", "${MAIL_USER}"), None, "variable"),
        (("add", "work", "--user", USER, "--password-stdin"), "", "holds no password"),
        (("add", "work", "--user", USER, "--password-stdin"), "x" * 5000, "holds no password"),
        (("add", "work", "--user", USER, "--password-stdin"), b"\xff\xfe\xfa", "holds no password"),
        (("add", "work", "--user", USER, "--password-stdin"), "hunter2!", "normal Google password"),
        (("add", "work", "--user", USER, "--password", "x"), None, "No such option"),
        (("add",), None, "NAME"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    arguments: tuple[str, ...], stdin: str | bytes | None, words: str
) -> None:
    result = profile(*arguments, stdin=stdin)
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert "hunter2!" not in result.output
    assert answer("list") == []


def test_a_name_is_taken_once() -> None:
    profile("add", "work", "--user", USER)
    result = profile("add", "work", "--user", "eve@gmail.com")
    assert (result.exit_code, "There is a profile work already" in result.output) == (2, True)
    assert answer("show", "work")["user"] == USER


def test_a_broken_file_is_one_line() -> None:
    configuration_folder().mkdir(parents=True)
    (configuration_folder() / "profiles.toml").write_text("[profiles.work\n")
    result = profile("list")
    assert result.exit_code == 2
    assert "profiles.toml, line 1" in result.output


# The test


def test_the_test_walks_to_the_sign_in(gmail: FakeGmail) -> None:
    added(gmail)
    result = profile("test", "work")
    assert result.exit_code == 0, result.output
    lines = [line for line in result.output.splitlines() if not line.startswith(" ")]
    assert [line.split("(")[0].split(maxsplit=1) for line in lines] == [
        ["ok", "Find localhost "],
        ["ok", f"Connect to port {gmail.starttls_port} "],
        ["ok", "Hear its greeting "],
        ["ok", "Begin TLS with STARTTLS "],
        ["ok", "Ask what it offers "],
        ["ok", f"Sign in as {USER} "],
    ]
    assert gmail.auth_attempts == 1
    assert gmail.delivered == []


def test_the_default_profile_is_tested_without_a_name(gmail: FakeGmail) -> None:
    added(gmail, "--default")
    tested = answer("test")
    assert (tested["profile"], tested["ok"], tested["delivery"]) == ("work", True, None)
    assert [step["stage"] for step in tested["steps"]] == ["name", "connect", "greeting", "tls", "ehlo", "auth"]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_test_that_fails_says_what_to_do_and_exits_with_1(gmail: FakeGmail, options: tuple[str, ...]) -> None:
    added(gmail)
    gmail.fail_next("auth", replies.SECOND_FACTOR)
    result = profile("test", "work", *options)
    assert result.exit_code == 1
    assert "534 5.7.9" in result.output
    assert "https://myaccount.google.com/apppasswords" in result.output
    assert gmail.auth_attempts == 1


def test_a_test_mail_needs_one_sign_in_and_shows_the_answer(gmail: FakeGmail) -> None:
    added(gmail, "--allow", "@example.com", "--sender-name", "Ada")
    result = profile("test", "work", "--to", "bob@example.com")
    assert result.exit_code == 0, result.output
    assert "Test mail to bob@example.com: delivered" in result.output
    assert "250 2.0.0 OK" in result.output
    assert gmail.auth_attempts == 1
    (message,) = gmail.delivered
    assert b"Subject: Test Email\r\n" in message.raw
    assert b"From: Ada <ada@gmail.com>\r\n" in message.raw


def test_a_test_mail_in_json_has_its_transcript(gmail: FakeGmail) -> None:
    added(gmail)
    tested = answer("test", "work", "--to", USER)
    assert tested["delivery"]["state"] == "delivered"
    assert tested["delivery"]["reply"][:2] == [250, "2.0.0"]
    assert "C: AUTH PLAIN ****" in tested["delivery"]["transcript"]


def test_a_refused_test_mail_exits_with_1(gmail: FakeGmail) -> None:
    added(gmail, "--allow", "*@x.test")
    result = profile("test", "work", "--to", "blocked@x.test")
    assert result.exit_code == 1
    assert "FAILED  Test mail to blocked@x.test: refused" in result.output
    assert "552 5.7.0" in result.output


@pytest.mark.parametrize("recipient", ["eve@elsewhere.test", "nobody"])
def test_a_recipient_that_is_not_allowed_is_bad_input(gmail: FakeGmail, recipient: str) -> None:
    added(gmail)
    result = profile("test", "work", "--to", recipient)
    assert result.exit_code == 2
    assert gmail.connections == 0


def test_a_redirected_profile_gives_no_password_away(gmail: FakeGmail) -> None:
    added(gmail)
    answer("edit", "work", "--host", "127.0.0.1")
    result = profile("test", "work")
    assert result.exit_code == 1
    assert "no password" in result.output
    assert gmail.auth_attempts == 0


def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = str(closed.getsockname()[1])
        answer("add", "work", "--user", USER, "--host", "127.0.0.1", "--port", port, "--security", "starttls")
        result = profile("test", "work")
    assert result.exit_code == 1
    assert "127.0.0.1: refused" in result.output


def test_no_output_holds_the_password(gmail: FakeGmail) -> None:
    added(gmail)
    gmail.fail_next("auth", f"535 5.7.8 {APP_PASSWORD}")
    runs = (("list", "--json"), ("show", "work"), ("test", "work"), ("test", "work", "--to", USER, "--json"))
    outputs = [profile(*arguments).output for arguments in runs]
    assert not any(APP_PASSWORD in output or PASTED.strip() in output for output in outputs)
