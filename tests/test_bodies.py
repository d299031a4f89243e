"""What a message contains, as a browser gets it: framed, sandboxed, never run."""

import re
from collections.abc import AsyncIterator

import pytest

from mailsluice.sandbox import Sandbox
from mailsluice_web.framing import frame_policy
from tests.inbox import RICH, Inbox, links, one, open_inbox, words


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def test_html_is_framed_without_scripts_and_remote_content_waits_for_a_click(inbox: Inbox) -> None:
    id = await inbox.capture(RICH)
    page = await inbox.page(f"/messages/{id}")
    frame = one(page, "iframe")
    assert frame["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"]
    assert "Not loaded: 1 image from tracker.example.test." in words(one(page, "#remote"))
    body = await inbox.client.get(str(frame["src"]))
    policy = body.headers["content-security-policy"]
    assert f"/messages/{id}/parts/" in body.text
    assert f"img-src localhost:8025/messages/{id}/parts/~" in policy
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    loaded = await inbox.page(f"/messages/{id}?remote=1")
    open_body = await inbox.client.get(str(one(loaded, "iframe")["src"]))
    assert "http: https:" in open_body.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["[::1]:8025", "evil;script-src *", "a b", ""])
def test_a_host_that_cannot_stand_in_a_policy_is_left_out(host: str) -> None:
    policy = frame_policy("/messages/x/parts/~y/", host=host, remote=False)
    assert "img-src 'self' data:" in policy
    assert "script-src" not in policy


async def test_a_safe_image_is_shown_and_everything_else_is_a_download(inbox: Inbox) -> None:
    id = await inbox.capture(RICH)
    body = (await inbox.client.get(f"/messages/{id}/body")).text
    found = re.search(r"/messages/\w+/parts/~[\w-]+/[\d.]+", body)
    assert found
    image = await inbox.client.get(found[0])
    assert image.content.startswith(b"GIF89a")
    assert image.headers["content-disposition"] == 'inline; filename="logo.gif"'
    assert image.headers["cross-origin-resource-policy"] == "cross-origin"
    attached = links(await inbox.page(f"/messages/{id}"), ".attachment[download]").values()
    page = await inbox.client.get(next(iter(attached)))
    assert page.headers["content-disposition"] == 'attachment; filename="fdp.html"'
    assert page.headers["content-security-policy"].startswith("sandbox")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert (await inbox.client.get(f"/messages/{id}/parts/99")).status_code == 404
