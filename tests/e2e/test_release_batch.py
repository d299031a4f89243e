"""A batch whose program is killed again and again, wherever it happens to be: each message goes once, or is unknown."""

import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.program import Program
from tests.releasing_client import begin, open_gmail, write_profile

MESSAGES = 120
KILLED_AFTER = (7, 31, 58, 90)


@pytest.mark.crash
def test_a_batch_arrives_once_however_often_the_program_is_killed(start: Program.Starter, tmp_path: Path) -> None:
    with open_gmail() as gmail:
        write_profile(gmail)
        client = begin(start, tmp_path / "mail.db")
        ids = [client.program.send(f"Subject: {number}\r\n\r\nHello\r\n".encode()) for number in range(MESSAGES)]
        releases = [record["id"] for record in client.release(*ids)]
        for count in KILLED_AFTER:
            gmail.wait_for("message", times=count)
            client.program.stop(signal.SIGKILL)
            client = begin(start, tmp_path / "mail.db")
        states = [client.record(id, wait=60)["state"] for id in releases]
        times = Counter(
            message.raw.partition(b"Subject: ")[2].split(b"\r\n")[0].decode() for message in gmail.delivered
        )
    assert set(states) <= {"delivered", "unknown"}
    assert states.count("unknown") <= len(KILLED_AFTER)
    assert set(times.values()) == {1}
    assert [number for number, state in enumerate(states) if state == "delivered" and not times[str(number)]] == []
