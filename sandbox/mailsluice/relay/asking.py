"""What the user may ask of a release, by its state: cancel, retry, settle; no I/O here."""

import msgspec

from mailsluice.errors import Refusal
from mailsluice.release import RecipientReply, Release, State


def cancelled(release: Release, *, now: int) -> Release:
    """The release, stopped; a Refusal unless it waits."""
    if release.state == "sending":
        raise Refusal("This release is being sent at this moment; look again when that has ended.")
    if not release.is_open:
        raise Refusal(f"This release is {_WORDS[release.state]}, so there is nothing to cancel.")
    state: State = "partly" if release.accepted else "cancelled"
    note = "Cancelled for those who had not got it." if release.accepted else ""
    return msgspec.structs.replace(release, state=state, changed=now, due=0, note=note)


def retried(release: Release, *, now: int) -> Release:
    """The release, queued for all who have not got it; a Refusal if it is being sent or they all have it."""
    if release.state == "sending":
        raise Refusal("This release is being sent at this moment; look again when that has ended.")
    if release.state == "delivered":
        raise Refusal("Everybody has got this release already; send it again as new to mail them twice.")
    recipients = tuple(
        one if one.state == "accepted" else RecipientReply(one.address, "waiting", one.reply)
        for one in release.recipients
    )
    return msgspec.structs.replace(
        release,
        recipients=recipients,
        state="queued",
        changed=now,
        due=0,
        attempts=0,
        is_past_dot=False,
        note="",
    )


def settled(release: Release, *, now: int) -> Release:
    """An unknown outcome, delivered on the user's word; a Refusal for any other."""
    if release.state != "unknown":
        raise Refusal(f"This release is {_WORDS[release.state]}; only an unknown outcome can be settled.")
    recipients = tuple(
        RecipientReply(one.address, "accepted", one.reply) if one.state == "waiting" else one
        for one in release.recipients
    )
    state: State = "partly" if any(one.state == "refused" for one in recipients) else "delivered"
    note = "The server's answer never came; you found it in the Sent folder."
    return msgspec.structs.replace(
        release, recipients=recipients, state=state, changed=now, is_past_dot=False, verdict=None, note=note
    )


_WORDS: dict[State, str] = {
    "queued": "still waiting",
    "deferred": "still waiting",
    "sending": "being sent",
    "delivered": "delivered already",
    "partly": "delivered to some already",
    "refused": "refused by the server already",
    "failed": "over without having been sent",
    "unknown": "over, and nobody knows whether it was sent",
    "cancelled": "cancelled already",
}
