"""Whether captures notice that releases are being sent."""

import json
import statistics
from pathlib import Path
from typing import Final

import msgspec

from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from tests.bench.extremes import KB, Finding
from tests.bench.generator import Load, Manner, send
from tests.bench.measuring import Bench
from tests.bench.servers import Mailsluice, Server

_OFFERED: Final = 1000
_QUEUED: Final = 500
_PASSWORD: Final = "MAILSLUICE_PROFILE_HOME_PASSWORD"


class Smarthost(Server):
    """The fake Gmail, in a process of its own."""

    def __init__(self) -> None:
        super().__init__("smarthost", "-m", "tests.gmail", "--daily-limit", "1000000")

    def _greeted(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start: {self.complaints()}")
        found = json.loads(line)
        self.port, self.password = int(found["starttls_port"]), str(found["app_password"])
        self._host, self._ca_file, self._user = str(found["host"]), str(found["ca_file"]), str(found["user"])

    def write_profile(self, folder: Path) -> None:
        """A profile for this smarthost in a configuration folder, with the pace that every profile has."""
        profile = Profile(
            name="home",
            host=self._host,
            port=self.port,
            security="starttls",
            ca_file=self._ca_file,
            user=self._user,
            allow=("@example.com",),
            daily_limit=1_000_000,
        )
        Profiles(folder).save(profile, old_name="", by_hand=True)


class Round(msgspec.Struct, frozen=True):
    """The load beside releases, the load without them, and how many were sent meanwhile."""

    beside: Load
    without: Load
    sent: int


def outbox(bench: Bench) -> Finding:
    """1 KB offered at an even pace while releases wait and are sent, and without them, in turns."""
    with Smarthost() as smarthost:
        rounds = []
        for number in range(bench.rounds):
            if number % 2:
                (without, _), (beside, sent) = _offer(bench, smarthost, 0), _offer(bench, smarthost, _QUEUED)
            else:
                (beside, sent), (without, _) = _offer(bench, smarthost, _QUEUED), _offer(bench, smarthost, 0)
            rounds.append(Round(beside, without, sent))
    ratios = [one.beside.p99 / one.without.p99 for one in rounds]
    found = {
        "accepted a run": float(min(one.beside.acknowledged for one in rounds)),
        "msg/s": statistics.median(one.beside.rate for one in rounds),
        "p99 ms": statistics.median(one.beside.p99 for one in rounds),
        "p99 ms without": statistics.median(one.without.p99 for one in rounds),
        "p99 ratio": statistics.median(ratios),
        "highest p99 ratio": max(ratios),
        "max ms": max(one.beside.max for one in rounds),
        "releases sent a run": float(min(one.sent for one in rounds)),
    }
    return Finding(f"{_OFFERED:,} msg/s while {_QUEUED} releases wait", found, "all accepted, p99 ratio at most 1.5")


def _offer(bench: Bench, smarthost: Smarthost, queued: int) -> tuple[Load, int]:
    """Offer messages to a new program that has so many releases queued; how many of those it sent meanwhile."""
    _, mail = bench.mail(KB)
    program = Mailsluice(bench.disk, environment={_PASSWORD: smarthost.password})
    smarthost.write_profile(program.configuration)
    with program:
        first = send(bench.generator, port=program.port, mail=mail, manner=Manner(messages=_QUEUED))
        if queued:
            ids = [one["ID"] for one in program.api(f"messages?limit={queued}")["messages"]]
            program.post("/api/sandbox/releases", {"messages": ids, "to": "bob@example.com", "anyway": True})
        before = _sent(program)
        manner = Manner(messages=bench.count(10_000), rate=_OFFERED)
        load = send(bench.generator, port=program.port, mail=mail, manner=manner)
        sent = _sent(program) - before
        if load.errors or (queued and not sent):
            raise RuntimeError(f"{load.errors} messages refused ({load.first_error}), {sent} releases sent")
        program.check(acknowledged=first.acknowledged + load.acknowledged)
        return load, sent


def _sent(program: Mailsluice) -> int:
    """How many releases were delivered."""
    return len(json.loads(program.get("/api/sandbox/releases?state=delivered&limit=500"))["releases"])
