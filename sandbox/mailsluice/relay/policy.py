"""May this leave? Asked before anything is dialled.

Everything is compared letter by letter after A-Z became a-z: two addresses that only look alike, or become alike by a
wider folding, stay two.
"""

from fnmatch import fnmatchcase
from string import ascii_lowercase, ascii_uppercase
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.relay.fields import is_address
from mailsluice.relay.profile import Profile

_SMALL: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_GMAIL: Final = ("gmail.com", "googlemail.com")


def refusal_for(profile: Profile, recipient: str) -> Refusal | None:
    """Why this profile may not send to this recipient, or None if it may.

    The account's own address is always allowed, others by `allow`: addresses, `@domain` (that domain, none below it)
    and globs.
    """
    if not profile.enabled:
        return Refusal(f"The profile {profile.name} is switched off; switch it on to send.", field="profile")
    if not is_address(recipient):
        return Refusal("A recipient must be one bare address, such as name@example.com.", field="to")
    address = recipient.translate(_SMALL)
    if _canonical(address) == _canonical(profile.user.translate(_SMALL)):
        return None
    if any(_matches(pattern.translate(_SMALL), address) for pattern in profile.allow):
        return None
    return Refusal(
        f"{recipient} is not among the recipients that the profile {profile.name} may send to; add it there if it is "
        "meant to get this mail.",
        field="to",
    )


def _matches(pattern: str, address: str) -> bool:
    if pattern.startswith("@"):
        pattern = f"*{pattern}"
    return fnmatchcase(address, pattern)


def _canonical(address: str) -> str:
    """One writing for all that reach the same personal Gmail account: no dots, no +tag, one domain."""
    local, _, domain = address.rpartition("@")
    if domain not in _GMAIL:
        return address
    return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
