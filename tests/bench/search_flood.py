"""What a search costs while mail pours in, and what it costs the captures: `python -m tests.bench.search_flood`.

Six senders flat out; nobody searches, then one does, then four do, each one query after the other.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.bench.generator import Manner, Sending, compile_generator
from tests.bench.mail import make_mail
from tests.bench.servers import Mailsluice

_FLAGS: Final = ("--max", "0", "--max-bytes", "0")
_SENDERS: Final = 6
_ENOUGH: Final = 1_000_000
_QUERIES: Final = ("w", "w012", "w012bench", "zzzyx", "voice", "subject:w012")
_HEAD_START: Final = 3.0
_PAUSE: Final = 0.2


def mail() -> bytes:
    """One of which no two copies have the same word in the subject."""
    return (
        make_mail(1024)
        .replace(b"Subject: Your", b"Subject: w012BENCH-0000000000 Your", 1)
        .replace(b"<BENCH-0000000000", b"<copy", 1)
    )


class Searcher(threading.Thread):
    """Asks for the newest page and the count of a random query, again and again."""

    def __init__(self, server: Mailsluice, queries: Sequence[str], seed: int, ended: threading.Event) -> None:
        super().__init__()
        self._server, self._queries, self._chance, self._ended = server, queries, random.Random(seed), ended
        self.spent: list[tuple[str, float]] = []

    def run(self) -> None:
        """Ask until it ends."""
        while not self._ended.is_set():
            query, began = self._chance.choice(self._queries), time.perf_counter()
            self._server.api(f"search?query={query}")
            self.spent.append((query, (time.perf_counter() - began) * 1000))
            self._ended.wait(_PAUSE)


def flood(program: Path, folder: Path, *, searchers: int, seconds: float) -> None:
    """One round with a database of its own."""
    letter = folder / "mail.eml"
    letter.write_bytes(mail())
    manner, ended = Manner(messages=_ENOUGH, connections=_SENDERS), threading.Event()
    with ExitStack() as stack:
        server = stack.enter_context(Mailsluice(folder, *_FLAGS))
        sending = stack.enter_context(Sending(program, port=server.port, mail=letter, manner=manner))
        time.sleep(_HEAD_START)
        asking = [Searcher(server, _QUERIES, seed, ended) for seed in range(searchers)]
        for one in asking:
            one.start()
        time.sleep(seconds)
        load = sending.stop()
        ended.set()
        for one in asking:
            one.join()
    latencies = f"p99 {load.p99:5.1f}, max {load.max:5.0f} ms"
    print(f"{searchers} searching: {load.rate:6.0f} captures/s, {latencies}", flush=True)
    spent = [found for one in asking for found in one.spent]
    for query in (*_QUERIES, ""):
        times = [taken for asked, taken in spent if query in ("", asked)]
        if times:
            title = query or "all of them"
            print(f"  {title:14} {len(times):4} times, p50 {statistics.median(times):7.1f}, max {max(times):7.1f} ms")


def main() -> None:
    """Print what captures and searches took."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search_flood", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--searchers", type=int, nargs="*", default=[0, 1, 4])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as name:
        program = compile_generator(Path(name))
        for searchers in given.searchers:
            flood(program, Path(name), searchers=searchers, seconds=given.seconds)


if __name__ == "__main__":
    main()
