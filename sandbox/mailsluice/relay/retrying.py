"""What becomes of a release after an attempt: done, tried again when, or left to the user; no I/O here.

- Tried again by itself, after 30 s, 2 min and 10 min, with a new connection: 421, 450, 451, and faults of the network
  before the final dot. At once, those whom the smarthost asked to send to separately (452 4.5.3).
- When the day's limit is reached (550 5.4.5): after the profile's parking.
- Never: any other 5xx, any answer to the sign-in, an outcome that is unknown.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailsluice.gmail.network import explain
from mailsluice.gmail.replies import Stage, classify, without_sign_in_link
from mailsluice.relay.transaction import Delivery
from mailsluice.release import Parking, RecipientReply, Release, State
from mailsluice.reply import Reply

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
BACK_OFF: Final = (30, 120, 600)
"""Seconds before each retry by itself; after the last one the user decides."""

_PASSING: Final = (421, 450, 451)
_SENDING: Final = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.MESSAGE)
_MOST_LINES: Final = 1000
_SPLIT: Final = "The server asked to send to the others separately; that follows at once."
_TOO_OLD: Final = "It has waited for more than a day; retry it if it is still wanted."
_UNWRITTEN: Final = "It was not sent, because the database could not be written; free some disk space."


def decide(release: Release, delivery: Delivery, *, now: int, host: str) -> tuple[Release, Parking | None]:
    """The release after this attempt, and why its profile should not dial for a while, if it should not.

    Nobody who was accepted is ever waited for again.
    """
    parking = _parking(delivery, now=now, host=host)
    heard = msgspec.structs.replace(
        release,
        recipients=tuple(_heard(one, delivery, host) for one in release.recipients),
        changed=now,
        due=0,
        is_past_dot=delivery.state == "unknown",
        reply=_masked(delivery.reply),
        verdict=delivery.verdict,
        note="",
        transcript=shown(delivery.transcript),
    )
    if delivery.state == "unknown":
        return msgspec.structs.replace(heard, state="unknown", note=look_in_sent(release)), parking
    if not heard.waiting:
        return msgspec.structs.replace(heard, state=_end(heard, delivery)), parking
    if _is_split(delivery, host):
        return msgspec.structs.replace(heard, state="deferred", due=now, attempts=0, note=_SPLIT), parking
    due = _due(heard, delivery, parking, now=now, host=host)
    if due is None:
        return _given_up(heard, delivery), parking
    return msgspec.structs.replace(heard, state="deferred", due=due), parking


def recover(release: Release, *, now: int) -> Release:
    """An open release as it is after a start: what the program was doing when it ended decides."""
    if release.state == "sending" and release.is_past_dot:
        host, port, _, _, _ = release.route
        verdict = explain("unknown-outcome", stage=Stage.MESSAGE, host=host, port=port)
        return msgspec.structs.replace(
            release, state="unknown", changed=now, reply=None, verdict=verdict, note=look_in_sent(release)
        )
    if now - max(release.changed, release.due) > DAY:
        state: State = "partly" if release.accepted else "failed"
        return msgspec.structs.replace(release, state=state, changed=now, due=0, note=_TOO_OLD)
    if release.state == "sending":  # before the dot: nobody has got it
        return msgspec.structs.replace(release, state="queued", changed=now, due=0, note="")
    return release


def interrupted(release: Release, *, is_past_dot: bool, now: int) -> Release:
    """A release whose attempt the program's end has cut short: tried anew, unless the final dot was sent."""
    return recover(msgspec.structs.replace(release, is_past_dot=is_past_dot, changed=now), now=now)


def given_up(release: Release, note: str, *, now: int) -> Release:
    """A release that we do not send; the note says why."""
    state: State = "partly" if release.accepted else "failed"
    return msgspec.structs.replace(release, state=state, changed=now, due=0, is_past_dot=False, note=note)


def unwritten(release: Release, *, now: int) -> Release:
    """A release that was not sent because the journal could not be written just before the final dot."""
    if release.attempts > len(BACK_OFF):
        return given_up(release, _UNWRITTEN, now=now)
    due = now + BACK_OFF[max(release.attempts, 1) - 1] * SECOND
    return msgspec.structs.replace(release, state="queued", changed=now, due=due, note=_UNWRITTEN)


def concerns_all(delivery: Delivery) -> bool:
    """Whether other messages would meet the same now: the way is barred, or the server has hung up on us."""
    if delivery.state != "deferred":
        return False
    return delivery.stage not in _SENDING or bool(delivery.reply and delivery.reply.code == 421)


def shown(transcript: Sequence[str]) -> tuple[str, ...]:
    """The transcript for a record: bounded, and without sign-in links, which may be folded over several lines."""
    return tuple(without_sign_in_link("\n".join(transcript)).split("\n")[:_MOST_LINES])


def look_in_sent(release: Release) -> str:
    """What to do about an outcome that is unknown."""
    account = release.route[4] or "the account"
    return f"It may have been sent: look in the Sent folder of {account}, and send it again only if it is not there."


def _heard(one: RecipientReply, delivery: Delivery, host: str) -> RecipientReply:
    """What this attempt says of one recipient."""
    if one.state != "waiting":
        return one
    if one.address in delivery.accepted:
        return RecipientReply(one.address, "accepted", _masked(delivery.reply))
    reply = delivery.refused.get(one.address)
    if reply is None:
        if delivery.state != "refused":
            return one
        return RecipientReply(one.address, "refused", _masked(delivery.reply))
    stage = delivery.stage if reply == delivery.reply else Stage.RCPT
    waits = delivery.state != "unknown" and (
        _is_passing(reply, stage, host) or (bool(delivery.accepted) and _asks_for_split(reply, stage))
    )
    return RecipientReply(one.address, "waiting" if waits else "refused", _masked(reply))


def _is_passing(reply: Reply, stage: Stage | None, host: str) -> bool:
    """Whether this no may be answered by trying again."""
    if stage is None or stage is Stage.AUTH:
        return False
    if _is_daily_limit(reply):
        return True
    return reply.code in _PASSING and classify(reply, stage=stage, host=host).retry_after is not None


def _is_daily_limit(reply: Reply) -> bool:
    return reply.code == 550 and reply.enhanced == "5.4.5"


def _asks_for_split(reply: Reply, stage: Stage | None) -> bool:
    return stage is Stage.RCPT and reply.code == 452 and reply.enhanced == "4.5.3"


def _is_split(delivery: Delivery, host: str) -> bool:
    """Whether the others go in a transaction of their own now: each takes at least one further, so it comes to an end.

    Where some were put off for another reason, all wait with them.
    """
    put_off = [reply for address, reply in delivery.refused.items() if _is_passing(reply, Stage.RCPT, host)]
    return bool(delivery.accepted) and not put_off


def _due(heard: Release, delivery: Delivery, parking: Parking | None, *, now: int, host: str) -> int | None:
    """When it is tried again by itself, None for never."""
    if delivery.state == "failed" or heard.attempts > len(BACK_OFF):
        return None
    replies = [reply for address, reply in delivery.refused.items() if address in heard.waiting]
    if not replies and delivery.reply:
        replies = [delivery.reply]
        if not _is_passing(delivery.reply, delivery.stage, host):
            return None
    if parking and any(map(_is_daily_limit, replies)):
        return parking.until
    return now + BACK_OFF[max(heard.attempts, 1) - 1] * SECOND


def _given_up(heard: Release, delivery: Delivery) -> Release:
    """It is not tried again by itself; the last no counts for those who waited."""
    no = delivery.reply if delivery.reply and delivery.stage in _SENDING and not delivery.accepted else None
    recipients = tuple(
        RecipientReply(one.address, "refused", one.reply or _masked(no))
        if one.state == "waiting" and (no or one.address in delivery.refused)
        else one
        for one in heard.recipients
    )
    note = f"Tried {heard.attempts} times in vain." if heard.attempts > len(BACK_OFF) else ""
    return msgspec.structs.replace(heard, recipients=recipients, state=_end(heard, delivery), note=note)


def _end(heard: Release, delivery: Delivery) -> State:
    if len(heard.accepted) == len(heard.recipients):
        return "delivered"
    if heard.accepted:
        return "partly"
    is_no = delivery.stage in _SENDING and (delivery.reply is not None or delivery.state == "refused")
    return "refused" if is_no else "failed"


def _parking(delivery: Delivery, *, now: int, host: str) -> Parking | None:
    verdict = delivery.verdict
    if verdict and delivery.stage is Stage.AUTH and delivery.state == "failed":
        return Parking(0, verdict)
    others = [classify(reply, stage=Stage.RCPT, host=host) for reply in delivery.refused.values()]
    parks = next((one for one in (verdict, *others) if one and one.park), None)
    return Parking(now + parks.park * SECOND, parks) if parks else None


def _masked(reply: Reply | None) -> Reply | None:
    return reply and reply._replace(text=without_sign_in_link(reply.text))
