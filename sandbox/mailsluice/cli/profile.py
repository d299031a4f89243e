"""`mailsluice profile`: the accounts through which mail leaves, on the same files as a running instance."""

from typing import TYPE_CHECKING, Any, Final

import click

from mailsluice.cli.profile_text import in_words, print_delivery, print_json, print_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsluice.errors import Refusal
    from mailsluice.relay.delivery import Delivery
    from mailsluice.relay.profile import Profile
    from mailsluice.relay.profiles import Profiles
    from mailsluice.relay.secret import Secret
    from mailsluice.relay.vault import Vault
    from mailsluice.relay.walk import Step

_MOST_PASSWORD: Final = 4096


class _Group(click.Group):
    """Our own no is one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from mailsluice.errors import Refusal

        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            raise click.UsageError(_one_line(refusal)) from refusal


@click.group(cls=_Group)
def profile() -> None:
    """Set up the accounts through which released mail leaves, and test them."""


def _account_options(command: "Callable[..., Any]") -> "Callable[..., Any]":
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
            "--allow", metavar="PATTERN", multiple=True, help="Who may be written to: address, @domain, glob."
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


_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")


@profile.command()
@click.argument("name")
@_account_options
def add(name: str, password_stdin: bool, as_json: bool, **texts: Any) -> None:
    """Add the profile NAME. Its app password is read from standard input, never from an argument."""
    from mailsluice.errors import Refusal
    from mailsluice.relay.profile import draft_profile

    made = draft_profile(name=name, by_hand=True, **_given(texts))
    if _profiles().get(made.name):
        raise Refusal(f"There is a profile {made.name} already; `mailsluice profile edit` changes it.")
    _save(made, None, password_stdin, as_json)


@profile.command()
@click.argument("name")
@click.option("--rename", metavar="NEW", help="Give it another name.")
@_account_options
def edit(name: str, rename: str | None, password_stdin: bool, as_json: bool, **texts: Any) -> None:
    """Change the profile NAME. Its password is gone when host, port, security, CA file or user change."""
    from mailsluice.relay.profile import draft_profile

    old = _found(name)
    _save(draft_profile(base=old, name=rename, by_hand=True, **_given(texts)), old, password_stdin, as_json)


@profile.command("list")
@_json
def list_profiles(as_json: bool) -> None:
    """List the profiles, and who holds the password of each."""
    described = [_described(one) for one in _profiles().list()]
    if as_json:
        print_json(described)
        return
    for one in described:
        mark = "*" if one["default"] else " "
        state = "" if one["enabled"] else "  (disabled)"
        click.echo(f"{mark} {one['name']:<16} {one['user'] or '-':<32} {one['host']}:{one['port']}{state}")
    if not described:
        click.echo("no profiles yet: `mailsluice profile add NAME --preset gmail --user ADDR --password-stdin`")


@profile.command()
@click.argument("name")
@_json
def show(name: str, as_json: bool) -> None:
    """Show the profile NAME; never its password."""
    described = _described(_found(name))
    if as_json:
        print_json(described)
        return
    for key, value in described.items():
        click.echo(f"{key.replace('_', ' '):<16} {in_words(value)}")


@profile.command()
@click.argument("name")
@_json
def remove(name: str, as_json: bool) -> None:
    """Remove the profile NAME and its password."""
    import asyncio

    found = _found(name)
    asyncio.run(_vault().forget(found))
    _profiles().remove(found.name)
    if as_json:
        print_json({"removed": found.name})
    else:
        click.echo(f"removed {found.name} and its password")


@profile.command()
@click.argument("name", required=False)
@click.option("--to", "recipient", metavar="ADDR", help="Send a test mail to this address, too.")
@_json
def test(name: str | None, recipient: str | None, as_json: bool) -> None:
    """Test a profile, step by step: NAME, else the default one.

    Every step from the server's name to the sign-in, which is tried once. Exit code 1 if a step fails.
    """
    import asyncio

    found = _found(name) if name else _the_default()
    steps: list[Step] = []

    def told(step: "Step") -> None:
        steps.append(step)
        if not as_json:
            print_step(step)

    delivery = asyncio.run(_run_test(found, recipient, told))
    passed = all(step.ok for step in steps) and (delivery is None or delivery.state == "delivered")
    if as_json:
        print_json({"profile": found.name, "ok": passed, "steps": steps, "delivery": delivery})
    elif delivery and steps[-1].ok:
        print_delivery(delivery, recipient or "")
    click.get_current_context().exit(0 if passed else 1)


async def _run_test(found: "Profile", recipient: str | None, told: "Callable[[Step], None]") -> "Delivery | None":
    """One sign-in, whether there is a mail to send or not."""
    from contextlib import aclosing
    from datetime import UTC, datetime

    from mailsluice.relay.check import check
    from mailsluice.relay.delivery import deliver
    from mailsluice.relay.mailboxes import parse_mailbox
    from mailsluice.relay.testmail import build_test_mail

    if recipient:
        to, sender = parse_mailbox(recipient, field="--to"), found.address
        raw = build_test_mail(found, sender=sender, to=[to], now=datetime.now(UTC).astimezone())
        secret = await _vault().get(found)
        return await deliver(found, secret, raw, sender=sender, recipients=[to], on_step=told)
    async with aclosing(check(found, await _vault().get(found))) as steps:
        async for step in steps:
            told(step)
    return None


def _save(made: "Profile", old: "Profile | None", password_stdin: bool, as_json: bool) -> None:
    import asyncio

    secret = _read_password(made) if password_stdin else None
    saved = _profiles().save(made, old_name=old.name if old else "", by_hand=True)
    asyncio.run(_settle_password(saved, old, secret))
    described = _described(saved)
    if as_json:
        print_json(described)
        return
    click.echo(f"saved {saved.name}: {saved.user or 'no user'} at {saved.host}:{saved.port}")
    if saved.user and described["password"] == "none":  # noqa: S105  # the holder's name, no password
        click.echo(f"it has no password yet: `mailsluice profile edit {saved.name} --password-stdin`")
    else:
        click.echo(f"password: {described['password']}")


async def _settle_password(saved: "Profile", old: "Profile | None", secret: "Secret | None") -> None:
    vault = _vault()
    if old and old.name != saved.name:
        await vault.rename(old.name, saved)
    if secret:
        await vault.keep(saved, secret)


def _read_password(made: "Profile") -> "Secret":
    import sys

    from mailsluice.errors import Refusal
    from mailsluice.gmail.passwords import normalize_app_password
    from mailsluice.relay.secret import Secret

    if sys.stdin.isatty():
        text = click.prompt("App password", hide_input=True, err=True)
    else:
        raw = sys.stdin.buffer.read(_MOST_PASSWORD + 1)
        try:
            text = raw.decode("utf-8-sig") if len(raw) <= _MOST_PASSWORD else ""
        except UnicodeDecodeError:
            text = ""
    if not text.strip():
        raise Refusal("Standard input holds no password: write it there, in UTF-8, and nothing else.")
    return Secret(normalize_app_password(text, preset=made.preset))


def _given(texts: dict[str, Any]) -> dict[str, Any]:
    """What the user typed; an option that was not given is None, a repeatable one an empty tuple."""
    import os

    if texts.get("ca_file"):  # a path on the command line may be relative
        texts["ca_file"] = os.path.abspath(os.path.expanduser(texts["ca_file"]))
    return {name: value for name, value in texts.items() if value is not None and value != ()}


def _profiles() -> "Profiles":
    from mailsluice.relay.profiles import Profiles, configuration_folder

    return Profiles(configuration_folder())


def _vault() -> "Vault":
    import os

    from mailsluice.relay.profiles import configuration_folder
    from mailsluice.relay.vault import Vault

    return Vault(configuration_folder(), os.environ)


def _found(name: str) -> "Profile":
    from mailsluice.errors import Refusal

    profiles = _profiles()
    found = profiles.get(name)
    if found is None:
        names = ", ".join(one.name for one in profiles.list()) or "none yet"
        raise Refusal(f"There is no profile {name[:64]!r}; there are: {names}.")
    return found


def _the_default() -> "Profile":
    from mailsluice.errors import Refusal

    found = _profiles().default()
    if found is None:
        raise Refusal("No profile is the default: name one.")
    return found


def _described(one: "Profile") -> dict[str, Any]:
    """The profile and who holds its password, as data."""
    import asyncio

    import msgspec

    described: dict[str, Any] = msgspec.to_builtins(one)
    described["password_command"] = bool(one.password_command)  # its words may be telling
    return described | {
        "effective_security": one.effective_security,
        "messages_a_day": one.messages_a_day,
        "password": asyncio.run(_vault().holder(one)),
    }


def _one_line(refusal: "Refusal") -> str:
    return " ".join(f"{refusal.reason} {refusal.link}".split())
