"""Records of releases, as tests put them into a journal."""

from mailsluice.capture import new_id, now
from mailsluice.release import RecipientReply, Release

RAW = b"Subject: hello\r\n\r\nhello\r\n"


def make_release(**changes: object) -> Release:
    """A queued release to ada@example.com through the profile `home`."""
    moment = now()
    standard: dict[str, object] = {
        "id": new_id(),
        "message": new_id(),
        "profile": "home",
        "route": ("smtp.example.com", 587, "starttls", "me@example.com", ""),
        "created": moment,
        "changed": moment,
        "sender": "me@example.com",
        "recipients": (RecipientReply("ada@example.com"),),
        "size": len(RAW),
    }
    return Release(**(standard | changes))  # type: ignore[arg-type]  # the names are checked when it is made
