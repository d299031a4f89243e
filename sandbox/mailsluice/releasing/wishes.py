"""What a user wants of a release, and the answer to it: what would happen."""

import msgspec

from mailsluice.relay.profile import Profile
from mailsluice.relay.rewrite import Rewritten
from mailsluice.release import Finding, Quota


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants of a release.

    `profile` empty means the default one; `to` empty means whom this profile was last used for, else its own account.
    `to_me` sends to the account instead, and a header keeps the envelope; `to_captured` sends to the recipients of the
    captured envelope. `only_named` says that nobody is suggested: without `to` nobody gets it. `stamp`, from an earlier
    preflight, makes the same bytes and the same release again, so that a second click queues nothing twice.
    """

    profile: str = ""
    to: tuple[str, ...] = ()
    to_me: bool = False
    to_captured: bool = False
    only_named: bool = False
    keep_message_id: bool = False
    adds_reply_to: bool = False
    stamp: str = ""


class Preflight(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen: `raw` are the exact bytes that would go, `digest` their SHA-256 in hex.

    `captured` are the recipients of the captured envelope, on offer; `copy_of` is the release that this one repeats.
    """

    stamp: str
    digest: str
    message: str
    subject: str
    profile: Profile
    sender: str
    recipients: tuple[str, ...]
    captured: tuple[str, ...]
    is_to_me: bool
    wishes: Wishes
    rewritten: Rewritten
    findings: tuple[Finding, ...]
    quota: Quota
    copy_of: str = ""

    @property
    def raw(self) -> bytes:
        """The bytes that would go."""
        return self.rewritten.raw

    @property
    def stops(self) -> tuple[Finding, ...]:
        """Why it cannot be released as it is."""
        return self._of("stop")

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """Why it will probably be refused."""
        return self._of("doubt")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What will arrive otherwise than meant."""
        return self._of("warning")

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to think about."""
        return not (self.stops or self.doubts or self.warnings)

    def _of(self, severity: str) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.severity == severity)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Preflights of several messages that are released together; `gone` are ids of no message any more."""

    stamp: str
    profile: Profile
    quota: Quota
    preflights: tuple[Preflight, ...]
    gone: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What its releases share."""
        return self.stamp.partition(".")[2]

    @property
    def stopped(self) -> tuple[Preflight, ...]:
        """Those that cannot go."""
        return tuple(one for one in self.preflights if one.stops)

    @property
    def doubtful(self) -> tuple[Preflight, ...]:
        """Those that go only if the user insists."""
        return tuple(one for one in self.preflights if one.doubts and not one.stops)

    def going(self, *, override: bool) -> tuple[Preflight, ...]:
        """Those that go, with `override` the doubtful ones too."""
        return tuple(one for one in self.preflights if not one.stops and (override or not one.doubts))
