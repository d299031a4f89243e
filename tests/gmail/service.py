"""The state of a fake Gmail without its sockets: accounts, what was said, what was accepted."""

import asyncio
import base64
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from tests.gmail import replies
from tests.gmail.accounts import Account, Accounts
from tests.gmail.knobs import STAGES, Knobs
from tests.gmail.mailboxes import INBOX, SEEN, SENT, Copy, Delivered, Mailbox, arrived, bounce, verdict
from tests.gmail.rewrite import Submission, rewrite, sent_copy
from tests.gmail.triggers import BOUNCES, trigger

MASK = "****"
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `text` never holds a password or token."""

    time: float
    session: str
    kind: str
    """connect, tls, command, reply, message, stall, hold, drop or close."""
    text: str


class Service:
    """What a fake Gmail knows; sessions ask it and tell it."""

    def __init__(self, knobs: Knobs, *, clock: Clock, ids: Callable[[], str] | None) -> None:
        self.knobs = knobs
        self.clock = clock
        self.accounts = Accounts(knobs)
        self.add_account = self.accounts.add_account
        self.delivered: list[Delivered] = []
        self.log: list[Event] = []
        self.auth_attempts = 0
        """AUTH commands, whatever became of them."""
        self.connections = 0
        """Connections so far."""
        self.violations: list[str] = []
        """What no client may do; `assert_healthy` fails for it."""
        self.sessions_of: dict[str, int] = {}
        """Open sessions by account that is logged in."""
        self._ids = ids or session_ids(random.Random())
        self._failures: dict[str, deque[str]] = {stage: deque() for stage in STAGES}
        self._mailboxes: dict[str, Mailbox] = {}
        self._secrets: set[str] = set()
        self._serial = count(1)
        self._news = threading.Condition()
        self._holds: set[str] = set()
        self._held: list[asyncio.Event] = []

    def new_session_id(self) -> str:
        """An id for a connection."""
        self.connections += 1
        return self._ids()

    def fail_next(self, stage: str, reply: str, *, times: int = 1) -> None:
        """Answer the next commands of a stage with a template of `replies`, a text of one's own, `DROP` or `STALL`."""
        self._failures[_stage(stage)].extend([reply] * times)

    def failure(self, stage: str) -> str:
        """The reply that a test asked for at a stage; empty when it asked for none."""
        if self.knobs.stall_at and _stage(self.knobs.stall_at) == stage:
            return replies.STALL
        failures = self._failures[stage]
        return failures.popleft() if failures else ""

    def hold_next(self, stage: str) -> None:
        """Let the next answer to DATA (`data`) or to a message that was taken (`message`) wait for `let_go`."""
        self._holds.add(_stage(stage))

    def hold(self, stage: str) -> asyncio.Event | None:
        """What this answer waits for, if a test asked for that."""
        if stage not in self._holds:
            return None
        self._holds.discard(stage)
        self._held.append(asyncio.Event())
        return self._held[-1]

    def wait_for(self, kind: str, text: str = "", *, times: int = 1, seconds: float = 30) -> Event:
        """The event of this kind and beginning, once the log has so many; for threads beside the loop."""

        def found() -> list[Event]:
            return [event for event in self.log if event.kind == kind and event.text.startswith(text)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= times, seconds), f"no {kind} {text}: {self.log[-20:]}"
            return found()[times - 1]

    def mailbox(self, address: str) -> tuple[Copy, ...]:
        """What stands in an account's mailbox by now, oldest first."""
        account = self.accounts[address]
        now = self.clock()
        return tuple(copy for copy in self._box(account).copies if copy.visible_from <= now)

    def keep_secret(self, *secrets: str) -> None:
        """Mask these, and how they look in base64, wherever the log would show them."""
        for secret in filter(None, secrets):
            self._secrets |= {secret, base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()}

    def record(self, session: str, kind: str, text: str) -> None:
        """Add to the log."""
        known = {secret for account in self.accounts for secret in (account.app_password, account.normal_password)}
        for secret in sorted(self._secrets | known - {""}, key=len, reverse=True):
            text = text.replace(secret, MASK)
        with self._news:
            self.log.append(Event(self.clock(), session, kind, text))
            self._news.notify_all()

    def refuse_to_start(self, account: Account) -> str:
        """The reply to DATA for an account that has sent too much or too fast; empty when it may go ahead."""
        knobs, now = self.knobs, self.clock()
        if account.sent_within(86_400, now) >= (account.daily_limit or knobs.daily_limit):
            return replies.DAILY_LIMIT
        crowded = knobs.sessions_at_once and self.sessions_of.get(account.address, 0) > knobs.sessions_at_once
        hasty = knobs.pace and account.sent_within(knobs.pace, now)
        return replies.THROTTLED if crowded or hasty else ""

    def accept(self, submission: Submission, *, sender: str, parameters: tuple[str, ...], reply: str) -> Delivered:
        """Deliver a message: Sent, local inboxes, bounces."""
        message = Delivered(
            account=submission.account,
            sender=sender,
            recipients=submission.recipients,
            parameters=parameters,
            raw=submission.raw,
            rewritten=rewrite(submission),
            session=submission.session,
            reply=reply,
            time=submission.time,
        )
        account = self.accounts[submission.account]
        account.sent.append(submission.time)
        filed = self._box(account).put(sent_copy(submission, message.rewritten), SENT, visible_from=submission.time)
        for recipient in submission.recipients:
            self._arrive(message, recipient, filed)
        self.delivered.append(message)
        return message

    def assert_healthy(self) -> None:
        """Fail when a client did what none may."""
        assert not self.violations, "; ".join(self.violations)

    def _arrive(self, message: Delivered, recipient: str, filed: Copy | None) -> None:
        knobs, sender = self.knobs, self.accounts[message.account]
        local = self.accounts.find(recipient, tagged=True)
        if local is sender:
            if filed is not None:  # mail to oneself is one message with both labels
                filed.raw = arrived(message.rewritten, recipient=recipient, account=message.account, time=message.time)
                filed.labels |= {INBOX, SEEN} if knobs.self_sends_are_seen else {INBOX}
        elif local is not None:
            raw = arrived(message.rewritten, recipient=recipient, account=message.account, time=message.time)
            self._box(local).put(raw, verdict(raw), visible_from=message.time + knobs.delivery_delay)
        elif reason := trigger(BOUNCES, recipient):
            report = bounce(message, recipient, reason, unique=lambda: f"{next(self._serial):012x}")
            self._box(sender).put(report, INBOX, visible_from=message.time + knobs.bounce_delay)

    def _box(self, account: Account) -> Mailbox:
        return self._mailboxes.setdefault(account.address, Mailbox())


def session_ids(source: random.Random) -> Callable[[], str]:
    """A maker of session ids in today's shape: `d9443c01a7336-2a2f3c65d66sm50829075ad.20`."""

    def make() -> str:
        letters = "".join(source.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=source.randint(2, 3)))
        number = source.randrange(10**6, 10**9)
        return (
            f"{source.getrandbits(52):013x}-{source.getrandbits(44):011x}sm{number}{letters}.{source.randint(1, 999)}"
        )

    return make


def _stage(name: str) -> str:
    stage = {"connect": "greeting", "starttls": "tls"}.get(name.lower(), name.lower())
    if stage not in STAGES:
        raise ValueError(f"{name}: not one of {', '.join(STAGES)}")
    return stage
