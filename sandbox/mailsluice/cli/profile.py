"""`mailsluice profile`: the accounts through which mail leaves, on the same files as a running instance."""

from typing import TYPE_CHECKING, Any, Final

import click

from mailsluice.cli import accounts, telling
from mailsluice.cli.account_options import account_options
from mailsluice.cli.profile_text import (
    allow_command,
    print_delivery,
    print_gone_on,
    print_json,
    print_profile,
    print_step,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailsluice.errors import Refusal
    from mailsluice.relay.delivery import Delivery
    from mailsluice.relay.profile import Profile
    from mailsluice.relay.secret import Secret
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


_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")


@profile.command()
@click.argument("name")
@account_options
def add(name: str, password_stdin: bool, as_json: bool, **texts: Any) -> None:
    """Add the profile NAME. Its app password is read from standard input, never from an argument."""
    from mailsluice.errors import Refusal
    from mailsluice.relay.profile import draft_profile

    made = draft_profile(name=name, by_hand=True, **_given(texts))
    if accounts.profiles().get(made.name):
        raise Refusal(f"There is a profile {made.name} already; `mailsluice profile edit` changes it.")
    _save(made, None, password_stdin, as_json)


@profile.command()
@click.argument("name")
@click.option("--rename", metavar="NEW", help="Give it another name.")
@click.option("--allow-also", metavar="PATTERN", multiple=True, help="Who may be written to besides; repeatable.")
@account_options
def edit(
    name: str, rename: str | None, allow_also: tuple[str, ...], password_stdin: bool, as_json: bool, **texts: Any
) -> None:
    """Change the profile NAME. Its password is gone when host, port, security, CA file or user change."""
    from mailsluice.relay.profile import draft_profile

    old = accounts.found(name)
    if allow_also:
        texts["allow"] = (*(texts["allow"] or old.allow), *allow_also)
    _save(draft_profile(base=old, name=rename, by_hand=True, **_given(texts)), old, password_stdin, as_json)


@profile.command("list")
@_json
def list_profiles(as_json: bool) -> None:
    """List the profiles, and who holds the password of each."""
    parkings = telling.parkings()
    described = [accounts.described(one, parkings) for one in accounts.profiles().list()]
    if as_json:
        print_json(described)
        return
    for one in described:
        mark = "*" if one["default"] else " "
        state = "" if one["enabled"] else "  (disabled)"
        state += "  (parked)" if one["parked"] else ""
        click.echo(f"{mark} {one['name']:<16} {one['user'] or '-':<32} {one['host']}:{one['port']}{state}")
    if not described:
        click.echo("no profiles yet: `mailsluice profile add NAME --preset gmail --user ADDR --password-stdin`")


@profile.command()
@click.argument("name")
@_json
def show(name: str, as_json: bool) -> None:
    """Show the profile NAME; never its password."""
    found = accounts.found(name)
    described = accounts.described(found, telling.parkings())
    if as_json:
        print_json(described)
    else:
        print_profile(found, described)


@profile.command()
@click.argument("name")
@_json
def remove(name: str, as_json: bool) -> None:
    """Remove the profile NAME and its password."""
    import asyncio

    found = accounts.found(name)
    asyncio.run(accounts.vault().forget(found))
    accounts.profiles().remove(found.name)
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

    found = accounts.found(name) if name else accounts.the_default()
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
    _tell_tested(found, delivery, has_signed_in=all(step.ok for step in steps), as_json=as_json)
    click.get_current_context().exit(0 if passed else 1)


def _tell_tested(found: "Profile", delivery: "Delivery | None", *, has_signed_in: bool, as_json: bool) -> None:
    telling.count_sent(found.name, len(delivery.accepted) if delivery else 0)
    if has_signed_in:
        print_gone_on(telling.let_go_on(found.name), err=as_json)


async def _run_test(found: "Profile", recipient: str | None, told: "Callable[[Step], None]") -> "Delivery | None":
    """One sign-in, whether there is a mail to send or not."""
    from contextlib import aclosing
    from datetime import UTC, datetime

    from mailsluice.relay.check import check
    from mailsluice.relay.delivery import deliver
    from mailsluice.relay.ourselves import avoiding
    from mailsluice.relay.targets import resolve
    from mailsluice.relay.testmail import build_test_mail

    if recipient:
        to, sender = _allowed(found, recipient), found.address
        raw = build_test_mail(found, sender=sender, to=[to], now=datetime.now(UTC).astimezone())
        secret = await accounts.vault().get(found)
        own = avoiding(resolve, telling.listening)
        return await deliver(found, secret, raw, sender=sender, recipients=[to], on_step=told, resolver=own)
    secret = await accounts.vault().get(found)
    async with aclosing(check(found, secret, listening=telling.listening)) as steps:
        async for step in steps:
            told(step)
    return None


def _allowed(found: "Profile", recipient: str) -> str:
    """The address; a Refusal that knows the way if the profile may not write to it."""
    from mailsluice.errors import Refusal
    from mailsluice.relay.mailboxes import parse_mailbox
    from mailsluice.relay.policy import refusal_for

    to = parse_mailbox(recipient, field="--to")
    no = refusal_for(found, to)
    if no and no.field == "to":
        raise Refusal(f"{no.reason} Allow it with {allow_command(found.name, to)}.", field="--to")
    return to


def _save(made: "Profile", old: "Profile | None", password_stdin: bool, as_json: bool) -> None:
    import asyncio

    secret = _read_password(made) if password_stdin else None
    saved = accounts.profiles().save(made, old_name=old.name if old else "", by_hand=True)
    asyncio.run(_settle_password(saved, old, secret))
    gone_on = []
    if secret or old is None or (old.binding, old.enabled) != (saved.binding, saved.enabled):
        gone_on = telling.let_go_on(saved.name)
    described = accounts.described(saved, telling.parkings())
    if as_json:
        print_json(described)
    else:
        _print_saved(saved, holder=described["password"])
    print_gone_on(gone_on, err=as_json)


def _print_saved(saved: "Profile", *, holder: str) -> None:
    click.echo(f"saved {saved.name}: {saved.user or 'no user'} at {saved.host}:{saved.port}")
    if saved.user and holder == "none":
        click.echo(f"it has no password yet: `mailsluice profile edit {saved.name} --password-stdin`")
    else:
        click.echo(f"password: {holder}")


async def _settle_password(saved: "Profile", old: "Profile | None", secret: "Secret | None") -> None:
    vault = accounts.vault()
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


def _one_line(refusal: "Refusal") -> str:
    return " ".join(f"{refusal.reason} {refusal.link}".split())
