"""What `mailsluice release` and `preflight` print for people; mail and replies may hold what terminals obey."""

from typing import Any, Final

import click

_INDENT: Final = " " * 11


def print_release(record: dict[str, Any]) -> None:
    """What became of a release, what each recipient's server said, and what that means."""
    say(f"{record['state']:<10} {record['id']}  “{record['subject']}” through {record['profile']}")
    for one in record["recipients"]:
        _say_more(f"{one['address']}: {one['state']}", line_of(one["reply"]))
    _say_more("", line_of(record["reply"]))
    verdict = record["verdict"] or {}
    for text in (record["note"], verdict.get("meaning"), verdict.get("remedy"), verdict.get("link")):
        _say_more("", text or "")
    if record["due"] and record["state"] in ("queued", "deferred"):
        _say_more("", f"next attempt: {record['due']}")


def print_findings(findings: list[dict[str, Any]], *, err: bool = False) -> None:
    """One line each with its reason and way out; what every release has, in one."""
    for one in findings:
        if one["is_constant"]:
            continue
        say(f"{one['severity']:<10} {one['text']}", err=err)
        for text in (one["remedy"], one["link"]):
            if text:
                say(_INDENT + text, err=err)
    if constant := [one["text"].rstrip(".") for one in findings if one["is_constant"]]:
        say(f"{'as always':<10} {'; '.join(constant)}", err=err)


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
