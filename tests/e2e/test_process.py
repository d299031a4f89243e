"""The real program: how it starts, what it leaves, how it ends."""

import http.client
import json
import os
import re
import signal
import smtplib
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.program import Program, deliver

RAW = b"Subject: hello\r\n\r\nhi\r\n"


def test_three_lines_tell_where_mail_goes_how_to_send_and_where_to_look(start: Program.Starter) -> None:
    program = start()
    assert program.greeting[0].startswith("Mailsluice ")
    assert f"localhost:{program.smtp_port}" in program.greeting[1]
    assert f"accessible via http://localhost:{program.web_port}/" in program.greeting[2]


def test_a_message_sent_is_read_back_exactly_under_the_id_of_the_reply(start: Program.Starter) -> None:
    program = start()
    id = program.send(RAW)
    assert program.get(f"/api/v1/message/{id}/raw") == (200, RAW)
    assert program.api("messages")["messages"][0]["ID"] == id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_with_everything_open_and_nothing_acknowledged_missing(
    start: Program.Starter, tmp_path: Path, number: int
) -> None:
    database = tmp_path / "mail.db"
    program = start("-d", str(database))
    acknowledged: list[str] = []
    idle = smtplib.SMTP("127.0.0.1", program.smtp_port)
    idle.ehlo()
    half = smtplib.SMTP("127.0.0.1", program.smtp_port)
    half.ehlo()
    half.mail("a@b.example")
    half.rcpt("c@d.example")
    half.docmd("DATA")
    half.send(b"only half of a mess")
    stream = socket.create_connection(("127.0.0.1", program.web_port))
    stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200 OK" in stream.recv(100)
    senders = [threading.Thread(target=_send_until_refused, args=(program, acknowledged)) for _ in range(4)]
    for sender in senders:
        sender.start()
    while len(acknowledged) < 100:
        time.sleep(0.001)
    began = time.monotonic()
    code, errors = program.stop(number)
    assert time.monotonic() - began < 1.0
    for sender in senders:
        sender.join()
    assert code == 0
    assert "ERROR" not in errors
    assert "Traceback" not in errors
    assert idle.getreply()[0] == 421
    for client in (idle, half, stream):
        client.close()
    assert set(acknowledged) <= _stored(database)


@pytest.mark.crash
def test_what_was_acknowledged_survives_kill_9_under_load(start: Program.Starter, tmp_path: Path) -> None:
    database = tmp_path / "mail.db"
    acknowledged: dict[str, bytes] = {}
    for _ in range(3):
        _kill_under_load(start("-d", str(database)), acknowledged)
    program = start("-d", str(database))
    for id, raw in acknowledged.items():
        assert program.get(f"/api/v1/message/{id}/raw") == (200, raw)
    assert program.stop()[0] == 0
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    stored, counted = connection.execute("SELECT (SELECT count(*) FROM message), messages FROM counter").fetchone()
    connection.close()
    assert stored == counted >= len(acknowledged)


def test_the_default_database_lies_in_the_users_data_folder_one_per_port(
    start: Program.Starter, private_folders: Path
) -> None:
    ports = [_free_port(), _free_port()]
    for port in ports:
        start("-s", f"127.0.0.1:{port}")
    folder = private_folders / "data" / "mailsluice"
    assert {path.name for path in folder.glob("*.db")} == {f"mail-{port}.db" for port in ports}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_a_database_in_use_is_one_line_and_exit_code_2(start: Program.Starter, tmp_path: Path) -> None:
    database = str(tmp_path / "mail.db")
    program = start("-d", database)
    refused = _run("-s", "127.0.0.1:0", "-l", "127.0.0.1:0", "-d", database)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"mailsluice: {database} is in use by another Mailsluice ")
    assert str(program.process.pid) in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "fragment"),
    [
        (["--smtp", "nowhere"], "--smtp: 'nowhere' will not do"),
        (["--durability", "some"], "write normal or full"),
        (["--no-such-flag"], "No such option"),
        (["no-such-command"], "No such command"),
        (["--config", "/no/such/file"], "not a file"),
        (["-d", "/dev/null/x/mail.db"], "/dev/null/x/mail.db"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_code_2(flags: list[str], fragment: str) -> None:
    refused = _run("-s", "127.0.0.1:0", "-l", "127.0.0.1:0", *flags)
    assert refused.returncode == 2
    assert fragment in refused.stderr
    assert refused.stderr.startswith("mailsluice: ")
    assert refused.stderr.count("\n") == 1


def test_a_taken_port_is_one_line_and_exit_code_2(start: Program.Starter) -> None:
    program = start()
    refused = _run("-s", f"127.0.0.1:{program.smtp_port}", "-l", "127.0.0.1:0")
    assert refused.returncode == 2
    assert re.fullmatch(
        r"mailsluice: --smtp 127\.0\.0\.1:\d+: another program listens there already; .*\n", refused.stderr
    )


def test_readyz_finds_the_running_instance_and_misses_a_stopped_one(start: Program.Starter) -> None:
    program = start()
    assert _run("readyz", "--wait").returncode == 0
    program.stop()
    missed = _run("readyz", "--url", program.url)
    assert missed.returncode == 1
    assert missed.stderr.startswith("mailsluice: not ready: ")


def test_unlock_link_prints_what_the_start_line_printed(start: Program.Starter) -> None:
    program = start()
    assert program.process.stdout is not None
    fourth = program.process.stdout.readline()
    link = _run("unlock-link").stdout
    assert link.startswith(f"{program.url}#token=")
    assert fourth.endswith(link)
    program.stop()
    assert _run("unlock-link").returncode == 1


def test_the_probes_answer_without_a_body(start: Program.Starter) -> None:
    program = start()
    assert program.get("/livez") == (200, b"")
    assert program.get("/readyz") == (200, b"")


def test_both_listeners_take_unix_sockets(tmp_path: Path) -> None:
    smtp, web = tmp_path / "smtp.sock", tmp_path / "web.sock"
    with Program("-s", f"unix:{smtp}", "-l", f"unix:{web}") as program:
        assert f"accessible via unix:{web}" in program.greeting[2]
        assert _run("readyz", "--wait").returncode == 0
        assert stat.S_IMODE(smtp.stat().st_mode) == 0o600
        assert program.stop()[0] == 0
    assert not smtp.exists()
    assert not web.exists()


def test_it_listens_on_ipv6(start: Program.Starter) -> None:
    program = start("-s", "[::1]:0", "-l", "[::1]:0")
    with smtplib.SMTP("::1", program.smtp_port) as client:
        id = deliver(client, RAW, "a@b.example", ("c@d.example",))
    connection = http.client.HTTPConnection("::1", program.web_port)
    connection.request("GET", f"/api/v1/message/{id}/raw", headers={"Host": f"[::1]:{program.web_port}"})
    assert connection.getresponse().read() == RAW
    connection.close()


def test_a_full_disk_refuses_with_452_and_recovers_without_a_restart(start: Program.Starter, tmp_path: Path) -> None:
    limited = """
import resource, runpy, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))
runpy.run_module("mailsluice", run_name="__main__")
"""
    program = start("-d", str(tmp_path / "mail.db"), command=("-c", limited))
    first = program.send(RAW)
    big = RAW + (os.urandom(60).hex().encode() + b"\r\n") * 4000
    refusal = _send_until_full(program, big)
    assert refusal.smtp_code == 452
    assert b"4.3.1 " in bytes(refusal.smtp_error)  # type: ignore[arg-type]  # bytes, whatever its stub says
    assert program.get("/readyz")[0] == 503
    assert b"free some space" in program.get("/")[1]
    assert program.get(f"/api/v1/message/{first}/raw") == (200, RAW)
    subprocess.run(["prlimit", f"--pid={program.process.pid}", "--fsize=unlimited"], check=True)
    program.wait_until_ready()
    id = program.send(big)
    assert program.get(f"/api/v1/message/{id}/raw") == (200, big)


def test_help_loads_no_server() -> None:
    code = """
import runpy, sys
sys.argv = ["mailsluice", "--help"]
try:
    runpy.run_module("mailsluice", run_name="__main__")
except SystemExit:
    print(sorted(sys.modules))
"""
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("uvicorn", "starlette", "aiosmtpd", "sqlite3", "jinja2", "smtplib"):
        assert f"'{heavy}'" not in modules


def test_the_runtime_file_is_private_and_gone_after_the_end(start: Program.Starter, private_folders: Path) -> None:
    program = start()
    folder = private_folders / "data" / "mailsluice" / "instances"
    (file,) = folder.glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    instance = json.loads(file.read_text())
    assert instance["pid"] == program.process.pid
    assert len(instance["token"]) >= 32
    program.stop()
    assert not list(folder.iterdir())


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailsluice", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _send_until_refused(program: Program, acknowledged: list[str]) -> None:
    try:
        with smtplib.SMTP("127.0.0.1", program.smtp_port) as client:
            while True:
                acknowledged.append(deliver(client, RAW, "a@b.example", ("c@d.example",)))
    except (smtplib.SMTPException, OSError, AssertionError):
        return


def _send_until_full(program: Program, raw: bytes) -> smtplib.SMTPDataError:
    with smtplib.SMTP("127.0.0.1", program.smtp_port) as client:
        for _ in range(100):
            try:
                client.sendmail("a@b.example", ["c@d.example"], raw)
            except smtplib.SMTPDataError as error:
                return error
    raise AssertionError("the disk was never full")


def _kill_under_load(program: Program, acknowledged: dict[str, bytes]) -> None:
    enough = threading.Event()

    def send(number: int) -> None:
        count = 0
        try:
            with smtplib.SMTP("127.0.0.1", program.smtp_port) as client:
                while True:
                    size = (10, 3000, 30_000, 700_000)[count % 4] if number == 0 else 100
                    raw = b"Subject: %d\r\n\r\n" % count + b"x" * size + b"\r\n"
                    acknowledged[deliver(client, raw, "a@b.example", ("c@d.example",))] = raw
                    count += 1
                    if count == 40:
                        enough.set()
        except (smtplib.SMTPException, OSError, AssertionError):
            return

    senders = [threading.Thread(target=send, args=(number,)) for number in range(5)]
    for sender in senders:
        sender.start()
    assert enough.wait(30)
    program.process.kill()
    for sender in senders:
        sender.join()


def _stored(database: Path) -> set[str]:
    connection = sqlite3.connect(database)
    ids = {id for (id,) in connection.execute("SELECT id FROM message")}
    connection.close()
    return ids
