"""Compiles the generator, measures, prints; every process it starts ends with it."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from tests.bench import extremes, report
from tests.bench.extremes import KB, MB, Finding, raise_file_limit, scratch_folder
from tests.bench.generator import Manner, compile_generator, find_compiler
from tests.bench.measuring import Bench, Row, compare
from tests.bench.releases import outbox

_MEMORY = Path("/dev/shm")
_EXPERIMENTS: Final[dict[str, Callable[[Bench], Finding]]] = {
    "sync-time": extremes.sync_time,
    "power-cut": extremes.power_cut,
    "modern-clients": extremes.modern_clients,
    "large-beside-small": extremes.large_beside_small,
    "many-large": extremes.many_large,
    "oversize": extremes.oversize,
    "idle-connections": extremes.idle_connections,
    "outbox": outbox,
}


class Results(msgspec.Struct):
    """Everything that was measured."""

    rows: list[Row]
    findings: list[Finding]


def comparisons(bench: Bench) -> Iterator[Row]:
    """Against stock aiosmtpd, from small to large."""
    for title, size, messages, aim in (
        ("1 KB", KB, 5000, 2.5),
        ("10 KB", 10 * KB, 3000, 3.0),
        ("100 KB", 100 * KB, 700, 3.5),
        ("1 MB", MB, 100, 5.5),
    ):
        yield compare(bench, title, size=size, manner=Manner(messages=bench.count(messages)), aim=aim)
    sequential = Manner(messages=bench.count(2000), connections=1)
    yield compare(bench, "1 KB, one sender", size=KB, manner=sequential, aim=1.5)
    anew = Manner(messages=bench.count(1500), new_connections=True)
    yield compare(bench, "1 KB, a connection for each message", size=KB, manner=anew)
    crowd = Manner(messages=bench.count(5000), connections=100)
    yield compare(bench, "1 KB, 100 connections", size=KB, manner=crowd)


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs: a look, not a verdict")
    parser.add_argument(
        "--only", action="append", choices=sorted(_EXPERIMENTS), help="these experiments, no comparison"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--disk", type=Path, default=Path("/var/tmp"), help="a folder on the disk to measure")
    given = parser.parse_args()
    if not sys.platform.startswith("linux"):
        sys.exit("the benchmark reads /proc: it runs on Linux only")
    if not find_compiler():
        sys.exit("the benchmark needs a C compiler named cc")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave by the exits that kill the children
    raise_file_limit()
    with ExitStack() as stack:
        memory = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=scratch_folder(_MEMORY)))
        disk = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=scratch_folder(given.disk)))
        bench = Bench(
            generator=compile_generator(Path(memory)),
            memory=Path(memory),
            disk=Path(disk),
            rounds=1 if given.quick else 5,
            share=0.15 if given.quick else 1,
        )
        measure(bench, only=given.only or (), as_json=given.json)


def measure(bench: Bench, *, only: Sequence[str], as_json: bool) -> None:
    """Measure everything, or some experiments only, and print each result as soon as it is there."""
    results = Results([], [])
    for row in () if only else comparisons(bench):
        results.rows.append(row)
        if not as_json:
            print(report.table(row), flush=True)
    for name in only or _EXPERIMENTS:
        finding = _EXPERIMENTS[name](bench)
        results.findings.append(finding)
        if not as_json:
            print(report.sentence(finding), flush=True)
    print(msgspec.json.format(msgspec.json.encode(results)).decode() if as_json else report.summary(results.rows))


if __name__ == "__main__":
    main()
