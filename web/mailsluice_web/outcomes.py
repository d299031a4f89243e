"""How a release stands, in the words of a page; each function is a template filter of the same name."""

from typing import Final

from mailsluice.gmail.replies import is_google
from mailsluice.release import RecipientReply, Release

STATES: Final = {
    "queued": "Waiting",
    "deferred": "Waiting to try again",
    "sending": "Sending",
    "delivered": "Released",
    "partly": "Partly released",
    "refused": "Refused",
    "failed": "Failed",
    "unknown": "Unknown",
    "cancelled": "Cancelled",
}
"""The states as a filter offers them, those that go on by themselves first."""

_SHORT: Final = {"sending": "Sending…", "partly": "Partly"}
_TONES: Final = {
    "delivered": "good",
    "partly": "warn",
    "deferred": "warn",
    "unknown": "warn",
    "refused": "bad",
    "failed": "bad",
}
_ICONS: Final = {"good": "passed", "warn": "warning", "bad": "failed", "": "clock"}
_ACCEPTED: Final = (
    "Accepted is not yet delivered: if a mailbox does not exist, the bounce comes to the account’s own inbox."
)


def chip(release: Release) -> str:
    """The state in one or two words, with the code of a no: `Released`, `Refused 550`, `Sending…`."""
    word = _SHORT.get(release.state) or STATES[release.state]
    is_no = release.state in ("refused", "failed") and release.reply is not None and release.reply.code >= 400
    return f"{word} {release.reply.code}" if is_no and release.reply else word


def tone(release: Release) -> str:
    """The colour of the state: `good`, `warn`, `bad`, or nothing for one that is neither."""
    return _TONES.get(release.state, "")


def pictured_state(release: Release) -> str:
    """The icon that stands for the state."""
    return _ICONS[tone(release)]


def host(release: Release) -> str:
    """The smarthost that was named when the user said yes."""
    return release.route[0]


def account(release: Release) -> str:
    """The account that it goes through, or the sender where there is no login."""
    return release.route[4] or release.sender


def headline(release: Release) -> str:
    """What happened, in one line."""
    accepted, everybody = len(release.accepted), len(release.recipients)
    lines = {
        "queued": "Waits for its turn",
        "sending": f"Being sent to {host(release)}",
        "delivered": f"Accepted by {host(release)}" if release.reply else "You found it in Sent",
        "partly": f"Accepted for {accepted} of {everybody} recipients",
        "refused": f"Refused by {host(release)}",
        "failed": "Not sent",
        "deferred": "Not now; it is tried again by itself",
        "unknown": "Nobody can say whether it was sent",
        "cancelled": "Cancelled",
    }
    return lines[release.state]


def advice(release: Release) -> str:
    """What the state itself leaves to do, where no reply tells."""
    if release.state == "unknown":
        return (
            f"Look in the Sent folder of {account(release)}: if the message is there, it was sent. It is never sent "
            "again by itself."
        )
    if release.state not in ("delivered", "partly"):
        return ""
    if is_google(host(release)) and release.accepted == (release.route[4],):
        return (
            "Look in the inbox of the account. Mail to itself says nothing about spam folders: for that, release to "
            "another account."
        )
    return _ACCEPTED


def is_answered(release: Release) -> bool:
    """Whether the last reply is about this attempt; while it is sent again it is about one before."""
    return release.state not in ("queued", "sending")


def fate(recipient: RecipientReply, release: Release) -> str:
    """What became of the copy for one recipient."""
    if recipient.state != "waiting" or release.is_open:
        return recipient.state
    if recipient.reply:
        return "put off"
    was_asked = release.state == "unknown" or any(_asks(line, recipient.address) for line in release.transcript)
    return "no answer" if was_asked else "not asked"


def _asks(line: str, address: str) -> bool:
    return "RCPT TO:" in line and f"<{address}>" in line


def receivers(release: Release) -> str:
    """Who gets it: the first three, and how many more."""
    shown = ", ".join(one.address for one in release.recipients[:3])
    more = len(release.recipients) - 3
    return f"{shown} +{more:,}" if more > 0 else shown


_FILTERS: Final = (chip, tone, pictured_state, host, account, headline, advice, is_answered, fate, receivers)

ALL: Final = {function.__name__: function for function in _FILTERS}
"""What a template can say after `|`."""
