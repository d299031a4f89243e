"""Mailpit's API as its clients meet it, on a real store: what is common to every address."""

from pathlib import Path
from typing import Any

import pytest

from mailsluice import __version__
from mailsluice.errors import StoreError
from tests.api_client import PLAIN, RICH, Mailbox, keys


async def test_info_has_exactly_mailpits_keys(mailbox: Mailbox) -> None:
    await mailbox.capture()
    await mailbox.capture()
    await mailbox.sandbox.mark_seen([(await mailbox.ids())[0]], seen=True)
    answer = await mailbox.get("/api/v1/info")
    info = answer.json()
    assert keys(answer.json()) == "Version LatestVersion Database DatabaseSize Messages Unread Tags RuntimeStats"
    assert keys(info["RuntimeStats"]) == (
        "Uptime Memory MessagesDeleted SMTPAccepted SMTPAcceptedSize SMTPRejected SMTPIgnored"
    )
    assert info["Version"] == f"v1.30.5+mailsluice.{__version__}"
    assert info["LatestVersion"] == "disabled"
    assert info["Database"] == str(mailbox.sandbox.store.path)
    assert info["DatabaseSize"] > 0
    assert (info["Messages"], info["Unread"], info["Tags"]) == (2, 1, {})
    assert info["RuntimeStats"]["SMTPAccepted"] == 2
    assert info["RuntimeStats"]["SMTPAcceptedSize"] == 2 * len(PLAIN)
    assert info["RuntimeStats"]["Memory"] > 1_000_000
    assert 0 <= info["RuntimeStats"]["Uptime"] < 60


async def test_info_counts_what_was_deleted(mailbox: Mailbox) -> None:
    await mailbox.capture()
    await mailbox.sandbox.delete(None)
    info = (await mailbox.get("/api/v1/info")).json()
    assert (info["Messages"], info["RuntimeStats"]["MessagesDeleted"]) == (0, 1)


ALLOWED = {
    "/api/v1/info": "GET, HEAD, OPTIONS",
    "/api/v1/webui": "GET, HEAD, OPTIONS",
    "/api/v1/messages": "DELETE, GET, HEAD, OPTIONS, PUT",
    "/api/v1/message/latest": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/headers": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/raw": "GET, HEAD, OPTIONS",
    "/api/v1/message/latest/part/2": "GET, HEAD, OPTIONS",
    "/livez": "GET, HEAD",
    "/readyz": "GET, HEAD",
}


@pytest.mark.parametrize("path", ALLOWED)
async def test_a_wrong_method_is_told_the_right_ones(mailbox: Mailbox, path: str) -> None:
    for method in {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - set(ALLOWED[path].split(", ")):
        answer = await mailbox.ask(method, path)
        assert (answer.status_code, answer.text) == (405, "Method Not Allowed\n")
        assert answer.headers["allow"] == ALLOWED[path]
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ALLOWED)
async def test_head_is_get_without_a_body(mailbox: Mailbox, path: str) -> None:
    await mailbox.capture(RICH)
    await mailbox.sandbox.mark_seen(None, seen=True)
    got, head = await mailbox.get(path), await mailbox.ask("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.get("content-type") == got.headers.get("content-type")
    assert "content-length" in head.headers


@pytest.mark.parametrize(
    "path", [*(path for path in ALLOWED if path.startswith("/api")), "/api/v1/nothing", "/api/v1/"]
)
async def test_options_is_empty_everywhere_in_the_api(mailbox: Mailbox, path: str) -> None:
    answer = await mailbox.ask("OPTIONS", path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, DELETE, PUT, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/messages/",
        "/api/v1/info/",
        "/api/v2/messages",
        "/api/v1/message",
        "/api/v1/message/",
        "/api/v1/message/latest/",
        "/api/v1/message/latest/sa-check",
        "/api/nothing",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unknown_address_of_the_api_is_not_found(mailbox: Mailbox, method: str, path: str) -> None:
    answer = await mailbox.ask(method, path)
    assert answer.status_code == 404
    assert answer.text == ("" if method == "HEAD" else "File not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_page_of_another_site_reads_and_changes_nothing(mailbox: Mailbox, method: str) -> None:
    id = await mailbox.capture()
    answer = await mailbox.ask(method, "/api/v1/messages", Origin="https://evil.example")
    assert (answer.status_code, answer.text) == (403, "Blocked due to CORS violation\n")
    assert await mailbox.ids() == [id]


async def test_health_is_empty_while_all_is_well(mailbox: Mailbox) -> None:
    for path in ("/livez", "/readyz"):
        answer = await mailbox.get(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_store_in_trouble_is_alive_but_not_ready(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(mailbox.sandbox.store), "trouble", "The disk is full.")
    ready = await mailbox.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "Service Unavailable")
    assert (await mailbox.get("/livez")).status_code == 200


async def test_a_store_that_cannot_be_written_says_so(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any, **__: Any) -> None:
        raise StoreError("The disk is full.")

    await mailbox.capture()
    monkeypatch.setattr(mailbox.sandbox.store, "delete", full)
    answer = await mailbox.ask("DELETE", "/api/v1/messages")
    assert (answer.status_code, answer.text) == (503, "The disk is full.")


def test_the_memory_is_told_where_proc_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from mailsluice_web.api import info

    monkeypatch.setattr(info, "Path", lambda _: Path("/nonexistent/statm"))
    assert info._resident_bytes() > 1_000_000
