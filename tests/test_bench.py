"""The benchmark's own parts work; nothing here measures time."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsluice.sandbox import Sandbox
from tests.bench.generator import Load, Manner, compile_generator, find_compiler, send
from tests.bench.mail import make_mail, number_of, numbered
from tests.bench.servers import Stock

pytestmark = pytest.mark.skipif(not find_compiler(), reason="needs a C compiler named cc for the load generator")

MESSAGES = 20
WAYS = {
    "one command at a time": Manner(messages=MESSAGES, connections=3),
    "a connection for each message": Manner(messages=MESSAGES, connections=3, new_connections=True),
    "pipelining": Manner(messages=MESSAGES, connections=3, pipelining=True),
    "chunks": Manner(messages=MESSAGES, connections=3, bdat=True),
    "an even pace": Manner(messages=MESSAGES, connections=3, rate=10_000),
    "chunks in one go with their commands": Manner(messages=MESSAGES, connections=3, pipelining=True, bdat=True),
}
Generate = Callable[[int, Manner, Path], Load]


@pytest.fixture(scope="module")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    program = compile_generator(tmp_path_factory.mktemp("generator"))
    return lambda port, manner, mail: send(program, port=port, mail=mail, manner=manner)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "message.eml"
    path.write_bytes(make_mail(100 << 10))
    return path


@pytest.mark.parametrize("way", WAYS)
async def test_the_generator_sends_every_message_once_and_whole(
    way: str, generate: Generate, mail: Path, sandbox: Sandbox
) -> None:
    port = int(sandbox.smtp_addresses[0].rpartition(":")[2])
    load = await asyncio.to_thread(generate, port, WAYS[way], mail)
    assert (load.acknowledged, load.errors, load.first_error) == (MESSAGES, 0, "")
    stored = [await sandbox.store.raw(listed.id) for listed in await sandbox.store.list_messages(limit=0)]
    expected = [numbered(mail.read_bytes(), number) for number in range(MESSAGES)]
    assert sorted(raw for raw in stored if raw) == expected


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_stock_aiosmtpd_takes_what_the_generator_sends(loop: str, generate: Generate, mail: Path) -> None:
    pytest.importorskip(loop)
    with Stock(loop) as server:
        load = generate(server.port, WAYS["one command at a time"], mail)
        assert (load.acknowledged, load.errors, server.complaints()) == (MESSAGES, 0, "")


def test_the_generator_tells_how_many_messages_were_refused_and_why(generate: Generate, mail: Path) -> None:
    with Stock("asyncio") as server:
        bdat = Manner(messages=MESSAGES, connections=3, bdat=True)
        load = generate(server.port, bdat, mail)
    assert (load.acknowledged, load.errors) == (0, MESSAGES)
    assert load.first_error.startswith("500 ")


def test_a_generator_without_a_file_says_what_it_needs(tmp_path: Path) -> None:
    run = subprocess.run([compile_generator(tmp_path)], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (2, "load: needs --port and --file\n")


@pytest.mark.parametrize("size", [1 << 10, 10 << 10, 100 << 10, 1 << 20])
def test_a_message_has_its_size_a_number_and_dots_that_need_doubling(size: int) -> None:
    mail = make_mail(size)
    assert abs(len(mail) - size) < size * 0.1
    assert number_of(numbered(mail, 4711)) == 4711
    assert b"\r\n." in mail
    assert mail.endswith(b"\r\n")
    assert mail.count(b"\n") == mail.count(b"\r\n")
    assert max(map(len, mail.split(b"\r\n"))) <= 78
