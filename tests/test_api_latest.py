"""`latest` with a query: the newest message that it finds, in every view of a message."""

import pytest

from tests.api_client import RICH, Mailbox


@pytest.mark.parametrize("view", ["", "/headers", "/raw", "/part/2"])
async def test_latest_with_a_query_is_the_newest_that_it_finds(mailbox: Mailbox, view: str) -> None:
    await mailbox.capture(RICH)
    order = await mailbox.capture(RICH)
    await mailbox.capture()
    by_query = await mailbox.client.get(f"/api/v1/message/latest{view}", params={"query": "from:shop"})
    assert by_query.status_code == 200
    assert by_query.content == (await mailbox.get(f"/api/v1/message/{order}{view}")).content


async def test_latest_with_a_query_marks_that_message_only(mailbox: Mailbox) -> None:
    order, fish = await mailbox.capture(RICH), await mailbox.capture()
    assert (await mailbox.get("/api/v1/message/latest?query=from:shop&tz=UTC")).json()["ID"] == order
    assert [await mailbox.seen(id) for id in (order, fish)] == [True, False]


async def test_latest_of_a_query_that_finds_nothing_is_not_found(mailbox: Mailbox) -> None:
    id = await mailbox.capture()
    answer = await mailbox.get("/api/v1/message/latest?query=nowhere")
    assert (answer.status_code, answer.text) == (404, "Message not found")
    answer = await mailbox.get("/api/v1/message/latest?query=before:garbage")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain"
    assert (await mailbox.get("/api/v1/message/latest?query=%20")).json()["ID"] == id
    assert (await mailbox.get(f"/api/v1/message/{id}?query=nowhere")).json()["ID"] == id
