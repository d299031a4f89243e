"""What `mailsluice profile add` and `edit` have in common: how an account is described."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def account_options(command: "Callable[..., Any]") -> "Callable[..., Any]":
    """What `add` and `edit` have in common; what is not given stays as it is, or as the preset has it."""
    options = [
        click.option("--preset", metavar="P", help="gmail, workspace, yahoo, … or custom."),
        click.option("--host", metavar="H", help="The SMTP server, if the preset's will not do."),
        click.option("--port", metavar="N", help="587 (STARTTLS), 465 (TLS) or another."),
        click.option("--security", metavar="S", help="auto (by port), starttls, tls; plain only on this computer."),
        click.option(
            "--ca-file", metavar="F", help="PEM file with a certificate authority to trust besides the system's."
        ),
        click.option("--user", metavar="ADDR", help="The account, usually its address."),
        click.option("--sender-name", metavar="TEXT", help="The name beside the sender's address."),
        click.option("--sender-address", metavar="ADDR", help="The sender's address, if it is not the user."),
        click.option(
            "--alias", "aliases", metavar="ADDR", multiple=True, help="A verified send-as address; repeatable."
        ),
        click.option(
            "--allow",
            metavar="PATTERN",
            multiple=True,
            help="Who may be written to: address, @domain, glob; repeatable. Replaces those that there were.",
        ),
        click.option("--daily-limit", metavar="N", help="Messages in 24 hours, if the preset's number will not do."),
        click.option("--pace", metavar="SECONDS", help="Seconds between two messages."),
        click.option("--default/--no-default", default=None, help="Use it where no profile is named."),
        click.option("--enabled/--disabled", default=None, help="Whether it may be used at all."),
        click.option("--password-stdin", is_flag=True, help="Read the app password from standard input."),
        click.option("--json", "as_json", is_flag=True, help="Answer with JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command
