"""The program is killed (SIGKILL) at every step of a release and started again, over the real database."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsluice.capture import new_id
from tests.gmail import STALL, Event, FakeGmail, in_thread
from tests.smarthost import APP_PASSWORD, USER

ROOT = Path(__file__).parents[2]
EVERYBODY = ["bob@example.com", "eve@example.com"]

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]


@pytest.fixture
def gmail() -> Iterator[FakeGmail]:
    with in_thread() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


class Log(list[Event]):
    """The smarthost's log, which tells a thread that waits when the smarthost has gone silent."""

    def __init__(self) -> None:
        super().__init__()
        self.stalled = threading.Event()

    def append(self, event: Event) -> None:
        super().append(event)
        if event.kind == "stall":
            self.stalled.set()


def started(gmail: FakeGmail, folder: Path, id: str, *deadly: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join(str(ROOT / name) for name in ("sandbox", "web", "."))
    arguments = [str(folder), str(gmail.starttls_port), gmail.ca_file, id, *(deadly or ("never", "0"))]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.outbox.program", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def mailed(gmail: FakeGmail) -> list[str]:
    return sorted(one for message in gmail.delivered for one in message.recipients)


def again(gmail: FakeGmail, folder: Path, id: str) -> list[str]:
    """The state and who was accepted, after the next start."""
    with started(gmail, folder, id) as program:
        output, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    return output.split()


@pytest.mark.parametrize(
    ("deadly", "state", "taken"),
    [
        ("before 1", "delivered", []),
        ("after 1", "delivered", []),
        ("before 2", "delivered", []),
        ("after 2", "unknown", []),
        ("before 3", "unknown", EVERYBODY),
        ("after 3", "delivered", EVERYBODY),
    ],
    ids=["before the dial", "dial", "before the dot", "dot", "after the 250", "after the commit"],
)
def test_a_program_killed_at_a_write_mails_nobody_twice(
    gmail: FakeGmail, tmp_path: Path, deadly: str, state: str, taken: list[str]
) -> None:
    id = new_id()
    with started(gmail, tmp_path, id, *deadly.split()) as program:
        program.communicate(timeout=60)
    assert program.returncode == -9
    assert mailed(gmail) == taken
    assert again(gmail, tmp_path, id) == [state, *(EVERYBODY if state == "delivered" else [])]
    assert mailed(gmail) == (EVERYBODY if state == "delivered" else taken)


@pytest.mark.parametrize("stage", ["greeting", "auth", "mail", "rcpt", "data", "message"])
def test_a_program_killed_while_the_server_thinks_mails_nobody_twice(
    gmail: FakeGmail, tmp_path: Path, stage: str
) -> None:
    id = new_id()
    gmail.fail_next(stage, STALL)
    gmail.log = log = Log()
    with started(gmail, tmp_path, id) as program:
        stalled = log.stalled.wait(60)
        program.kill()
    assert stalled
    assert mailed(gmail) == []
    assert again(gmail, tmp_path, id)[0] == ("unknown" if stage == "message" else "delivered")
    assert mailed(gmail) == ([] if stage == "message" else EVERYBODY)
