"""What rates do not show: the disk, a large message beside small ones, memory, and very many connections."""

import os
import resource
import smtplib
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.bench.generator import Manner, Sending, send
from tests.bench.measuring import Bench, Run, measure_alone, run
from tests.bench.servers import Mailsluice, Server

KB, MB = 1 << 10, 1 << 20
LARGE = 50_000_000
_PER_ADDRESS = 100


class Finding(msgspec.Struct, frozen=True):
    """One experiment: its figures by name, and what is aimed at in words."""

    title: str
    figures: dict[str, float]
    aim: str = ""


def sync_time(bench: Bench) -> Finding:
    """How long the disk takes to write 4 KB for good."""
    times = []
    with tempfile.TemporaryFile(dir=bench.disk, buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1e3)
    return Finding("the disk's sync time", {"median ms": statistics.median(times), "max ms": max(times)})


def power_cut(bench: Bench) -> Finding:
    """--durability full on the real disk."""
    found: dict[str, float] = {}
    for name, manner in (
        ("1 KB", Manner(messages=bench.count(4000))),
        ("1 KB one sender", Manner(messages=bench.count(1000), connections=1)),
        ("1 KB 100 connections", Manner(messages=bench.count(4000), connections=100)),
    ):
        measured = measure_alone(bench, folder=bench.disk, size=KB, manner=manner, flags=("--durability", "full"))
        found |= {f"{name}: msg/s": measured.rate, f"{name}: p99 ms": measured.p99}
    return Finding("--durability full on the disk", found)


def modern_clients(bench: Bench) -> Finding:
    """Clients that send several commands at once."""
    found: dict[str, float] = {}
    manner = Manner(messages=bench.count(6000), pipelining=True)
    ways = {"PIPELINING": manner}
    with Mailsluice(bench.memory) as program, smtplib.SMTP("127.0.0.1", program.port) as client:
        client.ehlo()
        if client.has_extn("chunking"):
            ways["BDAT"] = replace(manner, bdat=True)
    for name, way in ways.items():
        measured = measure_alone(bench, folder=bench.memory, size=KB, manner=way)
        found |= {f"{name}: msg/s": measured.rate, f"{name}: CPU µs": measured.cpu}
    return Finding("1 KB, commands sent together", found)


def large_beside_small(bench: Bench) -> Finding:
    """Senders of 1 KB while one message of 50 MB after another arrives, and without them."""
    _, small = bench.mail(KB)
    _, large = bench.mail(LARGE)
    endless, rare = Manner(messages=1_000_000), Manner(messages=bench.count(10), connections=1)
    with Mailsluice(bench.memory) as program:
        quiet = run(bench, program, small, Manner(messages=bench.count(6000)))
        with Sending(bench.generator, port=program.port, mail=small, manner=endless) as sending:
            sent = send(bench.generator, port=program.port, mail=large, manner=rare)
            beside = sending.stop()
        program.settle()
        if errors := sent.errors + beside.errors:
            raise RuntimeError(f"{errors} messages refused: {sent.first_error}{beside.first_error}")
        program.check(acknowledged=sent.acknowledged + beside.acknowledged)
    found = {
        "p50 ms": beside.p50,
        "p99 ms": beside.p99,
        "max ms": beside.max,
        "small messages": float(beside.acknowledged),
        "large messages": float(sent.acknowledged),
        "seconds a large one": sent.seconds / sent.acknowledged,
        "p99 ms without": quiet.load.p99,
    }
    return Finding("1 KB senders beside a 50 MB message", found, "p99 below 50 ms")


def many_large(bench: Bench) -> Finding:
    """100 connections that send 10 MB each at the same time."""
    _, path = bench.mail(10 * MB)
    manner = Manner(messages=bench.count(100), connections=bench.count(100))
    with Mailsluice(bench.memory) as program:
        load = run(bench, program, path, manner).load
        found = {"peak MB": program.peak_memory(), "msg/s": load.rate}
    return Finding(f"{manner.connections} connections x 10 MB", found, "peak below 200 MB with 100")


def oversize(bench: Bench) -> Finding:
    """300 MB for a server that takes 1 MB: refused, and not kept in memory on the way."""
    megabytes = bench.count(300)
    _, small = bench.mail(KB)
    _, path = bench.mail(megabytes * 1_000_000)
    with Mailsluice(bench.memory, "--max-message-size", "1MiB") as program:
        run(bench, program, small, Manner(messages=1000))
        before = program.peak_memory()
        manner = Manner(messages=1, connections=1)
        refused = send(bench.generator, port=program.port, mail=path, manner=manner)
        if refused.acknowledged or not refused.first_error.startswith("552"):
            raise RuntimeError(f"an oversize message was answered with {refused.first_error or '250'}")
        grown = program.peak_memory() - before
        run(bench, program, small, Manner(messages=100))
    path.unlink()
    return Finding(f"{megabytes} MB at --max-message-size 1MiB", {"growth MB": grown}, "a few MB")


def idle_connections(bench: Bench) -> Finding:
    """5,000 connections that say nothing: senders of 1 KB there, and at a server without them, in turns."""
    _, small = bench.mail(KB)
    manner = Manner(messages=bench.count(6000))
    wanted = min(bench.count(5000), resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    with Mailsluice(bench.memory) as crowded, Mailsluice(bench.memory) as empty:
        with idlers(crowded, wanted) as greeted:
            rounds = [
                (run(bench, crowded, small, manner), run(bench, empty, small, manner))
                for _ in range(min(bench.rounds, 3))
            ]
        found = {
            "rate against without": statistics.median(one.load.rate / two.load.rate for one, two in rounds),
            "p99 ms": _p99([one for one, _ in rounds]),
            "p99 ms without": _p99([two for _, two in rounds]),
            "peak MB": crowded.peak_memory(),
        }
    return Finding(f"{greeted:,} idle connections", found, "an honest sender is not slowed")


@contextmanager
def idlers(server: Server, count: int) -> Iterator[int]:
    """Keep connections open that were greeted; from many addresses, for a server may bound what one peer opens."""
    with ExitStack() as stack:
        greeted = 0
        for number in range(count):
            source = (f"127.0.{number // _PER_ADDRESS + 1}.1", 0)
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20, source_address=source))
            greeted += one.recv(3) == b"220"
        yield greeted


def raise_file_limit() -> None:
    """As many open files as the system allows; the servers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _p99(runs: list[Run]) -> float:
    return statistics.median(one.load.p99 for one in runs)


def scratch_folder(preferred: Path) -> Path | None:
    """A folder if it is there and may be written."""
    return preferred if os.access(preferred, os.W_OK | os.X_OK) else None
