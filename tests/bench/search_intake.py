"""What indexing costs the captures: `python -m tests.bench.search_intake`.

Sends to the program as it is and to one that does not index, in turns.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.generator import Load, Manner, compile_generator, send
from tests.bench.mail import make_mail
from tests.bench.servers import Mailsluice

_WITHOUT: Final = """
from mailsluice.store.indexing import Indexing
async def rest(self): pass
Indexing._work = rest
from mailsluice.cli import main
main()
"""
_FLAGS: Final = ("--max", "0", "--max-bytes", "0")


class Unindexed(Mailsluice):
    """The program without its indexing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, *_FLAGS)
        self._command = ("-c", _WITHOUT, *self._command[2:])


def main() -> None:
    """Print rate and latencies of each round, and the medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search_intake", description=__doc__)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    manner = Manner(messages=given.messages)
    found: dict[str, list[Load]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/dev/shm") as name:
        folder = Path(name)
        program, mail = compile_generator(folder), folder / "mail.eml"
        mail.write_bytes(make_mail(given.size))
        for _ in range(given.rounds):
            for title, server in (("without", Unindexed(folder)), ("with", Mailsluice(folder, *_FLAGS))):
                with server:
                    load = send(program, port=server.port, mail=mail, manner=manner)
                found[title].append(load)
                print(f"{title:8} {load.rate:7.0f}/s p50 {load.p50:6.2f} p99 {load.p99:6.2f} max {load.max:7.1f} ms")
    rates = {title: statistics.median(load.rate for load in loads) for title, loads in found.items()}
    ratio = statistics.median(a.rate / b.rate for a, b in zip(found["with"], found["without"], strict=True))
    print(f"medians: {rates['with']:.0f}/s with, {rates['without']:.0f}/s without: {ratio:.3f}")


if __name__ == "__main__":
    main()
