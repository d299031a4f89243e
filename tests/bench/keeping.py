"""What large edits cost the captures: `python -m tests.bench.keeping`.

Fills a store, then sends at a steady rate while the tag of all messages is renamed and deleted, and while all messages
are marked, deleted and taken back.
"""

import argparse
import http.client
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.bench.generator import Manner, Sending, compile_generator, send
from tests.bench.mail import make_mail
from tests.bench.servers import Mailsluice

_FLAGS: Final = ("--max", "0", "--max-bytes", "0")
_OWN: Final = "/api/sandbox"
_TAGS: Final = "/api/v1/tags"
_WAIT_SECONDS: Final = 600.0
_HEAD_START: Final = 0.5
_QUIET_SECONDS: Final = 3.0
_LONGEST_SECONDS: Final = 300


def ask(server: Mailsluice, method: str, path: str, body: Mapping[str, object]) -> Any:
    """The program's answer."""
    connection = http.client.HTTPConnection(urlsplit(server._url).netloc, timeout=_WAIT_SECONDS)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status >= 300:
        raise RuntimeError(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
    return json.loads(answer) if answer.startswith(b"{") else None


def edits(server: Mailsluice, program: Path, mail: Path, *, rate: float) -> None:
    """Each edit beside the steady mail."""
    token = ""
    for title, method, path, body in (
        ("nothing", "", "", {}),
        ("rename tag", "PUT", f"{_TAGS}/many", {"Name": "most"}),
        ("delete tag", "DELETE", f"{_TAGS}/most", {}),
        ("mark all", "PUT", f"{_OWN}/marks", {"all": True, "seen": True}),
        ("delete all", "POST", f"{_OWN}/deletions", {"all": True}),
        ("take back", "POST", f"{_OWN}/deletions/{{token}}/undoing", {}),
    ):
        manner = Manner(messages=int(rate * _LONGEST_SECONDS), connections=6, rate=rate)
        with Sending(program, port=server.port, mail=mail, manner=manner) as sending:
            time.sleep(_HEAD_START if method else _QUIET_SECONDS)
            began = time.perf_counter()
            answer = ask(server, method, path.format(token=token), body) if method else None
            spent = time.perf_counter() - began
            time.sleep(_HEAD_START)
            load = sending.stop()
        token = answer.get("token", token) if answer else token
        changed = answer["messages"] if answer else ""
        print(
            f"{title:14} {spent:6.2f} s {changed!s:>8}  captures {load.rate:6.0f}/s p50 {load.p50:6.2f} "
            f"p99 {load.p99:7.2f} max {load.max:8.1f} ms, {load.errors} errors",
            flush=True,
        )
        time.sleep(1.0)


def main() -> None:
    """Print what each edit took, and the captures' latencies meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.keeping", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        program, mail = compile_generator(folder), folder / "mail.eml"
        mail.write_bytes(b"X-Tags: many\r\n" + make_mail(1024))
        with Mailsluice(folder, *_FLAGS) as server:
            send(program, port=server.port, mail=mail, manner=Manner(messages=given.messages))
            server.settle()
            edits(server, program, mail, rate=given.rate)


if __name__ == "__main__":
    main()
