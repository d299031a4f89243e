"""What programs do to a profile in the outbox, and addresses that do not know a method."""

import pytest

from tests.gmail import FakeGmail, replies
from tests.outgoing import MAIL, Desk
from tests.smarthost import USER


async def test_a_sign_in_that_is_refused_parks_until_the_profile_is_resumed(desk: Desk, gmail: FakeGmail) -> None:
    message = await desk.capture(MAIL)
    gmail.accounts[USER].revoked = True
    failed = await desk.release(message)
    assert (failed["state"], failed["reply"]["code"], failed["verdict"]["kind"]) == ("failed", 535, "auth")
    gmail.accounts[USER].revoked = False
    (told,) = (await desk.get("profiles"))["profiles"]
    assert (told["parked"]["until"], told["parked"]["verdict"]["kind"]) == (None, "auth")
    resumed = {"profile": "work", "parked": None, "resumed": True}
    assert await desk.post("profiles/work/resumption", {"only": "sign-in"}) == resumed
    assert await desk.post("profiles/work/resumption") == resumed | {"resumed": False}
    await desk.post(f"releases/{failed['id']}/attempts")
    again = await desk.get(f"releases/{failed['id']}?wait=30")
    assert (again["state"], gmail.auth_attempts) == ("delivered", 2)


async def test_a_parking_with_an_end_stays_after_a_test_that_was_passed(desk: Desk, gmail: FakeGmail) -> None:
    gmail.fail_next("auth", replies.MANY_LOGINS)
    await desk.release(await desk.capture(MAIL))
    told = await desk.post("profiles/work/resumption", {"only": "sign-in"})
    assert (told["resumed"], told["parked"]["until"][-1]) == (False, "Z")
    assert (await desk.post("profiles/work/resumption"))["resumed"]


async def test_mail_that_left_otherwise_counts_towards_the_limit_of_the_day(desk: Desk) -> None:
    told = await desk.post("profiles/work/sent", {"recipients": 3})
    assert told == {"profile": "work", "quota": {"used": 3, "limit": 500, "left": 497}}
    await desk.post("profiles/none/sent", {"recipients": 1}, status=404)


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "preflights", "POST"),
        ("DELETE", "releases", "GET, HEAD, POST"),
        ("GET", "releases/x/cancellation", "POST"),
        ("PUT", "profiles/work/resumption", "POST"),
        ("PUT", "rules", "GET, HEAD, POST"),
        ("GET", "rules/x", "DELETE"),
    ],
)
async def test_an_address_tells_the_methods_that_it_knows(desk: Desk, method: str, path: str, known: str) -> None:
    answer = await desk.client.request(method, f"/api/sandbox/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, known)
    assert method in answer.json()["error"]
