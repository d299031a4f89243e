"""What `mailsluice profile` prints: for people, and as JSON."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mailsluice.gmail.verdict import Verdict
    from mailsluice.relay.delivery import Delivery
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


def in_words(value: Any) -> str:
    """A field of a profile."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)) or "-"
