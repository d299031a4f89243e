"""What the command line did to a profile, told to this user's running instances; one that does not answer is left out.

They read the same files, but only they know what waits for a sign-in, and what was sent today.
"""

from typing import Any, Final
from urllib.parse import quote, urlsplit

import click

_ANSWER_SECONDS: Final = 5.0


def let_go_on(profile: str) -> list[str]:
    """End the parking after a refused sign-in; the addresses of the instances where there was one."""
    answers = _ask_all("POST", f"profiles/{quote(profile, safe='')}/resumption", {"only": "sign-in"})
    return [url for url, answer in answers if answer.get("resumed")]


def count_sent(profile: str, recipients: int) -> None:
    """Count mail that a command sent towards the day's limit."""
    if recipients:
        _ask_all("POST", f"profiles/{quote(profile, safe='')}/sent", {"recipients": recipients})


def parkings() -> dict[str, list[dict[str, Any]]]:
    """By profile where it is not dialled for now, until when and why."""
    found = dict[str, list[dict[str, Any]]]()
    for url, answer in _ask_all("GET", "profiles"):
        for one in answer.get("profiles", ()):
            if one.get("parked"):
                found.setdefault(one["name"], []).append({"url": url} | one["parked"])
    return found


def listening() -> list[str]:
    """Where the instances listen: mail that is sent there would only be captured."""
    from mailsluice.instance import running

    found = [(instance.smtp, urlsplit(instance.url).netloc) for instance in running()]
    return [place for places in found for place in places if place]


def _ask_all(method: str, path: str, body: Any = None) -> list[tuple[str, dict[str, Any]]]:
    """The address and the answer of each running instance that knows this profile."""
    from mailsluice.cli.asking import ask
    from mailsluice.instance import running

    answers = []
    for instance in running():
        try:
            answer = ask(instance, method, f"/api/sandbox/{path}", body, seconds=_ANSWER_SECONDS)
        except (click.ClickException, ValueError):
            continue
        answers.append((instance.url, answer))
    return answers
