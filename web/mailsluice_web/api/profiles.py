"""Profiles for programs: what the pages do, as JSON. Every request brings the instance's token, no answer a password.

    GET    /api/sandbox/profiles                  {"profiles": [{"name": "gmail", "password": "system keyring", …}]}
    POST   /api/sandbox/profiles                  {"name": …, "preset": "gmail", "user": …, "password": …} -> 201
    GET, PUT, DELETE /api/sandbox/profiles/NAME   PUT changes what it names; 204 after DELETE
    POST   /api/sandbox/profiles/NAME/checks      one login; {"passed": true, "failure": "", "steps": […]}

`parked` is null, or says why and until when this instance does not dial the profile (see the API of the outbox). What
cannot be done is `{"error": "…", "field": "user", "link": ""}` with 400, 401, 404 or 422.
"""

import asyncio
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice_web.api.release_shapes import told_parking
from mailsluice_web.pages.cards import checks_of, sandbox_of
from mailsluice_web.saving import read_password, remove_profile, save_profile
from mailsluice_web.tokens import Endpoint, locked

_ROOT: Final = "/api/sandbox/profiles"
# A command's arguments may hold a secret, and commands are set in the file by hand only.
_UNTOLD: Final = frozenset({"password_command", "environment_password"})


class Wishes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program may write; None leaves a field as it is, an empty text means what the preset says."""

    name: str | None = None
    preset: str | None = None
    host: str | None = None
    port: int | str | None = None
    security: str | None = None
    ca_file: str | None = None
    user: str | None = None
    sender_name: str | None = None
    sender_address: str | None = None
    aliases: list[str] | str | None = None
    allow: list[str] | str | None = None
    daily_limit: int | str | None = None
    pace: float | str | None = None
    enabled: bool | None = None
    default: bool | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Wishes(name={self.name!r})"  # a password in a log would be a leak


class _NoSuchProfile(Exception):
    pass


async def index(request: Request) -> Response:
    """Every profile."""
    found = await asyncio.to_thread(sandbox_of(request).profiles.list)
    return _json({"profiles": [await _told(request, profile) for profile in found]})


async def create(request: Request) -> Response:
    """A new profile."""
    return _json(await _told(request, await _save(request, old=None)), status=201)


async def show(request: Request) -> Response:
    """One profile."""
    return _json(await _told(request, await _profile(request)))


async def update(request: Request) -> Response:
    """Change what the body names."""
    return _json(await _told(request, await _save(request, old=await _profile(request))))


async def delete(request: Request) -> Response:
    """Remove the profile, and destroy its password."""
    await remove_profile(sandbox_of(request), checks_of(request), await _profile(request))
    return Response(status_code=204)


async def check(request: Request) -> Response:
    """Test the profile, with one login, and answer when the test has ended."""
    test = checks_of(request).start(await _profile(request), sandbox_of(request).vault)
    await test.finish()
    return _json({"passed": test.is_passed, "failure": test.failure, "steps": test.steps})


async def _save(request: Request, *, old: Profile | None) -> Profile:
    wishes = msgspec.json.decode(await request.body(), type=Wishes)
    fields = msgspec.structs.asdict(wishes)
    password = fields.pop("password") or ""
    draft = draft_profile(base=old, **fields)
    secret = read_password(password, preset=draft.preset)
    return await save_profile(sandbox_of(request), checks_of(request), draft, old=old, secret=secret)


async def _told(request: Request, profile: Profile) -> dict[str, Any]:
    fields = {name: value for name, value in msgspec.structs.asdict(profile).items() if name not in _UNTOLD}
    sandbox = sandbox_of(request)
    parked = told_parking(sandbox.outbox.parking(profile.name))
    return fields | {"password": await sandbox.vault.holder(profile), "parked": parked}


async def _profile(request: Request) -> Profile:
    found = await asyncio.to_thread(sandbox_of(request).profiles.get, request.path_params["name"])
    if found is None:
        raise _NoSuchProfile
    return found


def _explained(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with what it cannot do as JSON."""

    async def respond(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return _json({"error": refusal.reason, "field": refusal.field, "link": refusal.link}, status=422)
        except msgspec.DecodeError as error:
            return _json({"error": f"The body is not what is needed: {error}", "field": "", "link": ""}, status=400)
        except _NoSuchProfile:
            return _json({"error": "There is no profile of this name.", "field": "", "link": ""}, status=404)

    return respond


def _json(content: object, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


routes: Final[list[BaseRoute]] = [
    locked(_ROOT, _explained(index)),
    locked(_ROOT, _explained(create), methods=["POST"]),
    locked(f"{_ROOT}/{{name}}", _explained(show)),
    locked(f"{_ROOT}/{{name}}", _explained(update), methods=["PUT"]),
    locked(f"{_ROOT}/{{name}}", _explained(delete), methods=["DELETE"]),
    locked(f"{_ROOT}/{{name}}/checks", _explained(check), methods=["POST"]),
]
