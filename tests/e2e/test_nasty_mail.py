"""Hostile and broken mail, through the real program: the same bytes come back, and every page opens."""

import os
import smtplib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.nasty import nasty_messages
from tests.program import Program, deliver

CORPUS = os.environ.get("MAILSLUICE_TEST_CORPUS", "")
LINKS_OPENED = 40
SHARES = 4
FRAGMENT = {"HX-Request": "true"}  # the message without the list around it


def corpus() -> Iterator[tuple[str, bytes]]:
    for path in sorted(Path(CORPUS).rglob("*.eml")):
        yield str(path), path.read_bytes()


@pytest.mark.parametrize("first", range(SHARES))
def test_everything_nasty_comes_back_exact_and_opens(first: int) -> None:
    with Program("-d", ":memory:") as program:
        _check(program, islice(nasty_messages(), first, None, SHARES))


@pytest.mark.skipif(not CORPUS, reason="MAILSLUICE_TEST_CORPUS names no folder of .eml files")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(SHARES))
def test_every_message_of_the_corpus_comes_back_exact_and_opens(first: int) -> None:
    with Program("-d", ":memory:") as program:
        assert _check(program, islice(corpus(), first, None, SHARES)) > 0


def _check(program: Program, messages: Iterable[tuple[str, bytes]]) -> int:
    problems: list[str] = []
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=60) as client:
        for name, raw in messages:
            raw = raw if raw.endswith(b"\r\n") else raw + b"\r\n"  # SMTP has lines: the last one ends
            id = deliver(client, raw, "a@example.com", ("b@example.org",))
            problems.extend(f"{name}: {problem}" for problem in _problems(program, id, raw))
    assert not problems, "\n".join(problems)
    return int(program.api("info")["Messages"])


def _problems(program: Program, id: str, raw: bytes) -> Iterator[str]:
    if program.get(f"/api/v1/message/{id}/raw") != (200, raw):
        yield "raw differs"
    status, page = program.get(f"/messages/{id}", **FRAGMENT)
    if status != 200:
        yield f"page answers {status}"
    links = [
        str(tag.get("href") or tag.get("src")) for tag in BeautifulSoup(page, "html.parser").select("[href], [src]")
    ]
    for link in list(dict.fromkeys(link for link in links if link.startswith(f"/messages/{id}")))[:LINKS_OPENED]:
        is_image = "/preview?" in link  # programs hear why there is none
        status, _ = program.get(link, **({"Sec-Fetch-Dest": "image"} if is_image else {}))
        if status != 200:
            yield f"{link} answers {status}"
    for path in (f"message/{id}", f"message/{id}/headers"):
        status, _ = program.get(f"/api/v1/{path}")
        if status != 200:
            yield f"API {path} answers {status}"
