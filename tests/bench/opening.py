"""How long very large messages take to open: `python -m tests.bench.opening`.

For each of them the server's time of every view, first (read and parsed) and again, at the median.
"""

import asyncio
import base64
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mailsluice.options import Endpoint
from mailsluice.sandbox import open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound
from tests.inbox import Inbox, links, open_inbox

ROUNDS: Final = 5
_HEAD: Final = b"From: a@example.test\r\nTo: bob@example.test\r\nSubject: Large\r\nMIME-Version: 1.0\r\n"


def mails() -> Iterator[tuple[str, bytes]]:
    """The messages by what is large in them."""
    row = b"<tr><td><a href='https://example.test/%d'>Offer %d</a></td><td style='color:#333'>text</td></tr>\r\n"
    table = b"<table>" + b"".join(row % (number, number) for number in range(110_000)) + b"</table>"
    yield "10 MB of HTML", _HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + table
    part = b"--b\r\nContent-Type: image/png; name=%d.png\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"
    content = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300))
    parts = b"".join(part % (number, content) for number in range(5000))
    yield "5,000 parts", _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"
    field = b"X-Field-%d: =?utf-8?q?caf=C3=A9?= %s\r\n"
    fields = b"".join(field % (number, b"x" * 60) for number in range(40_000))
    yield "4 MB of headers", _HEAD + fields + b"\r\nHello\r\n"
    lines = b"".join(b"line %07d %s\r\n" % (number, b"x" * 60) for number in range(135_000))
    yield "10 MB of text", _HEAD + b"\r\n" + lines


async def measure(inbox: Inbox, title: str, raw: bytes) -> None:
    """Print the times of one message."""
    id = await inbox.capture(raw)
    started = time.perf_counter()
    page = await inbox.page(f"/messages/{id}")
    print(f"{title} ({len(raw) / 1e6:.1f} MB): first {(time.perf_counter() - started) * 1e3:.0f} ms", flush=True)
    views = {name: address for name, address in links(page, ".tabs a[id]").items()}
    views |= {f"{name} of the frame": address for name, address in links(page, ".tabs a.aside").items()}
    views |= {"Find": f"/messages/{id}/source?find=offer", "Find e": f"/messages/{id}/source?find=e"}
    for name, address in views.items():
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            answer = await inbox.client.get(address, headers={"HX-Request": "true", "Accept-Encoding": "identity"})
            times.append((time.perf_counter() - started) * 1e3)
        first, again, size = times[0], statistics.median(times[1:]), len(answer.content) / 1e3
        print(f"  {name}: {answer.status_code}, first {first:.0f} ms, again {again:.0f} ms, {size:,.0f} KB", flush=True)


async def run() -> None:
    """Measure all of them, in a database of their own."""
    with TemporaryDirectory() as folder:
        settings = Settings(smtp=Endpoint("127.0.0.1", 0))
        database = str(Path(folder) / "mail.db")
        with bound(settings.smtp, flag="--smtp") as sockets:
            async with (
                open_sandbox(settings, database=database, smtp_sockets=sockets) as sandbox,
                open_inbox(sandbox) as inbox,
            ):
                for title, raw in mails():
                    await measure(inbox, title, raw)


if __name__ == "__main__":
    asyncio.run(run())
