"""What `release` and `preflight` have in common: how the user says whom, through what, and from which instance."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def wishes_options(command: "Callable[..., Any]") -> "Callable[..., Any]":
    """The options with which a release is described, and its instance found."""
    options = [
        click.option("--profile", metavar="NAME", default="", help="The profile; else the default one."),
        click.option("--to", metavar="ADDR", multiple=True, help="A recipient; else the last used. Repeatable."),
        click.option("--to-me", is_flag=True, help="Send to the profile's own address; To and Cc stay as they are."),
        click.option("--keep-message-id", is_flag=True, help="Keep the Message-ID (Gmail hides a second copy)."),
        click.option("--reply-to-author", is_flag=True, help="Put the app's From address into Reply-To."),
        click.option("--anyway", is_flag=True, help="In spite of doubts; what is not allowed stays so."),
        click.option("--json", "as_json", is_flag=True, help="Answer with JSON."),
        click.option("--url", metavar="URL", default="", help="The web address of your instance, if several run."),
        click.option("--smtp", metavar="HOST:PORT", default="", help="Likewise, its SMTP address."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def asked(
    *, profile: str, to: tuple[str, ...], to_me: bool, keep_message_id: bool, reply_to_author: bool
) -> dict[str, Any]:
    """The wishes as the API reads them."""
    if to_me and to:
        raise click.UsageError("--to-me goes to the profile's own address: leave --to out")
    return {
        "profile": profile,
        "to": [*to],
        "to_me": to_me,
        "keep_message_id": keep_message_id,
        "reply_to_author": reply_to_author,
    }
