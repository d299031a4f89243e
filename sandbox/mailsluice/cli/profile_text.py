"""What `mailsluice profile` prints: for people, and as JSON."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailsluice.gmail.verdict import Verdict
    from mailsluice.relay.delivery import Delivery
    from mailsluice.relay.profile import Profile
    from mailsluice.relay.walk import Step


def print_json(answer: Any) -> None:
    """Anything that msgspec can encode, for programs."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())


def print_step(step: "Step") -> None:
    """One step of a test, as soon as it has ended."""
    click.echo(f"{'ok' if step.ok else 'FAILED':<7} {step.title} ({step.seconds:.2f} s)")
    if step.detail:
        click.echo(f"        {step.detail}")
    if step.verdict:
        _print_verdict(step.verdict)


def print_delivery(delivery: "Delivery", recipient: str) -> None:
    """What became of a test mail."""
    click.echo(f"{'ok' if delivery.state == 'delivered' else 'FAILED':<7} Test mail to {recipient}: {delivery.state}")
    for reply in {str(one) for one in (delivery.reply, *delivery.refused.values()) if one}:
        click.echo(f"        {reply}")
    if delivery.verdict:
        _print_verdict(delivery.verdict)


def _print_verdict(verdict: "Verdict") -> None:
    for text in (verdict.meaning, verdict.remedy, verdict.link):
        if text:
            click.echo(f"        {text}")


def print_profile(one: "Profile", told: dict[str, Any]) -> None:
    """Every field that says something, a line each."""
    import os

    names = (one.variable, f"{one.variable}_FILE")
    silent = {"daily_limit", "messages_a_day"}
    silent |= set() if any(os.environ.get(name) for name in names) else {"environment_password"}
    rows = {key.replace("_", " "): in_words(value) for key, value in told.items() if key not in silent}
    rows["recipients a day"] = str(one.messages_a_day or "no limit known")
    rows["parked"] = "; ".join(_parked(where) for where in told["parked"]) or "no"
    for key, value in rows.items():
        click.echo(f"{key:<18} {value}")


def print_gone_on(urls: "Sequence[str]", *, err: bool) -> None:
    """That running instances were told."""
    if urls:
        click.echo(f"what waited for the sign-in goes on at {', '.join(urls)}", err=err)


def allow_command(profile: str, address: str) -> str:
    """What to type so that a profile may write to an address."""
    import shlex

    return f"`mailsluice profile edit {shlex.quote(profile)} --allow-also {shlex.quote(address)}`"


def _parked(where: dict[str, Any]) -> str:
    verdict = where["verdict"] or {}
    return f"at {where['url']} until {where['until'] or 'you act'}: {verdict.get('meaning', '')}"


def in_words(value: Any) -> str:
    """A field of a profile."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)) or "-"
