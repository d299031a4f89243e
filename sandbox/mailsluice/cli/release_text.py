"""What `mailsluice release` and `preflight` print for people; mail and replies may hold what terminals obey."""

from typing import Any, Final

import click

from mailsluice.cli.profile_text import allow_command

_INDENT: Final = " " * 11
_MOST_NAMED: Final = 3


def print_release(record: dict[str, Any]) -> None:
    """What became of a release, what each recipient's server said, and what that means."""
    say(f"{record['state']:<10} {record['id']}  {titled(record['subject'])} through {record['profile']}")
    said = [line_of(one["reply"]) for one in record["recipients"]]
    for one, reply in zip(record["recipients"], said, strict=True):
        _say_more(f"{one['address']}: {word_for(one['state'], of=record['state'])}", reply)
    final = line_of(record["reply"])
    _say_more("", "" if final in said else final)
    verdict = (record["verdict"] if record["state"] != "cancelled" else None) or {}
    # The note of an unknown outcome says what to do already, and in which account.
    remedy = "" if record["state"] == "unknown" and record["note"] else verdict.get("remedy")
    for text in (verdict.get("meaning"), record["note"], remedy, verdict.get("link")):
        _say_more("", text or "")
    if record["due"] and record["state"] in ("queued", "deferred"):
        _say_more("", f"next attempt: {record['due']}")


def word_for(state: str, *, of: str) -> str:
    """What is known of one recipient, by the state `of` the whole release."""
    if state != "waiting" or of in ("queued", "sending", "deferred"):
        return state
    return "unknown" if of == "unknown" else "not sent"


def titled(subject: str) -> str:
    """A subject among other words."""
    return f"“{subject}”" if subject.strip() else "(no subject)"


def print_findings(findings: list[dict[str, Any]], *, profile: str = "") -> None:
    """One line each with its reason and way out; what every release has, in one."""
    for one in findings:
        if not one["is_constant"]:
            _say_finding(one, profile=profile)
    if constant := [one["text"].rstrip(".") for one in findings if one["is_constant"]]:
        say(f"{'as always':<10} {'; '.join(constant)}")


def print_objections(answers: list[dict[str, Any]]) -> None:
    """To stderr what speaks against releasing these messages, each thing once."""
    found = dict[str, tuple[dict[str, Any], list[str]]]()
    for answer in answers:
        for one in answer["findings"]:
            if one["severity"] in ("stop", "doubt", "warning"):
                found.setdefault(f"{one['severity']} {one['text']}", (one, []))[1].append(answer["message"])
    for one, messages in found.values():
        _say_finding(one, profile=answers[0]["profile"], err=True)
        if len(answers) > 1:
            shown = ", ".join(messages[:_MOST_NAMED]) + (", …" if len(messages) > _MOST_NAMED else "")
            say(f"{_INDENT}({len(messages)} of {len(answers)}: {shown})", err=True)


def _say_finding(one: dict[str, Any], *, profile: str, err: bool = False) -> None:
    say(f"{one['severity']:<10} {one['text']}", err=err)
    remedy = one["remedy"]
    if one["code"] == "not-allowed" and profile:
        remedy = f"{remedy} Allow it with {allow_command(profile, one['address'])}.".strip()
    for text in (remedy, one["link"]):
        if text:
            say(_INDENT + text, err=err)


def line_of(reply: dict[str, Any] | None) -> str:
    """A reply as the server said it, in one line."""
    if reply is None:
        return ""
    return " ".join(filter(None, (str(reply["code"]), reply["enhanced"], " ".join(reply["text"].split()))))


def say(text: str, *, err: bool = False) -> None:
    """One line without anything that a terminal would obey."""
    click.echo("".join(letter if letter.isprintable() else "\ufffd" for letter in text), err=err)


def _say_more(name: str, text: str) -> None:
    if name or text:
        say(_INDENT + " ".join(filter(None, (name, text))))
