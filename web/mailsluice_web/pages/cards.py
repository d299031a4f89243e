"""What a page says of a profile, and where the pages find profiles, passwords and tests."""

import asyncio
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mailsluice.gmail.presets import PRESETS
from mailsluice.relay.profile import Profile
from mailsluice.relay.vault import NONE
from mailsluice.release import Parking
from mailsluice.sandbox import Sandbox
from mailsluice_web.checking import Check, Checks

_SECURITY: Final = {"tls": "TLS from the start", "starttls": "STARTTLS", "plain": "not encrypted"}
_LACKS_ONE: Final = (
    "There is no password for this account at this server. A stored one is sealed together with server, port, "
    "security, CA and account, and is gone when one of them changes."
)


class Card(msgspec.Struct, frozen=True):
    """A profile with what is known beside the file; `holder` in the words of the vault, `parking` if it is parked."""

    profile: Profile
    holder: str
    check: Check | None
    parking: Parking | None = None

    @property
    def provider(self) -> str:
        """The provider as people call it."""
        preset = PRESETS.get(self.profile.preset)
        return preset.title if preset and preset.id != "custom" else self.profile.host

    @property
    def complaint(self) -> str:
        """A sentence if it needs a password and has none."""
        return _LACKS_ONE if self.profile.user and self.holder == NONE else ""

    @property
    def password(self) -> str:
        """Who holds the password."""
        if self.holder == NONE:
            return "none stored" if self.complaint else "not needed"
        return f"{'in' if is_stored(self.holder) else 'from'} the {self.holder}"

    @property
    def security(self) -> str:
        """How the connection is protected."""
        return _SECURITY[self.profile.effective_security]

    @property
    def checked(self) -> str:
        """What the newest test said, or nothing."""
        if self.check is None or not self.check.is_done:
            return ""
        return "login accepted" if self.check.is_passed else "failed"

    @property
    def hindrance(self) -> str:
        """Why no mail can be sent through it now, or nothing."""
        if not self.profile.enabled:
            return "This profile is disabled."
        return "It needs its password first." if self.complaint else ""


def is_stored(holder: str) -> bool:
    """Whether the password was given here, so that it can be replaced here."""
    return not holder.startswith(("environment", "password command"))


async def card_of(request: Request, profile: Profile) -> Card:
    """What is to say of a profile."""
    sandbox = sandbox_of(request)
    holder, parking = await sandbox.vault.holder(profile), sandbox.outbox.parking(profile.name)
    return Card(profile, holder, checks_of(request).newest(profile), parking)


async def profile_of(request: Request) -> Profile:
    """The profile that the address names; 404 if there is none."""
    found = await asyncio.to_thread(sandbox_of(request).profiles.get, request.path_params["name"])
    if found is None:
        raise HTTPException(404, "There is no profile of this name, or no longer.")
    return found


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox of this app."""
    sandbox: Sandbox = request.state.sandbox
    return sandbox


def checks_of(request: Request) -> Checks:
    """The tests of this app."""
    checks: Checks = request.app.state.checks
    return checks
