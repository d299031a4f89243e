"""Profiles for programs: the JSON that they read and write."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest

from mailsluice.relay.secret import Secret
from mailsluice.sandbox import Sandbox
from mailsluice_web.app import create_app
from tests.gmail import FakeGmail
from tests.unlocked import TOKEN, unlock

ROOT = "/api/sandbox/profiles"
USER, PASSWORD = "ada@gmail.com", "abcdefghijklmnop"
NEW: dict[str, Any] = {"name": "mine", "preset": "gmail", "user": USER, "password": "abcd efgh ijkl mnop"}


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=create_app(unlock(sandbox)))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8025", headers=headers) as client:
        yield client


async def test_a_profile_is_created_read_changed_and_deleted(client: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    created = await client.post(ROOT, json=NEW)
    assert created.status_code == 201
    assert created.json() | {"password": "sealed file", "host": "smtp.gmail.com", "port": 587} == created.json()
    listed = (await client.get(ROOT)).json()["profiles"]
    assert listed == [created.json()]
    changed = await client.put(f"{ROOT}/mine", json={"allow": ["@example.com"], "default": True})
    assert changed.json() == created.json() | {"allow": ["@example.com"], "default": True}
    saved = sandbox.profiles.get("mine")
    assert saved is not None
    assert await sandbox.vault.get(saved) == Secret(PASSWORD)
    assert (await client.delete(f"{ROOT}/mine")).status_code == 204
    assert (await client.get(f"{ROOT}/mine")).status_code == 404
    assert await sandbox.vault.get(saved) is None


async def test_another_server_takes_the_password_away(client: httpx2.AsyncClient) -> None:
    await client.post(ROOT, json=NEW)
    changed = await client.put(f"{ROOT}/mine", json={"host": "mail.attacker.example"})
    assert changed.json()["password"] == "none"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"password": "normal password"}, "password"), ({"user": ""}, "user"), ({"preset": "outlook"}, "preset")],
)
async def test_a_refusal_names_the_field(client: httpx2.AsyncClient, changes: dict[str, Any], field: str) -> None:
    response = await client.post(ROOT, json=NEW | changes)
    assert response.status_code == 422
    assert response.json()["field"] == field
    assert "normal password" not in response.text.replace("your normal Google password", "")
    assert (await client.get(ROOT)).json() == {"profiles": []}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"name": 5}', b'{"password_command": ["id"]}', b'{"environment_password": true}', b"\xff"],
)
async def test_an_unknown_field_or_a_broken_body_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    response = await client.post(ROOT, content=body)
    assert response.status_code == 400
    assert response.json()["error"]


async def test_no_answer_tells_a_password_or_a_command(client: httpx2.AsyncClient, sandbox: Sandbox) -> None:
    answers = [await client.post(ROOT, json=NEW)]
    saved = sandbox.profiles.get("mine")
    assert saved is not None
    command = msgspec.structs.replace(saved, password_command=("tool", "--key", "s3cr3t"))
    sandbox.profiles.save(command, old_name="mine", by_hand=True)
    answers += [await client.get(ROOT), await client.get(f"{ROOT}/mine")]
    answers.append(await client.put(f"{ROOT}/mine", json={"password": PASSWORD, "allow": ["nonsense"]}))
    for answer in answers:
        assert PASSWORD not in answer.text
        assert "s3cr3t" not in answer.text


async def test_a_test_answers_with_every_step(client: httpx2.AsyncClient) -> None:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=PASSWORD)
        server = {"host": "localhost", "port": gmail.starttls_port, "security": "starttls", "ca_file": gmail.ca_file}
        await client.post(ROOT, json=NEW | server)
        result = (await client.post(f"{ROOT}/mine/checks")).json()
        assert result["passed"]
        assert [step["stage"] for step in result["steps"]] == ["name", "connect", "greeting", "tls", "ehlo", "auth"]
        gmail.accounts[USER].revoked = True
        failed = (await client.post(f"{ROOT}/mine/checks")).json()
        assert not failed["passed"]
        assert failed["failure"] == failed["steps"][-1]["verdict"]["meaning"]
        assert PASSWORD not in str(failed)
