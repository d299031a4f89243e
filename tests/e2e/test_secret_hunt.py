"""After a full run of the real program the app password stands nowhere but in the sealed file, and sealed there."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mailsluice.instance import find
from tests.gmail import FakeGmail, in_thread
from tests.program import Program

USER = "ada@gmail.com"
PASSWORD = "wxyzabcdqrstmnop"
RAW = b"Subject: hello\r\n\r\nhi\r\n"


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=PASSWORD)
        yield gmail


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the process list is read from /proc")
def test_the_app_password_stands_nowhere(start: Program.Starter, gmail: FakeGmail, private_folders: Path) -> None:
    program = start("-v", "-d", str(private_folders / "mail.db"))
    seen = [_call(program, "POST", "", _profile(gmail))]
    seen += [_call(program, "POST", "/work/checks"), _call(program, "GET", "/work")]
    gmail.accounts[USER].revoked = True
    seen += [_call(program, "POST", "/work/checks"), _call(program, "PUT", "/work", {"port": gmail.starttls_port})]
    seen += [_call(program, "POST", "/work/checks"), _call(program, "POST", "", _profile(gmail) | {"surprise": 1})]
    program.send(RAW)
    paths = ("/", "/profiles", "/profiles/work", "/profiles/work/edit", "/sessions", "/api/v1/info", "/events-none")
    seen += [program.request("GET", path, headers=_key() | {"HX-Request": "true"})[1] for path in paths]
    assert gmail.auth_attempts == 2
    processes = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if _is_readable(file)]
    environment = Path(f"/proc/{program.process.pid}/environ").read_bytes()
    code, complaints = program.stop()
    files = [file for file in private_folders.rglob("*") if file.is_file()]
    assert any(file.name == "secrets.json" for file in files)
    for form in _forms(PASSWORD):
        assert not [answer for answer in seen if form in answer]
        assert not [line for line in processes if form in line]
        assert form not in environment
        assert form not in complaints.encode()
        assert not [file for file in files if form in file.read_bytes()]
    assert code == 0


def _profile(gmail: FakeGmail) -> dict[str, object]:
    place = {"host": "localhost", "port": gmail.tls_port, "security": "tls", "ca_file": gmail.ca_file}
    return {"name": "work", "preset": "gmail", "user": USER, "password": PASSWORD} | place


def _key() -> dict[str, str]:
    running = find()
    assert running is not None
    return {"Authorization": f"Bearer {running.token}"}


def _call(program: Program, method: str, path: str, body: dict[str, object] | None = None) -> bytes:
    payload = None if body is None else json.dumps(body).encode()
    headers = _key() | {"Content-Type": "application/json"}
    status, answer = program.request(method, f"/api/sandbox/profiles{path}", body=payload, headers=headers)
    assert status != 401
    return answer


def _is_readable(file: Path) -> bool:
    return os.access(file, os.R_OK) and file.parent.exists()


def _forms(secret: str) -> set[bytes]:
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    plain = {secret, spaced, quote(spaced), spaced.replace(" ", "+")}
    login = base64.b64encode(f"\0{USER}\0{secret}".encode()).decode()
    return {form.encode() for form in plain | {login, base64.b64encode(secret.encode()).decode()}}
