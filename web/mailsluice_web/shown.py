"""What a dialog of a release has shown, in short names that its form sends back: what was not seen is not sent."""

import hashlib
import json
from typing import Any, Final

from mailsluice.relay.profile import Profile

TO_LOOK_AT: Final = frozenset({"stop", "doubt", "warning"})
"""The severities of findings that a user must have seen."""

INTO_PANE: Final = {"HX-Retarget": "#pane", "HX-Reswap": "innerHTML"}
"""Headers of an answer that is no part of the dialog."""


def named(parts: list[Any]) -> str:
    """A short name for these values, and for no others."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def account(profile: Profile) -> str:
    """A name for the account and server that the user says yes to."""
    return named([profile.name, *profile.binding, profile.address])


def newlines(text: str) -> str:
    """The text as it was typed: forms send CRLF for a line's end, and may lose the last one."""
    return "\n".join(text.splitlines()).strip("\n")
