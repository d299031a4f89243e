"""`mailsluice release`: captured messages to real recipients, through the running instance."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import click

from mailsluice.cli.wishes import asked, wishes_options

if TYPE_CHECKING:
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

    What speaks against it is told before. Nothing is queued if one of them cannot go. Exit code 0: delivered to
    everybody (queued, without --wait); 1: not; 3: the outcome of one is unknown, so look in the Sent folder before you
    send it again.
    """
    from mailsluice.cli.asking import find_instance
    from mailsluice.cli.profile_text import print_json
    from mailsluice.cli.release_text import print_release

    wishes = asked(**how)
    instance = find_instance(url=url, smtp=smtp)
    wanted = wishes | {"messages": [*messages], "anyway": anyway, "origin": "command line"}
    if not as_json:
        wanted |= _looked_at(instance, wishes, messages, anyway=anyway)
    records = _queued(instance, wanted, as_json=as_json)
    if wait:
        records = _waited(instance, records, time.monotonic() + timeout, as_json=as_json)
    if as_json:
        print_json({"releases": records})
    else:
        for record in records:
            print_release(record)
        if wait:
            _tell_what_goes_on(instance, records)
    click.get_current_context().exit(exit_code([record["state"] for record in records]) if wait else 0)


def exit_code(states: list[str]) -> int:
    """The worst of all wins: an unknown outcome over one that is not delivery."""
    if "unknown" in states:
        return _UNKNOWN
    return 0 if all(state == "delivered" for state in states) else _NOT_DELIVERED


def _looked_at(
    instance: "Instance", wishes: dict[str, Any], messages: tuple[str, ...], *, anyway: bool
) -> dict[str, Any]:
    """What to release after a look at all of it, told to the user; an error if something stops it."""
    from mailsluice.cli.asking import ask
    from mailsluice.cli.release_text import print_objections

    found = [ask(instance, "POST", "/api/sandbox/preflights", wishes | {"message": one}) for one in messages]
    found = [*{one["message"]: one for one in found}.values()]
    print_objections(found)
    for one in sorted(found, key=lambda one: not one["stopped"]):  # what no option helps against comes first
        if one["stopped"] or (not anyway and _hindrances(one)):
            raise _explained(one)
    if len(found) > 1:
        return {"messages": [one["message"] for one in found]}
    (one,) = found
    return {"messages": [one["message"]], "stamp": one["stamp"], "digest": one["digest"]}


def _queued(instance: "Instance", wanted: dict[str, Any], *, as_json: bool) -> list[dict[str, Any]]:
    from mailsluice.cli.asking import Refused, ask
    from mailsluice.cli.profile_text import print_json
    from mailsluice.cli.release_text import print_objections

    try:
        records: list[dict[str, Any]] = ask(instance, "POST", "/api/sandbox/releases", wanted)["releases"]
    except Refused as refused:
        if as_json:
            print_json(refused.answer)
            click.get_current_context().exit(_NOT_DELIVERED)
        if not _hindrances(refused.answer):
            raise
        print_objections([refused.answer])
        raise _explained(refused.answer) from refused
    return records


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


def _tell_what_goes_on(instance: "Instance", records: list[dict[str, Any]]) -> None:
    from mailsluice.cli.release_text import say

    for record in records:
        if record["state"] in _OPEN and (record["due"] or not record["note"]):
            where = "" if instance.url.startswith("unix:") else f", see {instance.url}releases/{record['id']}"
            say(f"still under way: {record['id']} goes on by itself{where}", err=True)


def _hindrances(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in answer.get("findings", ()) if one["severity"] in ("stop", "doubt")]


def _explained(answer: dict[str, Any]) -> click.ClickException:
    is_stopped = any(one["severity"] == "stop" for one in _hindrances(answer))
    way_out = "" if is_stopped else "; --anyway releases it in spite of that"
    return click.ClickException(f"nothing was released, because of the message {answer['message']}{way_out}")
