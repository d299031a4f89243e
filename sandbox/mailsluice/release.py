"""What is known of a release: who gets the copy, how far it came, and what the smarthost answered."""

from typing import Final, Literal

import msgspec

from mailsluice.gmail.verdict import Verdict
from mailsluice.reply import Reply

State = Literal["queued", "sending", "delivered", "partly", "refused", "failed", "deferred", "unknown", "cancelled"]

OPEN: Final = frozenset({"queued", "sending", "deferred"})
"""States from which a release goes on by itself."""


class RecipientReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipient of a release and the smarthost's last word on this one; `waiting` while there is none."""

    address: str
    state: Literal["waiting", "accepted", "refused"] = "waiting"
    reply: Reply | None = None


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The record of one release; it outlives the message.

    Times are microseconds UTC; `due` is when it is tried (again), 0 for as soon as possible. `route` is the profile's
    binding at the moment of the user's yes: mail does not follow a profile to another server or account. `sender` is
    the envelope's. `is_past_dot` says that the final dot of this attempt may have been sent: only then can an
    interruption have an unknown outcome. `note` is our own sentence on why it waits or was not sent; `verdict` says
    what `reply`, the smarthost's last word, means. `origin` is who asked: `page`, `api`, `command line`, `rule`,
    `mailpit api`. Those that were asked for together share a `batch`.
    """

    id: str
    message: str
    profile: str
    route: tuple[str, int, str, str, str]
    state: State = "queued"
    created: int
    changed: int
    due: int = 0
    sender: str
    recipients: tuple[RecipientReply, ...]
    subject: str = ""
    message_id: str = ""
    original_message_id: str = ""
    size: int
    is_to_me: bool = False
    origin: str = "page"
    rule: str = ""
    batch: str = ""
    copy_of: str = ""
    attempts: int = 0
    is_past_dot: bool = False
    reply: Reply | None = None
    verdict: Verdict | None = None
    note: str = ""
    transcript: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in OPEN

    @property
    def waiting(self) -> tuple[str, ...]:
        """The recipients on whom there is no last word yet."""
        return tuple(one.address for one in self.recipients if one.state == "waiting")

    @property
    def accepted(self) -> tuple[str, ...]:
        """The recipients whose copy the smarthost took."""
        return tuple(one.address for one in self.recipients if one.state == "accepted")


class Parking(msgspec.Struct, frozen=True):
    """A profile that is not dialled until `until` (microseconds UTC; 0: until the user acts), and why."""

    until: int
    verdict: Verdict


class Quota(msgspec.Struct, frozen=True):
    """Recipients mailed through a profile in the last 24 hours, and how many a day allows (0: not known)."""

    used: int
    limit: int

    @property
    def left(self) -> int | None:
        """How many more a day allows, None where that is not known."""
        return max(0, self.limit - self.used) if self.limit else None


Severity = Literal["stop", "doubt", "warning", "change", "note"]


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a preflight says.

    - `stop`: this cannot be released as it is; `doubt`: it will probably be refused, the user may insist;
    - `warning`: it will arrive, and look or be taken otherwise than meant;
    - `change`: what we or Gmail will change; `note`: good to know.

    `code` is a word for programs that stays when the sentences change; `remedy` is what to do, `address` the recipient
    whom it is about, `is_constant` that every release has this line, so that it may be folded away.
    """

    code: str
    severity: Severity
    text: str
    remedy: str = ""
    link: str = ""
    address: str = ""
    is_constant: bool = False
