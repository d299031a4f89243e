"""Commands of the real command line in this process, on the profile `work` at a fake Gmail."""

import json
from typing import Any

from click.testing import CliRunner, Result

from mailsluice.cli import cli
from tests.gmail import FakeGmail
from tests.smarthost import APP_PASSWORD, USER


def run(*arguments: str, stdin: str | None = None, code: int = 0) -> Result:
    """A command that ends with this exit code."""
    result = CliRunner().invoke(cli, arguments, input=stdin)
    assert result.exit_code == code, result.output
    return result


def answer(*arguments: str, code: int = 0) -> Any:
    """What it says with --json."""
    return json.loads(run(*arguments, "--json", code=code).stdout)


def add_work(gmail: FakeGmail, *, password: str = APP_PASSWORD) -> None:
    """Ada's profile, for @example.com."""
    place = ("--host", "localhost", "--port", str(gmail.starttls_port), "--security", "starttls")
    rules = ("--allow", "@example.com", "--pace", "0", "--ca-file", gmail.ca_file)
    account = ("--user", USER, "--password-stdin")
    run("profile", "add", "work", "--preset", "gmail", *place, *rules, *account, stdin=password)
