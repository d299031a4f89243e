"""`mailsluice release`: captured messages to real recipients, through the running instance."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click

from mailsluice.cli.wishes import asked, wishes_options

if TYPE_CHECKING:
    from mailsluice.cli.asking import Refused
    from mailsluice.instance import Instance

_NOT_DELIVERED: Final = 1
_UNKNOWN: Final = 3
_OPEN: Final = ("queued", "sending", "deferred")
_MOST_SECONDS: Final = 30
_PAUSE_SECONDS: Final = 0.5


@click.command()
@click.argument("messages", metavar="ID...", nargs=-1, required=True)
@wishes_options
@click.option("--wait", is_flag=True, help="Wait for the outcome, further attempts included, and tell it.")
@click.option("--timeout", type=float, default=300.0, show_default=True, help="Seconds to wait at most.")
def release(
    messages: tuple[str, ...], anyway: bool, as_json: bool, url: str, smtp: str, wait: bool, timeout: float, **how: Any
) -> None:
    """Release captured messages: `latest`, or the ids that the server gave.

    Nothing is queued if one of them cannot go. Exit code 0: delivered to everybody (queued, without --wait); 1: not;
    3: the outcome of one is unknown, so look in the Sent folder before you send it again.
    """
    from mailsluice.cli.asking import Refused, ask, find_instance
    from mailsluice.cli.profile_text import print_json
    from mailsluice.cli.release_text import print_findings, print_release

    wanted = asked(**how) | {"messages": [*messages], "override": anyway, "origin": "command line"}
    instance = find_instance(url=url, smtp=smtp)
    try:
        records = ask(instance, "POST", "/api/sandbox/releases", wanted)["releases"]
    except Refused as refused:
        if as_json:
            print_json(refused.answer)
            click.get_current_context().exit(_NOT_DELIVERED)
        print_findings(_hindrances(refused.answer), err=True)
        raise _explained(refused) from refused
    if wait:
        records = _waited(instance, records, time.monotonic() + timeout, as_json=as_json)
    if as_json:
        print_json({"releases": records})
    else:
        for record in records:
            print_release(record)
    click.get_current_context().exit(exit_code([record["state"] for record in records]) if wait else 0)


def exit_code(states: list[str]) -> int:
    """The worst of all wins: an unknown outcome over one that is not delivery."""
    if "unknown" in states:
        return _UNKNOWN
    return 0 if all(state == "delivered" for state in states) else _NOT_DELIVERED


def _waited(
    instance: "Instance", records: list[dict[str, Any]], deadline: float, *, as_json: bool
) -> list[dict[str, Any]]:
    """The records once each has its outcome, or none that comes before the deadline."""
    from mailsluice.cli.asking import ask
    from mailsluice.cli.release_text import say

    found = []
    for record in records:
        address = f"/api/sandbox/releases/{quote(record['id'], safe='')}"
        told = ""
        while (left := deadline - time.monotonic()) > 0 and _goes_on(record, seconds=left):
            if record["state"] == "deferred" and record["due"] != told and not as_json:
                told = record["due"]
                say(f"{record['id']}: deferred, next attempt {told}", err=True)
            record = ask(instance, "GET", f"{address}?wait={max(1, min(_MOST_SECONDS, int(left)))}")
            if record["state"] in ("queued", "deferred"):
                time.sleep(min(_PAUSE_SECONDS, left))  # the instance expects no answer at once
        found.append(record)
    return found


def _goes_on(record: dict[str, Any], *, seconds: float) -> bool:
    """Whether something may come of it by itself in so many seconds."""
    if record["state"] not in _OPEN:
        return False
    if record["due"]:
        return (datetime.fromisoformat(record["due"]) - datetime.now(UTC)).total_seconds() < seconds
    return not record["note"]  # a note without a time waits for the user


def _hindrances(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in answer.get("findings", ()) if one["severity"] in ("stop", "doubt")]


def _explained(refused: "Refused") -> click.ClickException:
    hindrances = _hindrances(refused.answer)
    if not hindrances:
        return refused
    way_out = "" if any(one["severity"] == "stop" for one in hindrances) else "; --anyway releases it in spite of that"
    return click.ClickException(f"nothing was released, because of the message {refused.answer['message']}{way_out}")
