"""The user's profiles and their passwords, as every command finds them: files that running instances share."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailsluice.relay.profile import Profile
    from mailsluice.relay.profiles import Profiles
    from mailsluice.relay.vault import Vault


def profiles() -> "Profiles":
    """Those of the user's configuration folder."""
    from mailsluice.relay.profiles import Profiles, configuration_folder

    return Profiles(configuration_folder())


def vault() -> "Vault":
    """Their passwords."""
    import os

    from mailsluice.relay.profiles import configuration_folder
    from mailsluice.relay.vault import Vault

    return Vault(configuration_folder(), os.environ)


def found(name: str) -> "Profile":
    """The profile of this name; a Refusal names those that there are."""
    from mailsluice.errors import Refusal

    kept = profiles()
    one = kept.get(name)
    if one is None:
        names = ", ".join(one.name for one in kept.list()) or "none yet"
        raise Refusal(f"There is no profile {name[:64]!r}; there are: {names}.")
    return one


def the_default() -> "Profile":
    """The profile that is used where none is named; a Refusal if there is none."""
    from mailsluice.errors import Refusal

    one = profiles().default()
    if one is None:
        raise Refusal("No profile is the default: name one.")
    return one


def described(one: "Profile", parkings: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The profile, who holds its password, and which running instance does not dial it, as data."""
    import asyncio

    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(one)
    told["password_command"] = bool(one.password_command)  # its words may be telling
    return told | {
        "effective_security": one.effective_security,
        "messages_a_day": one.messages_a_day,
        "password": asyncio.run(vault().holder(one)),
        "parked": parkings.get(one.name, []),
    }
