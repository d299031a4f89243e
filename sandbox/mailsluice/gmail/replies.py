"""Smarthosts' replies in words for a person, told apart by code, enhanced code, token and stage, never by sentences.

Google rewrites its sentences; what stays is the numbers and the page that a reply links to:

    534-5.7.9 Application-specific password required. For more information, go to
    534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor d9443c01a7336-2a2f3c65d66sm50829075ad.20 - gsmtp
"""

import re
from typing import Final

import msgspec

from mailsluice.gmail.everywhere import EVERYWHERE, by_number
from mailsluice.gmail.sending import SENDING
from mailsluice.gmail.signin import SIGN_IN
from mailsluice.gmail.verdict import APP_PASSWORDS, Rule, Stage, Verdict
from mailsluice.reply import Reply

__all__ = ["APP_PASSWORDS", "Stage", "Verdict", "classify", "is_google", "without_sign_in_link"]

_TOKEN: Final = re.compile(r"[?&]p=([A-Za-z0-9]+)|(troubleshooter/[0-9]+)")
_TAG: Final = re.compile(r" - (?:gsmtp|gcdp .{1,80} - gsmtp)\s*$")
_SIGN_IN_LINK: Final = re.compile(r"https?://accounts\.google\.com/signin/(?:[^>]*(?=>)|\S*)")


def classify(reply: Reply, *, stage: Stage, host: str) -> Verdict:
    """Say what this reply at this stage means; where several causes share it, all are named.

    Nothing is retried by itself after a sign-in or a permanent no.
    """
    google = is_google(host) or bool(_TAG.search(reply.text))
    rules = (*SIGN_IN, *SENDING, *EVERYWHERE) if google else EVERYWHERE
    tokens = {one or other for one, other in _TOKEN.findall(reply.text)}
    verdict = next((rule.verdict for rule in rules if _fits(rule, reply, tokens, stage)), None)
    verdict = verdict or by_number(reply, stage=stage)
    if verdict.retry_after is not None and (stage is Stage.AUTH or reply.code >= 500):
        return msgspec.structs.replace(verdict, retry_after=None)
    return verdict


def is_google(host: str) -> bool:
    """Whether this host is one of Google's."""
    return host.lower().rstrip(".").endswith((".gmail.com", ".googlemail.com", ".google.com"))


def without_sign_in_link(text: str) -> str:
    """The text without the link that signs in whoever opens it, which 534 5.7.14 carries: for logs and histories."""
    return _SIGN_IN_LINK.sub("(a sign-in link)", text)


def _fits(rule: Rule, reply: Reply, tokens: set[str], stage: Stage) -> bool:
    return (
        (not rule.codes or reply.code in rule.codes)
        and (not rule.enhanced or reply.enhanced in rule.enhanced)
        and (not rule.tokens or not tokens.isdisjoint(rule.tokens))
        and (not rule.stages or stage in rule.stages)
    )
