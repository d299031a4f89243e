"""What our own API says of preflights and releases; no secret, and no link that signs in whoever opens it."""

from typing import Any

import msgspec

from mailsluice.gmail.replies import without_sign_in_link
from mailsluice.gmail.verdict import Verdict
from mailsluice.release import Finding, Parking, Quota, Release
from mailsluice.releasing import Preflight
from mailsluice.reply import Reply
from mailsluice_web.api.dates import utc_time


def told_release(release: Release, *, with_transcript: bool = False) -> dict[str, Any]:
    """The record of a release; the dialogue with the smarthost only where one record is asked for."""
    told: dict[str, Any] = {
        "id": release.id,
        "message": release.message,
        "profile": release.profile,
        "state": release.state,
        "created": _time(release.created),
        "changed": _time(release.changed),
        "due": _time(release.due),
        "sender": release.sender,
        "recipients": [
            {"address": one.address, "state": one.state, "reply": _reply(one.reply)} for one in release.recipients
        ],
        "subject": release.subject,
        "message_id": release.message_id,
        "original_message_id": release.original_message_id,
        "size": release.size,
        "to_me": release.is_to_me,
        "origin": release.origin,
        "rule": release.rule,
        "copy_of": release.copy_of,
        "attempts": release.attempts,
        "reply": _reply(release.reply),
        "verdict": _verdict(release.verdict),
        "note": without_sign_in_link(release.note),
    }
    if with_transcript:
        # As one text: the link may go over several lines.
        transcript = without_sign_in_link("\n".join(release.transcript))
        told["transcript"] = transcript.split("\n") if transcript else []
    return told


def told_preflight(preflight: Preflight) -> dict[str, Any]:
    """What would happen; `stopped`: it cannot be released so; `clean`: there is nothing to think about."""
    rewritten = preflight.rewritten
    return {
        "message": preflight.message,
        "copy_of": preflight.copy_of,
        "stamp": preflight.stamp,
        "digest": preflight.digest,
        "subject": preflight.subject,
        "profile": preflight.profile.name,
        "sender": preflight.sender,
        "recipients": preflight.recipients,
        "captured": preflight.captured,
        "to_me": preflight.is_to_me,
        "size": len(preflight.raw),
        "message_id": rewritten.message_id,
        "original_message_id": rewritten.original_message_id,
        "findings": told_findings(preflight.findings),
        "diff": [f"{line.mark} {line.text}" for line in rewritten.diff],
        "body_is_same": rewritten.body_is_same,
        "line_ends": rewritten.line_ends,
        "quota": told_quota(preflight.quota),
        "clean": preflight.is_clean,
        "stopped": bool(preflight.stops),
    }


def told_findings(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Every field of each finding, whether it is empty or not."""
    return [msgspec.structs.asdict(one) for one in findings]


def told_quota(quota: Quota) -> dict[str, int | None]:
    """What is used and left of the day's limit; 0 and null where none is known."""
    return {"used": quota.used, "limit": quota.limit, "left": quota.left}


def told_parking(parking: Parking | None) -> dict[str, Any] | None:
    """Until when a profile is not dialled (null: until somebody acts), and why; None if it is."""
    return {"until": _time(parking.until), "verdict": _verdict(parking.verdict)} if parking else None


def _reply(reply: Reply | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    return {"code": reply.code, "enhanced": reply.enhanced, "text": without_sign_in_link(reply.text)}


def _verdict(verdict: Verdict | None) -> dict[str, str] | None:
    if verdict is None:
        return None
    names = ("kind", "cause", "meaning", "remedy", "link")
    return {name: getattr(verdict, name) for name in names}


def _time(microseconds: int) -> str | None:
    return utc_time(microseconds) if microseconds else None
