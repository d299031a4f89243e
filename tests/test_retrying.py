"""What becomes of a release after an attempt, without a smarthost."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.gmail.replies import Stage, classify
from mailsluice.relay.allowance import DAY, frees_at
from mailsluice.relay.retrying import BACK_OFF, SECOND, decide
from mailsluice.relay.transaction import Delivery
from mailsluice.release import RecipientReply, Release
from mailsluice.reply import Reply

NOW = 1_800_000_000 * SECOND
HOST = "smtp.gmail.com"
ONE, TWO = "one@x.test", "two@x.test"
OK = Reply(250, "2.0.0", "OK")
NO_USER = Reply(550, "5.1.1", "no such user")
BUSY = Reply(450, "4.2.1", "busy")
LIMIT = Reply(550, "5.4.5", "Daily user sending limit exceeded")
SPLIT = Reply(452, "4.5.3", "separate transaction")
FULL = Reply(452, "4.3.1", "insufficient system storage")


def sending(*to: str, **changes: Any) -> Release:
    standard: dict[str, Any] = {
        "id": "r",
        "message": "m",
        "profile": "work",
        "route": (HOST, 587, "starttls", "", "ada@gmail.com"),
        "state": "sending",
        "created": NOW,
        "changed": NOW,
        "sender": "ada@gmail.com",
        "recipients": tuple(RecipientReply(one) for one in to or (ONE,)),
        "size": 1,
        "attempts": 1,
        "is_past_dot": True,
    }
    return Release(**standard | changes)


def no(reply: Reply, stage: Stage, **changes: Any) -> Delivery:
    """The answer that ended an attempt."""
    verdict = classify(reply, stage=stage, host=HOST)
    passing = verdict.retry_after is not None or verdict.park
    way = stage not in (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE)
    state = "deferred" if passing else "failed" if way else "refused"
    standard: dict[str, Any] = {"state": state, "reply": reply, "verdict": verdict, "stage": stage}
    return Delivery(**standard | changes)


def decided(release: Release, delivery: Delivery) -> Release:
    return decide(release, delivery, now=NOW, host=HOST)[0]


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("code", [421, 450, 451])
def test_a_passing_no_is_tried_again_but_not_to_a_sign_in(code: int, stage: Stage) -> None:
    release = decided(sending(), no(Reply(code, "4.3.0", "later"), stage))
    if stage is Stage.AUTH:
        assert (release.state, release.due) == ("failed", 0)
    else:
        assert (release.state, release.due) == ("deferred", NOW + 30 * SECOND)
    assert not release.is_past_dot


@pytest.mark.parametrize("reply", [NO_USER, FULL, Reply(454, "4.7.0", "TLS not available"), Reply(554, "", "no")])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.DATA, Stage.MESSAGE])
def test_any_other_no_is_left_to_the_user(reply: Reply, stage: Stage) -> None:
    release = decided(sending(ONE, TWO), no(reply, stage))
    assert (release.state, release.due) == ("refused", 0)
    assert [(one.state, one.reply) for one in release.recipients] == [("refused", reply)] * 2


def test_a_server_without_starttls_now_is_left_to_the_user() -> None:
    release = decided(sending(), no(Reply(454, "4.7.0", "TLS not available"), Stage.TLS))
    assert (release.state, release.waiting) == ("failed", (ONE,))


@pytest.mark.parametrize("attempts", [1, 2, 3, 4])
def test_the_waits_grow_and_end(attempts: int) -> None:
    release = decided(sending(attempts=attempts), no(Reply(451, "4.3.0", "later"), Stage.DATA))
    if attempts <= len(BACK_OFF):
        assert (release.state, release.due) == ("deferred", NOW + BACK_OFF[attempts - 1] * SECOND)
    else:
        assert (release.state, release.due, release.recipients[0].state) == ("refused", 0, "refused")


def test_a_network_that_stays_down_is_a_failure_that_can_be_retried() -> None:
    delivery = Delivery(state="deferred", stage=Stage.CONNECT)
    release = decided(sending(attempts=4), delivery)
    assert (release.state, release.waiting) == ("failed", (ONE,))
    assert "4 times" in release.note


def test_recipients_refused_for_good_are_not_tried_again_with_the_others() -> None:
    delivery = no(NO_USER, Stage.RCPT, refused={ONE: NO_USER, TWO: BUSY})
    release = decided(sending(ONE, TWO), delivery)
    assert (release.state, release.waiting, release.due) == ("deferred", (TWO,), NOW + 30 * SECOND)


def test_a_split_beside_a_busy_recipient_waits_with_it() -> None:
    three = "three@x.test"
    delivery = Delivery(
        state="partly", accepted=(ONE,), refused={TWO: SPLIT, three: BUSY}, reply=OK, stage=Stage.MESSAGE
    )
    release = decided(sending(ONE, TWO, three), delivery)
    assert (release.waiting, release.due) == ((TWO, three), NOW + 30 * SECOND)


def test_a_split_goes_on_at_once_and_costs_no_attempt() -> None:
    delivery = Delivery(state="partly", accepted=(ONE,), refused={TWO: SPLIT}, reply=OK, stage=Stage.MESSAGE)
    release = decided(sending(ONE, TWO, attempts=4), delivery)
    assert (release.state, release.waiting, release.due, release.attempts) == ("deferred", (TWO,), NOW, 0)


def test_after_the_last_attempt_a_yes_to_some_is_partly() -> None:
    delivery = Delivery(state="partly", accepted=(ONE,), refused={TWO: BUSY}, reply=OK, stage=Stage.MESSAGE)
    release = decided(sending(ONE, TWO, attempts=4), delivery)
    assert release.state == "partly"
    assert [(one.state, one.reply) for one in release.recipients] == [("accepted", OK), ("refused", BUSY)]


def test_an_old_daily_limit_does_not_make_a_refused_sign_in_be_tried_again() -> None:
    waiting = (RecipientReply(ONE, "waiting", LIMIT),)
    release, parking = decide(
        sending(recipients=waiting), no(Reply(454, "4.7.0", "Too many"), Stage.AUTH), now=NOW, host=HOST
    )
    assert (release.state, release.due) == ("failed", 0)
    assert parking
    assert parking.until == NOW + 3600 * SECOND


def test_a_5xx_that_parks_but_is_not_the_daily_limit_is_not_tried_again() -> None:
    rate = Reply(550, "5.7.1", "see https://support.google.com/mail/?p=UnsolicitedRateLimitError")
    release, parking = decide(sending(), no(rate, Stage.MESSAGE, refused={ONE: rate}), now=NOW, host=HOST)
    assert (release.state, release.due) == ("refused", 0)
    assert parking


def test_an_unknown_outcome_keeps_who_was_refused_before() -> None:
    delivery = Delivery(state="unknown", refused={ONE: NO_USER, TWO: BUSY}, stage=Stage.MESSAGE)
    three = "three@x.test"
    release = decided(sending(ONE, TWO, three), delivery)
    assert (release.state, release.waiting, release.is_past_dot) == ("unknown", (three,), True)


def test_a_second_attempt_that_fails_does_not_hide_who_has_it() -> None:
    some = (RecipientReply(ONE, "accepted", OK), RecipientReply(TWO))
    release = decided(sending(recipients=some), no(Reply(535, "5.7.8", "no"), Stage.AUTH))
    assert (release.state, release.accepted, release.waiting) == ("partly", (ONE,), (TWO,))


REPLIES = st.sampled_from([NO_USER, BUSY, LIMIT, SPLIT, FULL, Reply(421, "4.3.0", "x"), Reply(421, "4.7.0", "x")])


@given(
    before=st.lists(st.sampled_from(["waiting", "accepted", "refused"]), min_size=1, max_size=5),
    words=st.lists(st.one_of(st.just(OK), st.none(), REPLIES), min_size=5, max_size=5),
    last=REPLIES,
    stage=st.sampled_from(list(Stage)),
    state=st.sampled_from(["delivered", "partly", "refused", "failed", "deferred", "unknown"]),
    attempts=st.integers(0, 9),
)
def test_nobody_who_has_it_is_waited_for_whatever_is_answered(
    before: list[Any], words: list[Reply | None], last: Reply, stage: Stage, state: Any, attempts: int
) -> None:
    everybody = tuple(RecipientReply(f"r{number}@x.test", one) for number, one in enumerate(before))
    heard = {one.address: word for one, word in zip(everybody, words, strict=False) if one.state == "waiting"}
    delivery = Delivery(
        state=state,
        accepted=tuple(address for address, word in heard.items() if word is OK) if state != "unknown" else (),
        refused={address: word for address, word in heard.items() if word and word is not OK},
        reply=last,
        stage=stage,
        verdict=classify(last, stage=stage, host=HOST),
    )
    release = sending(recipients=everybody, attempts=attempts)
    after = decided(release, delivery)
    assert set(release.accepted) | set(delivery.accepted) == set(after.accepted)
    assert len(after.recipients) == len(everybody)
    assert after.state != "deferred" or (after.waiting and after.due)
    assert after.state != "delivered" or len(after.accepted) == len(everybody)
    assert not after.accepted or after.state not in ("refused", "failed")
    assert (after.state == "unknown") == (state == "unknown") == after.is_past_dot
    assert msgspec.json.decode(msgspec.json.encode(after), type=Release) == after


@pytest.mark.parametrize(
    ("sent", "need", "expected"),
    [
        ([], 5, 0),
        ([], 6, None),
        ([(10, 3)], 2, 0),
        ([(10, 3)], 3, 10 + DAY),
        ([(10, 1), (20, 4)], 1, 10 + DAY),
        ([(10, 1), (20, 4)], 2, 20 + DAY),
        ([(10, 9)], 1, 10 + DAY),
    ],
)
def test_the_day_s_limit_frees_itself_as_the_ledger_ages(
    sent: list[tuple[int, int]], need: int, expected: int | None
) -> None:
    assert frees_at(sent, need=need, limit=5) == expected
