"""A profile: the smarthost, the account there, who may be written to, and limits; never the password."""

import re
from collections.abc import Sequence
from typing import Any, Literal, TypedDict, Unpack

import msgspec

from mailsluice.gmail.presets import PRESETS
from mailsluice.relay import fields

Security = Literal["auto", "starttls", "tls", "plain"]
Texts = str | Sequence[str]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mail leaves through one account. Made by `draft_profile` from what people type, or read from profiles.toml.

    `daily_limit` 0 means the preset's; `pace` is seconds between messages. `password_command` and
    `environment_password` (whether a password from the environment is used) are set in the file by hand only.
    """

    name: str
    preset: str = "gmail"
    host: str
    port: int
    security: Security = "auto"
    ca_file: str = ""
    user: str = ""
    sender_name: str = ""
    sender_address: str = ""
    aliases: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    daily_limit: int = 0
    pace: float = 1.0
    enabled: bool = True
    default: bool = False
    password_command: tuple[str, ...] = ()
    environment_password: bool = True

    @property
    def effective_security(self) -> Literal["starttls", "tls", "plain"]:
        """What is done: `auto` means TLS on port 465 and STARTTLS elsewhere."""
        if self.security == "auto":
            return "tls" if self.port in fields.TLS_PORTS else "starttls"
        return self.security

    @property
    def address(self) -> str:
        """The sender's address: its own field, else the user."""
        return self.sender_address or self.user

    @property
    def identities(self) -> tuple[str, ...]:
        """Every address this account may write from, the default first."""
        return tuple(dict.fromkeys(one for one in (self.address, *self.aliases) if one))

    @property
    def messages_a_day(self) -> int:
        """The limit of a rolling day: this profile's, else its preset's; 0 where none is known."""
        return self.daily_limit or (PRESETS[self.preset].daily_limit if self.preset in PRESETS else 0)

    @property
    def variable(self) -> str:
        """The environment variable that may give the password: `my-work` has MAILSLUICE_PROFILE_MY_WORK_PASSWORD."""
        return f"MAILSLUICE_PROFILE_{re.sub(r'[^A-Z0-9]', '_', self.name.upper())}_PASSWORD"

    @property
    def binding(self) -> tuple[str, int, str, str, str]:
        """What a password is given for: host, port, security, CA file and user; with another one it is of no use."""
        return (self.host, self.port, self.effective_security, self.ca_file, self.user)


class Form(TypedDict, total=False):
    """What people type; None keeps what the profile being edited has, an empty text means the preset's value."""

    name: str | None
    preset: str | None
    host: str | None
    port: str | int | None
    security: str | None
    ca_file: str | None
    user: str | None
    sender_name: str | None
    sender_address: str | None
    aliases: Texts | None
    allow: Texts | None
    daily_limit: str | int | None
    pace: str | float | None
    enabled: str | bool | None
    default: str | bool | None


def draft_profile(*, base: Profile | None = None, by_hand: bool = False, **form: Unpack[Form]) -> Profile:
    """Make a profile of what people typed, forgiving what can be understood; otherwise a Refusal names the field.

    `base` is the profile being edited; `by_hand` as in `Profiles.save`.
    """
    old = base or Profile(name="", host="", port=0)
    typed: dict[str, Any] = {field: text for field, text in form.items() if text is not None}
    preset = fields.read_preset(typed.get("preset", old.preset))
    if base is None or preset.id != old.preset:
        typed = {"host": "", "port": "", "security": "", **typed}
    texts = msgspec.structs.asdict(old) | typed
    place = fields.read_place(
        texts["host"], texts["port"], texts["security"], preset=preset, keep_security="security" not in typed
    )
    account = fields.read_user(texts["user"], preset=place.preset)
    draft = Profile(
        name=fields.read_name(texts["name"], preset=place.preset),
        preset=place.preset.id,
        host=place.host,
        port=place.port,
        security=place.security,
        ca_file=fields.read_ca_file(texts["ca_file"]),
        user=account.address,
        sender_name=fields.read_words(texts["sender_name"] or account.name, field="sender_name"),
        sender_address=fields.read_sender(texts["sender_address"]),
        aliases=fields.read_aliases(texts["aliases"]),
        allow=fields.read_patterns(texts["allow"]),
        daily_limit=fields.read_count(texts["daily_limit"]),
        pace=fields.read_seconds(texts["pace"]),
        enabled=fields.read_switch(texts["enabled"], field="enabled"),
        default=fields.read_switch(texts["default"], field="default"),
        password_command=old.password_command,
        environment_password=old.environment_password,
    )
    return check_profile(draft if by_hand else bound_to(draft, old=base))


def bound_to(draft: Profile, *, old: Profile | None) -> Profile:
    """The draft with the passwords from outside that `old` had, or with none of them if it goes somewhere else.

    Whoever changes a profile's server on a page must not be sent what a command or the environment would give. A
    provider's own host, with its certificate verified, may have the environment's.
    """
    providers = {preset.host for preset in PRESETS.values() if preset.host}
    is_provider = draft.host in providers and draft.effective_security != "plain" and not draft.ca_file
    is_there_still = old is not None and draft.binding == old.binding
    return msgspec.structs.replace(
        draft,
        password_command=old.password_command if old and is_there_still else (),
        environment_password=(old is None or old.environment_password)
        and (is_provider or bool(old and is_there_still and draft.variable == old.variable)),
    )


def check_profile(profile: Profile) -> Profile:
    """The profile itself if its parts fit together, or a Refusal."""
    preset = fields.read_preset(profile.preset)
    if not preset.works:
        raise fields.refused("preset", preset.note)
    fields.check_name(profile.name)
    fields.check_host(profile.host)
    if not 0 < profile.port < 65536:
        raise fields.refused("port", "A port is a number from 1 to 65535; for sending it is 587 or 465.")
    if profile.effective_security == "plain" and not fields.is_on_this_computer(profile.host):
        raise fields.refused("security", "Without encryption only a server on this computer is used; choose auto.")
    if not profile.user and preset.id not in ("custom", "workspace-relay"):
        raise fields.refused("user", "Enter the address of the account, such as name@gmail.com.")
    if not fields.is_address(profile.address):
        raise fields.refused("sender_address", "Enter an address to send from, such as name@example.com.")
    return profile
