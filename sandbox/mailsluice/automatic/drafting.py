"""What people type for a rule, held to what a rule may be."""

from collections.abc import Sequence
from typing import Final

from mailsluice.capture import new_id
from mailsluice.errors import Refusal
from mailsluice.relay.mailboxes import parse_mailbox
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.profile import Profile
from mailsluice.releasing.recipients import distinct
from mailsluice.rule import Rule
from mailsluice.search import Query, parse, terms_of

EVERYTHING: Final = "*"
"""The query of a rule that takes every message."""

LONGEST_HOURS: Final = 168
MOST_AN_HOUR: Final = 500
MOST_A_DAY: Final = 2000
_MOST_RECIPIENTS: Final = 20
_LONGEST_QUERY: Final = 1000
_HOUR: Final = 3_600_000_000
_LATER: Final = {
    "has": {"code", "link", "release"},
    "is": {"read", "released", "failed", "pinned", "tagged"},
}


def query_of(text: str, *, present: int) -> Query:
    """The rule's query as data."""
    return parse("" if text == EVERYTHING else text, now=present)


def draft_rule(
    query: str, profile: Profile | None, to: Sequence[str], *, per_hour: int, per_day: int, hours: int, present: int
) -> Rule:
    """A rule that begins now, of what was typed; otherwise a Refusal names the field."""
    text = _query(query, present)
    if profile is None:
        raise Refusal("There is no such profile: choose one that is set up.", field="profile")
    if not profile.enabled:
        raise Refusal(f"The profile {profile.name} is switched off: switch it on first.", field="profile")
    recipients = _recipients(profile, to)
    _check_range(per_hour, 1, MOST_AN_HOUR, field="per_hour")
    _check_range(per_day, 1, MOST_A_DAY, field="per_day")
    _check_range(hours, 1, LONGEST_HOURS, field="hours")
    return Rule(
        id=new_id(),
        query=text,
        profile=profile.name,
        route=profile.binding,
        recipients=recipients,
        per_hour=per_hour,
        per_day=per_day,
        created=present,
        ends=present + hours * _HOUR,
    )


def _query(text: str, present: int) -> str:
    """The query as it was understood: `on:today` names a date then, and means the same tomorrow."""
    text = text.strip()
    if not text:
        raise Refusal(f"Say which mail, such as subject:invoice; {EVERYTHING} means all of it.", field="query")
    if len(text) > _LONGEST_QUERY or not text.isprintable():
        raise Refusal("This query is too long, or not one line: make it simpler.", field="query")
    query = query_of(text, present=present)
    if query.problems:
        raise Refusal(" ".join(query.problems), field="query")
    for term in terms_of(query):
        if term.field == "tag" or term.value in _LATER.get(term.field, ()):
            reason = f"{term} says nothing of mail that has only just arrived: leave it out."
            raise Refusal(reason, field="query")
    return str(query) or EVERYTHING


def _recipients(profile: Profile, to: Sequence[str]) -> tuple[str, ...]:
    found = distinct(parse_mailbox(one) for one in to if one.strip())
    if not found:
        raise Refusal("Enter who gets the copies, such as name@example.com.", field="to")
    if len(found) > _MOST_RECIPIENTS:
        raise Refusal(f"A rule has at most {_MOST_RECIPIENTS} recipients.", field="to")
    for one in found:
        if refusal := refusal_for(profile, one):
            raise Refusal(refusal.reason, field="to")
    return found


def _check_range(number: int, least: int, most: int, *, field: str) -> None:
    if not least <= number <= most:
        raise Refusal(f"Enter a number from {least} to {most:,}.", field=field)
