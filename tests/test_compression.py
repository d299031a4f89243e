"""Pages and static files come small to who can unpack them, mail and streams as they are."""

import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.datastructures import Headers

from mailsluice.sandbox import Sandbox
from mailsluice_web.compression import PAYS, packed, takes_gzip
from tests.inbox import PLAIN, Inbox, open_inbox

SMALL = {"Accept-Encoding": "gzip"}
PLAINLY = {"Accept-Encoding": "identity"}


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, gzip, zstd", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("xgzip", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accepted: str, takes: bool) -> None:
    assert takes_gzip(Headers({"accept-encoding": accepted})) is takes


def test_what_fits_into_a_packet_stays_as_it_is() -> None:
    headers = Headers({"accept-encoding": "gzip"})
    assert packed(b"x" * (PAYS - 1), headers) == (b"x" * (PAYS - 1), {})
    content, saying = packed(b"x" * PAYS, headers)
    assert (gzip.decompress(content), saying) == (b"x" * PAYS, {"Content-Encoding": "gzip"})


async def test_a_page_is_the_same_packed_and_plain(inbox: Inbox) -> None:
    await inbox.capture()
    plain, small = [await inbox.client.get("/sessions", headers=one) for one in (PLAINLY, SMALL)]
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(plain.content) / 2
    assert small.text == plain.text
    assert "Accept-Encoding" in small.headers["vary"]


async def test_the_bytes_of_mail_are_never_packed(inbox: Inbox) -> None:
    id = await inbox.capture(PLAIN + b"x\r\n" * 2000)
    for path in (f"/messages/{id}.eml", f"/api/v1/message/{id}/raw"):
        assert "content-encoding" not in (await inbox.client.get(path, headers=SMALL)).headers


async def test_static_files_have_a_strong_tag_for_each_form(inbox: Inbox) -> None:
    plain, small = [await inbox.client.get("/static/app.css", headers=one) for one in (PLAINLY, SMALL)]
    assert small.text == plain.text
    assert int(small.headers["content-length"]) < len(plain.content) / 3
    tags = {plain.headers["etag"], small.headers["etag"]}
    assert len(tags) == 2
    assert not any(tag.startswith("W/") for tag in tags)


@pytest.mark.parametrize("form", [PLAINLY, SMALL])
async def test_a_file_that_is_known_is_not_sent_again(inbox: Inbox, form: dict[str, str]) -> None:
    tag = (await inbox.client.get("/static/app.css", headers=form)).headers["etag"]
    again = await inbox.client.get("/static/app.css", headers=form | {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag


async def test_what_a_first_visit_loads_stays_small(inbox: Inbox) -> None:
    for number in range(50):
        await inbox.capture(PLAIN.replace(b"Lunch", f"Lunch on day {number}".encode()))
    page = await inbox.client.get("/", headers=SMALL)
    tree = await inbox.page("/")
    paths = {one.get("src") or one.get("href") for one in tree.select("script[src], link[href^='/static/']")}
    answers: list[httpx2.Response] = [await inbox.client.get(path, headers=SMALL) for path in paths]  # type: ignore[arg-type]
    answers += [page, await inbox.client.get("/static/icons.svg", headers=SMALL)]
    assert sum(int(one.headers["content-length"]) + headers_of(one) for one in answers) < 80_000


def headers_of(answer: httpx2.Response) -> int:
    return sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
