"""The command line as a user and a script call it: a process each, files of the user, a fake Gmail on loopback."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.gmail import FakeGmail, in_thread
from tests.smarthost import APP_PASSWORD, USER

PASTED = "abcd efgh ijkl mnop"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


def mailsluice(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailsluice", "profile", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)


def add(gmail: FakeGmail, *arguments: str) -> subprocess.CompletedProcess[str]:
    place = ("--host", "localhost", "--port", str(gmail.tls_port), "--security", "tls", "--ca-file", gmail.ca_file)
    account = ("--user", USER, "--allow", "@example.com", "--password-stdin")
    return mailsluice("add", "work", "--preset", "gmail", *place, *account, *arguments, stdin=PASTED)


def test_from_nothing_to_a_test_mail_and_back(gmail: FakeGmail, private_folders: Path) -> None:
    runs = [
        add(gmail),
        mailsluice("list"),
        mailsluice("show", "work", "--json"),
        mailsluice("test", "work"),
        mailsluice("test", "work", "--to", "bob@example.com", "--json"),
    ]
    assert [(run.returncode, run.stderr) for run in runs] == [(0, "")] * 5
    assert json.loads(runs[-1].stdout)["delivery"]["state"] == "delivered"
    assert gmail.auth_attempts == 2
    assert [message.recipients for message in gmail.delivered] == [("bob@example.com",)]

    files = [file for file in private_folders.rglob("*") if file.is_file()]
    assert files
    for hidden in _forms(APP_PASSWORD) | _forms(PASTED):
        assert not any(hidden in run.stdout + run.stderr for run in runs)
        assert [file for file in files if hidden.encode() in file.read_bytes()] == []
    if os.name == "posix":
        assert {file.stat().st_mode & 0o077 for file in files} == {0}

    assert mailsluice("remove", "work").returncode == 0
    assert json.loads(mailsluice("list", "--json").stdout) == []


def test_a_redirected_profile_gives_no_password_away(gmail: FakeGmail) -> None:
    add(gmail)
    mailsluice("edit", "work", "--host", "127.0.0.1")
    run = mailsluice("test", "work")
    assert (run.returncode, run.stderr) == (1, "")
    assert gmail.auth_attempts == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "work", "--preset", "gmail", "--user", "ada", "--password-stdin"),
        ("show", "nobody"),
        ("test",),
        ("add", "work", "--security", "plain", "--user", "ada"),
        ("add", "work", "--no-such-option"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: tuple[str, ...]) -> None:
    run = mailsluice(*arguments, stdin="my normal password!")
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith("mailsluice: ")
    assert "my normal password!" not in run.stderr


def test_the_password_may_come_from_the_environment(gmail: FakeGmail, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("--host", "localhost", "--port", str(gmail.tls_port), "--security", "tls", "--ca-file", gmail.ca_file)
    mailsluice("add", "work", *place, "--user", USER)
    monkeypatch.setenv("MAILSLUICE_PROFILE_WORK_PASSWORD", PASTED)
    run = mailsluice("test", "work", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(mailsluice("show", "work", "--json").stdout)["password"].startswith("environment variable")
    assert APP_PASSWORD not in run.stdout


def test_help_loads_no_smtp_client() -> None:
    heavy = ["aiosmtplib", "asyncio", "cryptography", "keyring", "ssl", "tomlkit"]
    code = f"import mailsluice.cli.profile, sys; print(*sorted(sys.modules.keys() & {heavy!r}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (run.stdout.strip(), run.stderr) == ("", "")


def _forms(secret: str) -> set[str]:
    """How a secret may look: as it is, in base64 (wherever it begins there), in a URL."""
    encoded = {base64.b64encode(b"\0" * shift + secret.encode()).decode()[4:-4] for shift in range(3)}
    return {secret, quote(secret), *encoded}
