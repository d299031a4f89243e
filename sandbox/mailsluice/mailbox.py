"""Mailboxes: what one may be called, and into which a message comes."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple, cast
from unicodedata import normalize

INBOX: Final = "inbox"
LONGEST: Final = 64
_OTHER: Final = re.compile(r"[^\w.@+-]+")
MAILBOX_RULES: Final = "`recipient:*@shop.example=shop`, `sender:cron@*=cron` or `domain:*.example.com=example`"
"""What rules look like, wherever an example is needed."""

_PARTS: Final = ("recipient", "sender", "domain")

Part = Literal["recipient", "sender", "domain"]


class MailboxRule(NamedTuple):
    """Messages with such a recipient, sender or domain of a recipient come into the mailbox; `*` is any text."""

    part: Part
    pattern: str
    mailbox: str

    def __str__(self) -> str:
        return f"{self.part}:{self.pattern}={self.mailbox}"


@lru_cache(1024)
def clean_mailbox(name: str) -> str:
    """The name in lower case with letters (of any script), digits and `._-@+`, 64 long; empty if nothing is left."""
    return _OTHER.sub("-", normalize("NFC", name[:1000]).lower()).strip("-.")[:LONGEST].rstrip("-.")


def parse_mailbox_rule(text: str) -> MailboxRule:
    """Read `PATTERN=NAME`: `recipient:*@shop.example=shop`, `sender:cron@*=cron`, `domain:*.example.com=example`.

    A pattern without a part means a recipient if it has an `@`, else a domain. ValueError says what to write.
    """
    pattern, equals, name = text.rpartition("=")
    mailbox = clean_mailbox(name.strip())
    part, colon, rest = pattern.partition(":")
    if not colon:
        part, rest = "recipient" if "@" in pattern else "domain", pattern
    rest = rest.strip().lower()
    if part == "domain":
        rest = rest.removeprefix("@")
    if not equals or part not in _PARTS or not rest or not mailbox:
        raise ValueError(f"write a pattern and a mailbox, such as {MAILBOX_RULES}")
    return MailboxRule(cast(Part, part), rest, mailbox)


def parse_mailbox_limit(text: str) -> tuple[str, int]:
    """Read `NAME=COUNT`, such as `shop=500`; ValueError says what to write."""
    name, _, number = text.rpartition("=")
    mailbox = clean_mailbox(name.strip())
    if not mailbox or not re.fullmatch(r"[0-9]{1,9}", number.strip()):
        raise ValueError("write a mailbox and a number of messages, such as shop=500; 0 is unlimited")
    return mailbox, int(number)


class Choice:
    """Into which mailbox a message comes: of its AUTH user, the first rule that fits, its `+tag`, or else inbox."""

    def __init__(self, rules: Sequence[MailboxRule] = (), *, by_tag: bool = False) -> None:
        self._rules = [(rule.part, _Pattern(rule.pattern), rule.mailbox) for rule in rules]
        self._by_tag = by_tag

    def __call__(self, *, user: str, sender: str, recipients: Sequence[str]) -> str:
        """The mailbox of a message with this AUTH user and envelope."""
        if user and (mailbox := clean_mailbox(user)):
            return mailbox
        if self._rules and (mailbox := self._by_rule(sender, recipients)):
            return mailbox
        return (self._by_tag and _tagged(recipients)) or INBOX

    def _by_rule(self, sender: str, recipients: Sequence[str]) -> str:
        lowered = [address.lower() for address in recipients]
        texts = {
            "recipient": lowered,
            "sender": [sender.lower()],
            "domain": [address.rpartition("@")[2] for address in lowered],
        }
        for part, pattern, mailbox in self._rules:
            if any(pattern.fits(text) for text in texts[part]):
                return mailbox
        return ""


class _Pattern:
    """Text with `*` for any text; takes linear time, as addresses may be long and hostile."""

    def __init__(self, pattern: str) -> None:
        self._first, *rest = pattern.split("*")
        self._is_whole = not rest
        self._last = rest.pop() if rest else ""
        self._between = [piece for piece in rest if piece]

    def fits(self, text: str) -> bool:
        if self._is_whole:
            return text == self._first
        if len(text) < len(self._first) + len(self._last):
            return False
        if not text.startswith(self._first) or not text.endswith(self._last):
            return False
        at, end = len(self._first), len(text) - len(self._last)
        for piece in self._between:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True


def _tagged(recipients: Iterable[str]) -> str:
    """The first `+tag` of a recipient that makes a name."""
    for address in recipients:
        plus = address.rpartition("@")[0].partition("+")[2]
        if plus and (mailbox := clean_mailbox(plus)):
            return mailbox
    return ""
