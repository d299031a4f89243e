import asyncio
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mailsluice import instance, samples
from mailsluice.cli import cli
from mailsluice.options import Endpoint
from mailsluice.sandbox import Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound

SAMPLES = samples.sample_messages(now=datetime(2026, 3, 29, 9, 15, 30, tzinfo=UTC))


@pytest.fixture
def _fixed_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "sample_messages", lambda **_: SAMPLES)


def send_test(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["send-test", *arguments])


async def stored(sandbox: Sandbox) -> list[bytes | None]:
    newest_first = await sandbox.store.list_messages(limit=0)
    return [await sandbox.store.raw(message.id) for message in reversed(newest_first)]


@pytest.mark.usefixtures("_fixed_samples")
async def test_every_sample_arrives_byte_for_byte_and_has_its_line(sandbox: Sandbox) -> None:
    result = await asyncio.to_thread(send_test, "--smtp", sandbox.smtp_addresses[0])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == [sample.name for sample in SAMPLES]
    assert all(re.fullmatch(r"\S+ +250 2\.0\.0 Ok: queued as [0-9A-Za-z]{22}", line) for line in lines)
    assert await stored(sandbox) == [sample.raw for sample in SAMPLES]


async def test_the_running_instance_is_found_and_its_inbox_named(sandbox: Sandbox) -> None:
    running = instance.started(smtp=sandbox.smtp_addresses[0], url="http://localhost:8025/", token="")
    with instance.announced(running):
        result = await asyncio.to_thread(send_test, "--to", "ada@corp.test")
    assert result.output.splitlines()[-1] == "Read them at http://localhost:8025/"
    messages = await sandbox.store.list_messages(limit=0)
    assert {address.address for message in messages for address in message.summary.to} == {"ada@corp.test"}


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
@pytest.mark.usefixtures("_fixed_samples")
async def test_samples_go_over_a_unix_socket_too(tmp_path: Path) -> None:
    path = tmp_path / "smtp"
    with bound(Endpoint(path=path), flag="--smtp") as sockets:
        async with open_sandbox(Settings(), database=str(tmp_path / "mail.db"), smtp_sockets=sockets) as sandbox:
            result = await asyncio.to_thread(send_test, "--smtp", f"unix:{path}")
            assert result.exit_code == 0, result.output
            assert len(await stored(sandbox)) == len(SAMPLES)


def test_without_an_instance_one_line_says_what_to_do() -> None:
    result = send_test()
    assert result.exit_code == 1
    assert "no running Mailsluice found: start it with `mailsluice`, or name it with --smtp HOST:PORT" in result.output


def test_a_port_where_nobody_listens_is_one_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        result = send_test("--smtp", address)
    assert result.exit_code == 1
    assert f"cannot send to {address}" in result.output


@pytest.mark.parametrize(
    "arguments", [("--smtp", "somewhere"), ("--to", "a@b\r\nBcc: v@x"), ("--to", "nobody"), ("--to", "jürgen@x.test")]
)
def test_a_value_that_will_not_do_is_refused_before_anything_is_sent(arguments: tuple[str, ...]) -> None:
    result = send_test("--smtp", "127.0.0.1:1", *arguments)
    assert result.exit_code == 2
    assert "will not do" in result.output
