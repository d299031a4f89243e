"""Sessions without a message, as a person finds them."""

from bs4 import BeautifulSoup
from httpx2 import ASGITransport, AsyncClient

from mailsluice.capture import SessionFacts, SessionRecord, new_id, now
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app


def make_record(**changes: object) -> SessionRecord:
    facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=now(), helo="app.example", warnings=("x was odd",))
    fields: dict[str, object] = {
        "facts": facts,
        "ended": now(),
        "captured": 0,
        "rejected": 1,
        "refusals": ("552 5.3.4 Message larger than 9 bytes",),
        "outcome": "",
        "transcript": ("S: 220 x", "C: EHLO <b>app</b>"),
    }
    return SessionRecord(**(fields | changes))  # type: ignore[arg-type]  # a test's own mixture


async def opened(sandbox: Sandbox, path: str) -> tuple[int, BeautifulSoup]:
    transport = ASGITransport(app=create_app(sandbox))
    async with AsyncClient(transport=transport, base_url="http://localhost:8025") as client:
        response = await client.get(path)
    return response.status_code, BeautifulSoup(response.text, "html.parser")


async def test_a_session_without_a_message_is_listed_with_its_reason(sandbox: Sandbox) -> None:
    refused, dropped = make_record(), make_record(outcome="TLS failed: unknown CA")
    await sandbox.store.keep_session(refused)
    await sandbox.store.keep_session(dropped)
    _, page = await opened(sandbox, "/sessions")
    rows = page.select("#pane .sessions a")
    assert [row.select_one(".why").text for row in rows] == [  # type: ignore[union-attr]
        "TLS failed: unknown CA",
        "552 5.3.4 Message larger than 9 bytes",
    ]
    assert rows[0]["href"] == f"/sessions/{dropped.facts.id}"


async def test_a_session_shows_its_dialogue_and_facts(sandbox: Sandbox) -> None:
    record = make_record()
    await sandbox.store.keep_session(record)
    status, page = await opened(sandbox, f"/sessions/{record.facts.id}")
    text = page.text
    assert status == 200
    assert "EHLO <b>app</b>" in text
    assert "app.example" in text
    assert "x was odd" in text


async def test_an_empty_list_says_so_and_leads_back(sandbox: Sandbox) -> None:
    status, page = await opened(sandbox, "/sessions")
    assert status == 200
    assert "There was none" in page.text
    assert page.select("#pane a[href='/']")


async def test_an_unknown_session_is_a_page_of_its_own(sandbox: Sandbox) -> None:
    status, page = await opened(sandbox, f"/sessions/{new_id()}")
    assert status == 404
    assert "not kept" in page.text


async def test_every_page_leads_to_the_sessions(sandbox: Sandbox) -> None:
    _, page = await opened(sandbox, "/")
    assert page.select("header a[href='/sessions']")
