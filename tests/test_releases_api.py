"""Preflights and releases for programs: what they ask for, what leaves, what they are told."""

import hashlib
from typing import Any

import pytest

from tests.gmail import FakeGmail
from tests.outgoing import BOB, MAIL, PROGRAM_INSIDE, Desk
from tests.smarthost import APP_PASSWORD, USER

CAROL, NOBODY = "carol@example.com", "nosuchuser@example.com"


async def test_a_preflight_tells_what_would_go_and_dials_nobody(desk: Desk, gmail: FakeGmail) -> None:
    message = await desk.capture(MAIL)
    told = await desk.post("preflights", {"message": "latest", "to": [BOB]})
    assert {"message": message, "profile": "work", "sender": USER, "recipients": [BOB]}.items() <= told.items()
    assert (told["captured"], told["subject"], told["stopped"]) == (["bob@example.test"], "Hello", False)
    assert told["original_message_id"] == "old@shop.test"
    assert told["quota"] == {"used": 0, "limit": 500, "left": 500}
    assert "- Bcc: boss@shop.test" in told["diff"]
    assert {"code", "severity", "text", "remedy", "link", "address", "is_constant"} == told["findings"][0].keys()
    assert gmail.connections == 0
    assert await desk.get("releases") == {"releases": [], "next": None}


async def test_the_bytes_of_the_preflight_are_what_arrives(desk: Desk, gmail: FakeGmail) -> None:
    message = await desk.capture(MAIL)
    body = {"message": message, "to": [BOB], "reply_to_author": True}
    told = await desk.post("preflights", body)
    stamp = told["stamp"]
    shown = await desk.client.post("/api/sandbox/preflights?raw=1", json=body | {"stamp": stamp})
    assert shown.headers["content-type"] == "message/rfc822"
    assert shown.headers["content-disposition"].startswith("attachment; ")
    record = await desk.release(message, reply_to_author=True, stamp=stamp, digest=told["digest"])
    kept = await desk.client.get(f"/api/sandbox/releases/{record['id']}/raw")
    assert shown.content == gmail.delivered[0].raw == kept.content
    assert hashlib.sha256(shown.content).hexdigest() == told["digest"]
    assert (len(shown.content), record["message_id"]) == (told["size"], told["message_id"])


async def test_a_delivered_release_tells_every_reply(desk: Desk) -> None:
    record = await desk.release(await desk.capture(MAIL))
    (recipient,) = record["recipients"]
    assert (record["state"], recipient["address"], recipient["state"]) == ("delivered", BOB, "accepted")
    assert record["reply"]["code"] == recipient["reply"]["code"] == 250
    assert record["reply"]["text"].endswith("gsmtp")
    assert (record["origin"], record["due"], record["verdict"], record["attempts"]) == ("api", None, None, 1)
    assert record["created"].endswith("Z")


async def test_a_refused_recipient_is_told_with_reply_and_meaning(desk: Desk) -> None:
    body = {"messages": [await desk.capture(MAIL)], "to": f"{BOB}, {NOBODY}"}
    (record,) = (await desk.post("releases?wait=30", body, status=201))["releases"]
    states = {one["address"]: (one["state"], one["reply"]["code"]) for one in record["recipients"]}
    assert (record["state"], states) == ("partly", {BOB: ("accepted", 250), NOBODY: ("refused", 550)})
    assert record["verdict"]["kind"] == "address"
    assert record["verdict"]["meaning"]


async def test_the_same_stamp_sends_once(desk: Desk, gmail: FakeGmail) -> None:
    message = await desk.capture(MAIL)
    stamp = (await desk.post("preflights", {"message": message, "to": [BOB]}))["stamp"]
    first, second = [await desk.release(message, stamp=stamp) for _ in range(2)]
    assert first["id"] == second["id"]
    assert len(gmail.delivered) == 1


async def test_other_bytes_than_those_that_were_looked_at_do_not_go(desk: Desk) -> None:
    body = {"messages": [await desk.capture(MAIL)], "to": [BOB], "digest": "0" * 64}
    assert (await desk.post("releases", body, status=422))["field"] == "digest"
    assert (await desk.get("releases"))["releases"] == []


async def test_one_message_in_doubt_holds_back_all(desk: Desk, gmail: FakeGmail) -> None:
    doubtful, plain = await desk.capture(PROGRAM_INSIDE), await desk.capture(MAIL)
    body = {"messages": [plain, doubtful], "to": [BOB]}
    told = await desk.post("releases", body, status=422)
    assert told["message"] == doubtful
    assert "doubt" in {one["severity"] for one in told["findings"]}
    assert "anyway" in told["error"]
    assert (await desk.get("releases"))["releases"] == []
    assert gmail.connections == 0
    answer = await desk.post("releases?wait=30", body | {"anyway": True}, status=201)
    assert {one["message"]: one["state"] for one in answer["releases"]} == {plain: "delivered", doubtful: "refused"}


async def test_latest_and_its_id_are_one_message(desk: Desk, gmail: FakeGmail) -> None:
    body = {"messages": [await desk.capture(MAIL), "latest"], "to": [BOB]}
    answer = await desk.post("releases?wait=30", body, status=201)
    assert len(answer["releases"]) == len(gmail.delivered) == 1


async def test_an_address_outside_the_allow_list_is_allowed_in_one_request(desk: Desk, gmail: FakeGmail) -> None:
    message, eve = await desk.capture(MAIL), "eve@elsewhere.test"
    told = await desk.post("releases", {"messages": [message], "to": [eve], "anyway": True}, status=422)
    (stop,) = [one for one in told["findings"] if one["severity"] == "stop"]
    assert (stop["code"], stop["address"], told["field"]) == ("not-allowed", eve, "to")
    assert gmail.connections == 0
    allowed = await desk.post("profiles/work/allowances", {"address": eve})
    assert allowed == {"profile": "work", "allow": ["@example.com", eve]}
    assert (await desk.release(message, to=eve))["state"] == "delivered"


async def test_to_me_goes_to_the_account_only(desk: Desk, gmail: FakeGmail) -> None:
    record = await desk.release(await desk.capture(MAIL), to="", to_me=True)
    assert record["to_me"]
    assert gmail.delivered[0].recipients == (USER,)
    assert b"X-Original-To: bob@example.test\r\n" in gmail.delivered[0].raw


async def test_releases_are_listed_newest_first_by_page_and_filter(desk: Desk) -> None:
    first, second = await desk.capture(MAIL), await desk.capture(MAIL)
    records = [await desk.release(first), await desk.release(second, to=NOBODY), await desk.release(first, to=CAROL)]
    ids = [record["id"] for record in records]

    async def listed(query: str) -> list[str]:
        return [record["id"] for record in (await desk.get(f"releases?{query}"))["releases"]]

    assert await listed("") == ids[::-1]
    assert await listed(f"message={first}") == [ids[2], ids[0]]
    assert await listed("message=latest") == await listed("state=refused") == [ids[1]]
    assert await listed("profile=other") == []
    page = await desk.get("releases?limit=2")
    assert "transcript" not in page["releases"][0]
    assert await listed(f"limit=2&before={page['next']}") == [ids[0]]
    assert (await desk.get(f"releases?before={page['next']}"))["next"] is None


async def test_an_unknown_outcome_is_settled_by_who_looked(desk: Desk) -> None:
    unknown = await desk.release(await desk.capture(MAIL), to="dropped@example.com")
    assert unknown["state"] == "unknown"
    settled = await desk.post(f"releases/{unknown['id']}/settlement")
    assert settled["state"] == "delivered"
    assert settled["note"]


async def test_a_copy_is_a_release_of_its_own(desk: Desk, gmail: FakeGmail) -> None:
    first = await desk.release(await desk.capture(MAIL))
    await desk.sandbox.delete(None)
    told = await desk.post("preflights", {"release": first["id"], "to": [CAROL]})
    assert (told["copy_of"], told["recipients"]) == (first["id"], [CAROL])
    answer = await desk.post(f"releases/{first['id']}/copies?wait=30", {"to": [CAROL]}, status=201)
    (copy,) = answer["releases"]
    assert (copy["state"], copy["copy_of"]) == ("delivered", first["id"])
    assert [message.recipients for message in gmail.delivered] == [(BOB,), (CAROL,)]


async def test_what_is_over_cannot_be_cancelled(desk: Desk) -> None:
    record = await desk.release(await desk.capture(MAIL))
    refusal = await desk.post(f"releases/{record['id']}/cancellation", status=422)
    assert refusal["error"]
    assert (await desk.get(f"releases/{record['id']}"))["state"] == "delivered"


async def test_a_release_that_waits_is_cancelled(desk: Desk, gmail: FakeGmail) -> None:
    deferred = await desk.release(await desk.capture(MAIL), to="busy@example.com")
    assert (deferred["state"], bool(deferred["due"])) == ("deferred", True)
    assert (await desk.post(f"releases/{deferred['id']}/cancellation"))["state"] == "cancelled"
    assert gmail.delivered == []


WRITES = [
    "preflights",
    "preflights?raw=1",
    "releases",
    "releases/x/cancellation",
    "releases/x/attempts",
    "releases/x/settlement",
    "releases/x/copies",
    "profiles/work/resumption",
    "profiles/work/allowances",
    "profiles/work/sent",
]


@pytest.mark.parametrize("path", WRITES)
async def test_every_write_needs_the_token(desk: Desk, path: str) -> None:
    body = {"messages": [await desk.capture(MAIL)], "address": "eve@elsewhere.test"}
    for wrong in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
        answer = await desk.client.post(f"/api/sandbox/{path}", json=body, headers=wrong)
        assert answer.status_code == 401
    saved = desk.sandbox.profiles.get("work")
    assert saved is not None
    assert saved.allow == ("@example.com",)
    assert (await desk.get("releases"))["releases"] == []


async def test_records_are_open_to_read(desk: Desk) -> None:
    record = await desk.release(await desk.capture(MAIL))
    for path in ("", f"/{record['id']}", f"/{record['id']}/raw"):
        answer = await desk.client.get(f"/api/sandbox/releases{path}", headers={"Authorization": ""})
        assert answer.status_code == 200


async def test_another_site_releases_nothing_even_with_the_token(desk: Desk) -> None:
    body = {"messages": [await desk.capture(MAIL)], "to": [BOB]}
    answer = await desk.client.post("/api/sandbox/releases", json=body, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403
    assert (await desk.get("releases"))["releases"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("preflights", {}),
        ("preflights", {"message": "latest", "release": "x"}),
        ("preflights", {"message": "latest", "password": "x"}),
        ("preflights", {"message": "latest", "origin": "page"}),
        ("releases", {"messages": []}),
        ("releases", {"messages": "latest"}),
        ("releases", {"messages": ["latest", "x"], "stamp": "x"}),
        ("releases?wait=soon", {"messages": ["latest"]}),
        ("releases?wait=61", {"messages": ["latest"]}),
        ("profiles/work/allowances", {}),
        ("profiles/work/resumption", {"only": "me"}),
        ("profiles/work/sent", {"recipients": 0}),
        ("preflights", {"message": "latest", "override": True}),
    ],
)
async def test_what_cannot_be_understood_is_refused(desk: Desk, path: str, body: Any) -> None:
    await desk.capture(MAIL)
    assert (await desk.post(path, body, status=400))["error"]
    assert (await desk.get("releases"))["releases"] == []


@pytest.mark.parametrize("query", ["state=lost", "before=x", "limit=-1"])
async def test_a_filter_that_cannot_be_understood_is_refused(desk: Desk, query: str) -> None:
    assert (await desk.get(f"releases?{query}", status=400))["error"]


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for path in ("releases/none", "releases/none/raw"):
        assert (await desk.get(path, status=404))["error"]
    for path in ("cancellation", "attempts", "settlement", "copies"):
        await desk.post(f"releases/none/{path}", status=404)
    await desk.post("profiles/none/resumption", status=404)
    await desk.post("preflights", {"message": "none"}, status=404)
    assert (await desk.post("releases", {"messages": ["none"]}, status=422))["field"] == "messages"
    refusal = await desk.post("preflights", {"message": await desk.capture(MAIL), "profile": "none"}, status=422)
    assert refusal["field"] == "profile"


async def test_no_answer_tells_a_password_or_a_sign_in_link(desk: Desk, gmail: FakeGmail) -> None:
    gmail.accounts[USER].old_challenge = True
    failed = await desk.release(await desk.capture(MAIL))
    assert (failed["state"], failed["reply"]["code"]) == ("failed", 534)
    for path in ("releases", f"releases/{failed['id']}"):
        text = str(await desk.get(path))
        assert APP_PASSWORD not in text
        assert "accounts.google.com/signin" not in text
        assert "TestTest" not in text  # the link goes on there
    assert (await desk.get(f"releases/{failed['id']}"))["transcript"]
