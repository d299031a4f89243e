"""Passwords: written, never shown again, and of no use for any server but the one they were given for.

In the configuration folder, beside profiles.toml:

    secrets.json   who holds each profile's password, and those that are sealed here (0600)
    key            what they are sealed with (0600)
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from mailsluice.errors import Refusal
from mailsluice.gmail.passwords import normalize_app_password
from mailsluice.relay.outside import read_password_file, run_command
from mailsluice.relay.private import alone_in, read_private, write_private
from mailsluice.relay.profile import Profile
from mailsluice.relay.sealing import binding_of, fingerprint, make_key, read_key, seal, unseal
from mailsluice.relay.secret import Secret
from mailsluice.relay.system_keyring import Backend, KeyringSilent, SystemKeyring, trusted_backend

__all__ = ["NONE", "PASSWORD_COMMAND", "SEALED_FILE", "SYSTEM_KEYRING", "Secret", "Vault"]

SYSTEM_KEYRING: Final = "system keyring"
SEALED_FILE: Final = "sealed file"
PASSWORD_COMMAND: Final = "password command"  # noqa: S105 (the holder's name)
NONE: Final = "none"
_MOST_BYTES: Final = 1 << 20


class _Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who holds a password, which binding it fits (a fingerprint), and the sealed password if it is held here."""

    holder: str
    fits: str
    sealed: bytes = b""


class Vault:
    """Keeps each profile's password sealed with host, port, security, CA file and user: change one and it is gone.

    `keyring` finds the system's back end, None means there is none; tests bring one of their own.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        keyring: Callable[[], Backend | None] | None = None,
        keyring_seconds: float = 3.0,
        command_seconds: float = 10.0,
    ) -> None:
        self._folder, self._environment = folder, environment
        find = keyring or (lambda: trusted_backend(environment))
        self._keyring = SystemKeyring(f"mailsluice {folder.absolute()}", find, seconds=keyring_seconds)
        self._command_seconds = command_seconds

    async def keep(self, profile: Profile, secret: Secret) -> str:
        """Hold the password for exactly this profile's server and user; returns who holds it."""
        binding = binding_of(profile)
        entry = json.dumps({"binding": binding.decode(), "password": secret.reveal()})
        if await self._keyring.keep(profile.name, entry):
            record = _Record(SYSTEM_KEYRING, fingerprint(binding))
            await asyncio.to_thread(self._write, profile.name, lambda: record)
            return SYSTEM_KEYRING
        before = await asyncio.to_thread(
            self._write,
            profile.name,
            lambda: _Record(
                SEALED_FILE,
                fingerprint(binding),
                seal(make_key(self._key_path), secret.reveal(), binding=binding),
            ),
        )
        if before and before.holder == SYSTEM_KEYRING:
            await self._keyring.forget(profile.name)
        return SEALED_FILE

    async def get(self, profile: Profile) -> Secret | None:
        """The password, or None if there is none for this server and user; a Refusal if its holder fails."""
        variable = self._variable(profile)
        if variable:
            return await self._from_environment(profile, variable)
        if profile.password_command:
            text = await run_command(
                profile.password_command, environment=self._environment, seconds=self._command_seconds
            )
            return _tidied(text, profile, source="The password command of this profile")
        return await self._kept(profile.name, binding_of(profile))

    async def forget(self, profile: Profile) -> None:
        """Hold no password for this profile any more."""
        await self._forget(profile.name)

    async def rename(self, old_name: str, profile: Profile) -> None:
        """Move the password of a profile that was called `old_name`, if it still fits."""
        if old_name == profile.name:
            return
        secret = await self._kept(old_name, binding_of(profile))
        if secret:
            await self.keep(profile, secret)
        await self._forget(old_name)

    async def holder(self, profile: Profile) -> str:
        """Where `get` would find the password: `system keyring`, `sealed file`, `environment variable NAME`,
        `password command` or `none`. Reads no secret and runs no command."""
        variable = self._variable(profile)
        if variable:
            return f"environment variable {variable}"
        if profile.password_command:
            return PASSWORD_COMMAND
        record = (await asyncio.to_thread(self._records)).get(profile.name)
        return record.holder if record and record.fits == fingerprint(binding_of(profile)) else NONE

    @property
    def _key_path(self) -> Path:
        return self._folder / "key"

    @property
    def _secrets_path(self) -> Path:
        return self._folder / "secrets.json"

    def _variable(self, profile: Profile) -> str:
        """The variable that gives this profile's password, or an empty text."""
        if not profile.environment_password:
            return ""
        names = (profile.variable, f"{profile.variable}_FILE")
        return next((name for name in names if self._environment.get(name)), "")

    async def _from_environment(self, profile: Profile, variable: str) -> Secret:
        text = self._environment[variable]
        if variable.endswith("_FILE") and variable != profile.variable:
            text = await asyncio.to_thread(read_password_file, Path(text), variable=variable)
        return _tidied(text, profile, source=variable)

    async def _kept(self, name: str, binding: bytes) -> Secret | None:
        record = (await asyncio.to_thread(self._records)).get(name)
        if record is None or record.fits != fingerprint(binding):
            return None
        if record.holder == SYSTEM_KEYRING:
            return await self._from_keyring(name, binding)
        text = await asyncio.to_thread(self._unsealed, record, binding)
        return None if text is None else Secret(text)

    async def _from_keyring(self, name: str, binding: bytes) -> Secret | None:
        try:
            text = await self._keyring.get(name)
        except KeyringSilent:
            raise Refusal(
                "The system keyring did not give the password: unlock it, or enter the password again."
            ) from None
        try:
            entry = json.loads(text or "{}")
            return Secret(str(entry["password"])) if entry["binding"] == binding.decode() else None
        except (ValueError, TypeError, KeyError):
            return None  # not what `keep` wrote

    def _unsealed(self, record: _Record, binding: bytes) -> str | None:
        key = read_key(self._key_path)
        return unseal(key, record.sealed, binding=binding) if key else None

    async def _forget(self, name: str) -> None:
        before = await asyncio.to_thread(self._write, name, lambda: None)
        if before and before.holder == SYSTEM_KEYRING:
            await self._keyring.forget(name)

    def _write(self, name: str, make: Callable[[], _Record | None]) -> _Record | None:
        """Put what `make` makes in place of the record, or remove it; returns the record that was there."""
        with alone_in(self._folder):
            records = self._records()
            before, record = records.pop(name, None), make()
            if record:
                records[name] = record
            if record or before:
                write_private(self._secrets_path, msgspec.json.format(msgspec.json.encode(records)) + b"\n")
            return before

    def _records(self) -> dict[str, _Record]:
        try:
            content = read_private(self._secrets_path, most=_MOST_BYTES)
            return msgspec.json.decode(content, type=dict[str, _Record]) if content else {}
        except OSError as error:
            raise Refusal(f"{self._secrets_path} cannot be read: {error.strerror}.") from None
        except msgspec.DecodeError:
            raise Refusal(f"{self._secrets_path} is damaged: remove it and enter the passwords again.") from None


def _tidied(text: str, profile: Profile, *, source: str) -> Secret:
    try:
        return Secret(normalize_app_password(text, preset=profile.preset))
    except Refusal as refusal:
        raise Refusal(f"{source}: {refusal.reason}", field="password", link=refusal.link) from None
