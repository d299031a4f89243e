"""The form in which a profile is made and edited; whatever was wrong comes back in it, at its field."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal
from mailsluice.gmail.presets import PRESETS, Preset
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice.relay.secret import Secret
from mailsluice.relay.vault import NONE
from mailsluice_web.pages.cards import checks_of, is_stored, profile_of, sandbox_of
from mailsluice_web.pages.profiles import show
from mailsluice_web.rendering import page
from mailsluice_web.saving import read_password, save_profile

TEXTS: Final = (
    *("preset", "name", "host", "port", "security", "ca_file", "user"),
    *("sender_name", "sender_address", "aliases", "allow", "daily_limit", "pace"),
)
"""The fields of the form, but for the password, which never comes back."""

_SHOWN: Final = frozenset({*TEXTS, "password"}) - {"preset"}
_LONGEST: Final = 10_000


class Form(msgspec.Struct, frozen=True):
    """What stands in the fields, and our no to it; `secret_fixed` says where else the password comes from."""

    values: Mapping[str, str]
    refusal: Refusal | None = None
    secret_fixed: str = ""
    fields: frozenset[str] = _SHOWN


async def new(request: Request) -> Response:
    """Which provider, then its form; a provider that takes no passwords says so."""
    preset = PRESETS.get(request.query_params.get("preset", ""))
    if preset is None:
        return await page(request, "profiles/_choose.html", {"presets": PRESETS.values()}, title="New profile")
    if not preset.works:
        return await page(request, "profiles/_useless.html", {"preset": preset}, title=preset.title)
    name = await asyncio.to_thread(_free_name, request, preset)
    values = {"name": name, "host": preset.host, "port": str(preset.port), "security": "auto", "pace": "1"}
    return await _form(request, preset, Form(values))


async def create(request: Request) -> Response:
    """Save a new profile with its password, and test it if that was asked."""
    texts, password = await _texts(request)
    preset = _preset(texts["preset"])
    try:
        draft = draft_profile(**texts)
        secret = read_password(password, preset=draft.preset)
        if secret is None and draft.user and await sandbox_of(request).vault.holder(draft) == NONE:
            raise Refusal("The password is missing.", field="password", link=preset.app_password_url)
        saved = await save_profile(sandbox_of(request), checks_of(request), draft, secret=secret)
    except Refusal as refusal:
        return await _form(request, preset, Form(texts, refusal), status=422)
    return await _saved(request, saved)


async def edit(request: Request) -> Response:
    """The form with what the profile says; the password is not in it."""
    found = await profile_of(request)
    return await _form(request, _preset(found.preset), Form(_values(found)), found=found)


async def update(request: Request) -> Response:
    """Save the changes, and test if that was asked; a password left empty stays what it is."""
    found = await profile_of(request)
    texts, password = await _texts(request)
    try:
        draft = draft_profile(base=found, **texts)
        secret: Secret | None = read_password(password, preset=draft.preset)
        saved = await save_profile(sandbox_of(request), checks_of(request), draft, old=found, secret=secret)
    except Refusal as refusal:
        return await _form(request, _preset(found.preset), Form(texts, refusal), found=found, status=422)
    return await _saved(request, saved)


async def _saved(request: Request, saved: Profile) -> Response:
    if (await request.form()).get("then") == "test":
        checks_of(request).start(saved, sandbox_of(request).vault)
    return await show(request, saved, is_new_address=True)


async def _form(
    request: Request, preset: Preset, form: Form, *, found: Profile | None = None, status: int = 200
) -> Response:
    holder = await sandbox_of(request).vault.holder(found) if found else NONE
    if holder != NONE and not is_stored(holder):
        form = msgspec.structs.replace(form, secret_fixed=f"From the {holder}; it is changed there.")
    context: dict[str, Any] = {
        "preset": preset,
        "form": form,
        "profile": found,
        "holder": "" if holder == NONE else holder,
    }
    title = f"Edit {found.name}" if found else "New profile"
    return await page(request, "profiles/_form.html", context, title=title, status=status)


async def _texts(request: Request) -> tuple[dict[str, Any], str]:
    """The fields as they were typed, all of them texts, and the password apart from them."""
    form = await request.form()
    given = {name: str(form.get(name, "")) for name in (*TEXTS, "password")}
    if any(len(text) > _LONGEST for text in given.values()):
        raise HTTPException(413, "A field of the form is far too long.")
    return {name: given[name] for name in TEXTS}, given["password"]


def _preset(id: str) -> Preset:
    return PRESETS.get(id, PRESETS["custom"])


def _values(profile: Profile) -> dict[str, str]:
    values = {name: getattr(profile, name) for name in TEXTS}
    texts = {name: "\n".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
    return texts | {"daily_limit": texts["daily_limit"] if profile.daily_limit else "", "pace": f"{profile.pace:g}"}


def _free_name(request: Request, preset: Preset) -> str:
    """The preset's id, with a number if a profile has that name."""
    taken = {profile.name for profile in sandbox_of(request).profiles.list()}
    base = "server" if preset.id == "custom" else preset.id
    return next(name for name in (base, *(f"{base}-{number}" for number in range(2, 1000))) if name not in taken)
