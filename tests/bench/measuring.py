"""One run against one server, rounds of runs against several in turns, and what comes of them."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench.generator import Load, Manner, send
from tests.bench.mail import make_mail, number_of, numbered
from tests.bench.servers import Mailsluice, Server, Stock

SizedMail = tuple[bytes, Path]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things lie: the generator, a folder in memory, one on the disk; and how much is done."""

    generator: Path
    memory: Path
    disk: Path
    rounds: int
    share: float

    def mail(self, size: int) -> SizedMail:
        """A message of this size and the file it lies in."""
        path = self.memory / f"{size}.eml"
        if not path.exists():
            path.write_bytes(make_mail(size))
        return path.read_bytes(), path

    def count(self, messages: int) -> int:
        """How many of so many messages are sent."""
        return max(int(messages * self.share), 5)


class Figures(msgspec.Struct, frozen=True):
    """Medians of one server's runs; latencies in ms, CPU in µs a message, peak memory in MB."""

    server: str
    rate: float
    cpu: float
    generator_cpu: float
    p50: float
    p99: float
    memory: float


class Row(msgspec.Struct, frozen=True):
    """Servers that were measured in turns; the ratios of their rates are medians over the rounds, not of medians."""

    title: str
    messages: int
    figures: tuple[Figures, ...]
    ratio_to_asyncio: float
    ratio_to_uvloop: float
    aim: float


class Run(msgspec.Struct, frozen=True):
    """One run: what the generator saw, and the server's CPU seconds."""

    load: Load
    cpu: float


def run(bench: Bench, server: Server, mail: Path, manner: Manner) -> Run:
    """Send, wait for the work that follows, and check; raises RuntimeError when anything was refused or lost."""
    before = server.settle()
    load = send(bench.generator, port=server.port, mail=mail, manner=manner)
    used = server.settle() - before
    if load.errors:
        raise RuntimeError(f"{server.name}: {load.errors} messages refused, first with: {load.first_error}")
    server.check(acknowledged=load.acknowledged)
    return Run(load, used)


def figures(server: Server, runs: Sequence[Run]) -> Figures:
    """The medians of runs against one server."""

    def median(values: list[float]) -> float:
        return round(statistics.median(values), 3)

    return Figures(
        server=server.name,
        rate=median([one.load.rate for one in runs]),
        cpu=median([one.cpu / one.load.acknowledged * 1e6 for one in runs]),
        generator_cpu=median([one.load.generator_cpu / one.load.acknowledged * 1e6 for one in runs]),
        p50=median([one.load.p50 for one in runs]),
        p99=median([one.load.p99 for one in runs]),
        memory=round(server.peak_memory(), 1),
    )


def compare(bench: Bench, title: str, *, size: int, manner: Manner, aim: float = 0) -> Row:
    """The program, stock on asyncio and stock on uvloop in turns, so that slow phases of the machine hit all three."""
    mail, path = bench.mail(size)
    with ExitStack() as stack:
        program = stack.enter_context(Mailsluice(bench.memory))
        servers: list[Server] = [program]
        servers += [stack.enter_context(Stock(loop)) for loop in ("asyncio", "uvloop")]
        rounds = [[run(bench, server, path, manner) for server in servers] for _ in range(bench.rounds)]
        check_bytes(program, mail)
        ours, asyncio, uvloop = (
            figures(server, runs) for server, runs in zip(servers, zip(*rounds, strict=True), strict=True)
        )
    return Row(
        title=title,
        messages=manner.messages,
        figures=(ours, asyncio, uvloop),
        ratio_to_asyncio=statistics.median(one.load.rate / two.load.rate for one, two, _ in rounds),
        ratio_to_uvloop=statistics.median(one.load.rate / two.load.rate for one, _, two in rounds),
        aim=aim,
    )


def measure_alone(bench: Bench, *, folder: Path, size: int, manner: Manner, flags: tuple[str, ...] = ()) -> Figures:
    """The program by itself, for what stock aiosmtpd does not do."""
    mail, path = bench.mail(size)
    with Mailsluice(folder, *flags) as program:
        runs = [run(bench, program, path, manner) for _ in range(bench.rounds)]
        check_bytes(program, mail)
        return figures(program, runs)


def check_bytes(program: Mailsluice, mail: bytes) -> None:
    """A sample of what is stored must be what was sent, byte for byte."""
    total = program.api("info")["Messages"]
    for place in sorted({0, total // 3, total // 2, total - 1}):
        listed = program.api(f"messages?start={place}&limit=1")["messages"][0]
        source = program.get(f"/api/v1/message/{listed['ID']}/raw")
        if source != numbered(mail, number_of(source)):
            raise RuntimeError(f"message {listed['ID']} came back with other bytes")
