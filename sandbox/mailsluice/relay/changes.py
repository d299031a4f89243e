"""What rewriting did, as findings for a person."""

from collections.abc import Iterator, Mapping
from typing import Final

from mailsluice.relay.rewrite import MBOX_LINE, Rewritten
from mailsluice.release import Finding

_SIGNATURES: Final = (
    "DKIM-Signature", "DomainKey-Signature", "X-Google-DKIM-Signature",
    "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
)  # fmt: skip
_BLIND: Final = ("Bcc", "Resent-Bcc")
_TRACE: Final = ("Received", "Return-Path", "X-Original-To")


def change_findings(rewritten: Rewritten, *, is_gmail: bool) -> Iterator[Finding]:
    """A change for each thing that was done; what every release has is constant. `is_gmail`: it goes to Google."""
    removed = {change.name: change.count for change in rewritten.changes if change.kind == "removed"}
    put_in = {change.name: change.count for change in rewritten.changes if change.kind != "removed"}
    if blind := _listed(removed, _BLIND):
        yield Finding("bcc-removed", "change", f"{blind} will be removed, so that nobody sees who else gets a copy.")
    if signatures := _listed(removed, _SIGNATURES):
        own = " Gmail puts in its own." if is_gmail else ""
        text = f"{signatures} will be removed: a signature does not hold for a changed message.{own}"
        yield Finding("signatures-removed", "change", text)
    if MBOX_LINE in removed:
        yield Finding("mbox-line-removed", "change", "The From line of a mailbox file before the header is removed.")
    if rewritten.line_ends:
        lines = "1 line end" if rewritten.line_ends == 1 else f"{rewritten.line_ends:,} line ends"
        yield Finding("line-ends", "change", f"{lines} will be made CRLF, as SMTP demands.")
    yield from _wished(rewritten, put_in)
    yield from _identity(rewritten, put_in, removed, is_gmail=is_gmail)
    if trace := _listed(removed, _TRACE):
        text = f"{trace} will be removed: they tell of another journey."
        yield Finding("trace-removed", "change", text, is_constant=True)


def _wished(rewritten: Rewritten, put_in: Mapping[str, int]) -> Iterator[Finding]:
    if "Reply-To" in put_in:
        yield Finding("reply-to-added", "change", "The app's From is put in as Reply-To.")
    if "X-Original-To" in put_in:
        yield Finding(
            "original-recipients-added",
            "change",
            f"X-Original-To names the {_counted(put_in['X-Original-To'], 'recipient')} of the captured envelope.",
        )


def _identity(
    rewritten: Rewritten, put_in: Mapping[str, int], removed: Mapping[str, int], *, is_gmail: bool
) -> Iterator[Finding]:
    """Date and Message-ID."""
    repeated = _listed(removed, ("Date", "Message-ID"))
    if repeated:
        yield Finding("repeated-removed", "change", f"{repeated} too many will be removed.")
    if "Message-ID" not in put_in:
        yield Finding(
            "message-id-kept",
            "warning",
            "The Message-ID stays; Gmail does not show a mail whose Message-ID a mailbox already has, not even if that "
            "one is in the Trash, in Sent or archived.",
            remedy="Let it get a fresh one unless threads depend on it.",
        )
    else:
        old = "; X-Original-Message-ID keeps the old one" if "X-Original-Message-ID" in put_in else ""
        why = ", because Gmail hides duplicates" if is_gmail else ""
        text = f"The Message-ID becomes a fresh one{old}{why}."
        yield Finding("fresh-message-id", "change", text, is_constant=True)
    yield Finding("fresh-date", "change", "The Date becomes that of the release.", is_constant=True)


def _listed(removed: Mapping[str, int], names: tuple[str, ...]) -> str:
    """Those of the names that were removed: `Bcc (2 fields) and Resent-Bcc`."""
    found = [f"{name} ({removed[name]:,} fields)" if removed[name] > 1 else name for name in names if name in removed]
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
