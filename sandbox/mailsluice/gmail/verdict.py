"""What a smarthost's answer, or its silence, means to a person: the types."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

APP_PASSWORDS: Final = "https://myaccount.google.com/apppasswords"


class Stage(StrEnum):
    """How far a session with a smarthost had come; MESSAGE is after the final dot."""

    NAME = "name"
    CONNECT = "connect"
    GREETING = "greeting"
    TLS = "tls"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"


class Verdict(msgspec.Struct, frozen=True):
    """What happened in one sentence, and what to do in one more.

    `kind` is auth, limit, transient, content, address, protocol, policy or network. `retry_after` is the seconds before
    a retry by itself, None if there must be none; `park` the seconds in which this profile should not dial at all.
    `cause` is a word for programs that stays the same when the sentences change.
    """

    kind: str
    meaning: str
    remedy: str
    link: str = ""
    retry_after: int | None = None
    park: int = 0
    cause: str = ""


class Rule(NamedTuple):
    """One row: replies with this code, enhanced code, token in their link, and stage earn the verdict.

    An empty tuple means any.
    """

    verdict: Verdict
    codes: Sequence[int] = ()
    enhanced: Sequence[str] = ()
    tokens: Sequence[str] = ()
    stages: Sequence[Stage] = ()
