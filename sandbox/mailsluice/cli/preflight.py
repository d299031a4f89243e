"""`mailsluice preflight`: what a release would change, and what would be refused; nothing is dialled."""

from typing import TYPE_CHECKING, Any

import click

from mailsluice.cli.wishes import asked, wishes_options

if TYPE_CHECKING:
    from mailsluice.instance import Instance


@click.command()
@click.argument("message", metavar="ID")
@wishes_options
@click.option("--diff", is_flag=True, help="Show the changed header fields.")
@click.option("--raw", metavar="FILE", help="Write the exact bytes that would go; `-` is standard output.")
def preflight(
    message: str, anyway: bool, as_json: bool, url: str, smtp: str, diff: bool, raw: str | None, **how: Any
) -> None:
    """Tell what would happen if the message ID (or `latest`) were released; nothing is dialled.

    Exit code 0: `mailsluice release` would take it; 1: something stops it, or a doubt without --anyway.
    """
    from mailsluice.cli.asking import ask, find_instance
    from mailsluice.cli.profile_text import print_json

    wanted = asked(**how) | {"message": message}
    instance = find_instance(url=url, smtp=smtp)
    found = ask(instance, "POST", "/api/sandbox/preflights", wanted)
    # The stamp makes the same bytes again.
    again = wanted | {"message": found["message"], "stamp": found["stamp"]}
    if raw:
        _write(instance, again, raw)
    if as_json and raw != "-":
        print_json(found)
    elif raw != "-":
        _print(found, diff=diff)
    hindered = any(one["severity"] == "doubt" for one in found["findings"]) and not anyway
    click.get_current_context().exit(1 if found["stopped"] or hindered else 0)


def _write(instance: "Instance", wanted: dict[str, Any], path: str) -> None:
    from mailsluice.cli.asking import ask_bytes

    content = ask_bytes(instance, "POST", "/api/sandbox/preflights?raw=1", wanted)
    try:
        with click.open_file(path, "wb") as file:
            file.write(content)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error


def _print(found: dict[str, Any], *, diff: bool) -> None:
    from mailsluice.cli.release_text import print_findings, say, titled

    say(f"{titled(found['subject'])}, {found['size']:,} bytes, {found['message']}")
    say(f"through {found['profile']}: from {found['sender']} to {', '.join(found['recipients']) or 'nobody'}")
    print_findings(found["findings"], profile=found["profile"])
    if diff:
        for line in found["diff"]:
            say(line)
        ends = found["line_ends"]
        say("the body goes as it is" if found["body_is_same"] else f"{ends} line ends became CRLF")
