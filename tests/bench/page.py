"""What the inbox page costs: `python -m tests.bench.page --messages 1000000 [--folder FOLDER]`.

Fills a database, and tells in a real browser: bytes of the first load, the server's time for the list, the time from a
message's acceptance until its row is on the screen, and how often the page asks while 1,000 messages come.
"""

import argparse
import asyncio
import http.client
import random
import smtplib
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from mailsluice.store import open_store
from tests.bench.search import fill, timed
from tests.bench.search_mail import Letters
from tests.bench.servers import Mailsluice
from tests.e2e.chromium import CHROMIUM, FLAGS

_HTMX: Final = {"HX-Request": "true", "Accept-Encoding": "gzip"}
_LIVE: Final = "#live[data-state=live]"
_SEEN: Final = """
() => {
  const waiting = {}, shown = {}
  const tell = (subject) => {
    if (shown[subject] && waiting[subject]) waiting[subject](shown[subject])
  }
  window.whenShown = (subject) => new Promise((resolve) => {
    waiting[subject] = resolve
    tell(subject)
  })
  const look = () => {
    for (const one of document.querySelectorAll("#rows .subject")) {
      const subject = one.textContent.trim()
      if (!subject.startsWith("arrival ") || subject in shown) continue
      shown[subject] = 0
      // After the frame that paints it.
      requestAnimationFrame(() => setTimeout(() => {
        shown[subject] = performance.timeOrigin + performance.now()
        tell(subject)
      }))
    }
  }
  new MutationObserver(look).observe(document.querySelector("#rows"), { childList: true, subtree: true })
}
"""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def told(title: str, milliseconds: Sequence[float]) -> None:
    """Print median and 95th percentile."""
    middle, most = statistics.median(milliseconds), percentile(milliseconds, 0.95)
    print(f"{title}: median {middle:.1f} ms, p95 {most:.1f} ms, of {len(milliseconds)}", flush=True)


async def prepare(file: Path, messages: int) -> None:
    """A database of so many messages; one that has them already stays as it is."""
    async with open_store(file) as store:
        there = (await store.counts()).accepted
        if there >= messages:
            return
        with timed(f"{messages:,} mails stored"):
            await fill(store, Letters(), start=there, number=messages)
        with timed("the index caught up"):
            await store.search.indexing.settle()


def server_times(port: int, path: str, headers: dict[str, str], rounds: int = 60) -> list[float]:
    """Milliseconds from asking until the whole answer is there, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        spent.append((time.perf_counter() - began) * 1000)
        assert response.status == 200, (path, response.status)
    connection.close()
    return spent[5:]


def first_load(browser: Browser, url: str) -> int:
    """Bytes that an empty cache costs, headers and all, without the event stream."""
    sizes: list[int] = []
    with browser.new_context() as context:
        page = context.new_page()
        watcher: CDPSession = context.new_cdp_session(page)
        watcher.send("Network.enable")
        watcher.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
        page.goto(url)
        page.locator(_LIVE).wait_for()
    print(f"first load: {sum(sizes) / 1000:.1f} kB in {len(sizes)} answers", flush=True)
    return sum(sizes)


def send(client: smtplib.SMTP, subject: str) -> float:
    """Send one message; the moment at which it was accepted, in milliseconds of the clock on the wall."""
    client.sendmail("ada@example.com", ["bob@example.com"], f"Subject: {subject}\r\n\r\nHello\r\n".encode())
    return time.time() * 1000


def arrivals(page: Page, port: int, number: int = 100) -> list[float]:
    """Milliseconds from acceptance to the screen of messages that come one after the other, at uneven times."""
    page.evaluate(_SEEN)
    spent = []
    chance = random.Random(7)
    with smtplib.SMTP("127.0.0.1", port) as client:
        for at in range(number):
            page.wait_for_timeout(chance.uniform(300, 900))
            subject = f"arrival {at}"
            accepted = send(client, subject)
            spent.append(float(page.evaluate("subject => whenShown(subject)", subject)) - accepted)
    return spent


def burst(page: Page, port: int, number: int = 1000, senders: int = 10) -> tuple[int, float]:
    """How often the page asked for its list while so many messages came at once; how long they took to come."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def send_share(first: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for at in range(first, number, senders):
                send(client, f"burst {at}")

    began = time.perf_counter()
    threads = [threading.Thread(target=send_share, args=(first,)) for first in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    page.wait_for_timeout(4000)
    return sum("/messages" in url for url in asked), took


def measure(program: Mailsluice) -> None:
    """Measure and print everything."""
    told("server, page", server_times(program.web_port, "/", {"Accept-Encoding": "gzip"}))
    told("server, list", server_times(program.web_port, "/messages?limit=50", _HTMX))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        first_load(browser, program.url)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(program.url)
        page.locator(_LIVE).wait_for()
        told("from acceptance to the screen", arrivals(page, program.port))
        requests, took = burst(page, program.port)
        print(f"requests while 1,000 messages came in {took:.1f} s: {requests}", flush=True)
        browser.close()


def main() -> None:
    """Measure in a folder, a temporary one by default; one that is filled already is not filled again."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/var/tmp") as temporary:
        folder: Path = given.folder or Path(temporary)
        asyncio.run(prepare(folder / "mail.db", given.messages))
        with Mailsluice(folder, "--database", str(folder / "mail.db"), "--max", "0", "--max-bytes", "0") as program:
            measure(program)


if __name__ == "__main__":
    main()
