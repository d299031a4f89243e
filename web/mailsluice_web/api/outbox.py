"""Profiles as the outbox of this instance has them, for programs; every request brings the instance's token.

POST /api/sandbox/profiles/NAME/resumption   parked: try again now. {"only": "sign-in"} leaves a parking that has an
                                             end, for after a change of the profile or a passed test
                                             -> {"profile", "parked": null or PARKED, "resumed": true}
POST /api/sandbox/profiles/NAME/allowances   {"address": "ada@example.com"}: may be written to from now on
POST /api/sandbox/profiles/NAME/sent         {"recipients": 1}: mailed otherwise, counts towards the day's limit
                                             -> {"profile", "quota": {"used", "limit", "left"}}

PARKED {"until": null (until somebody acts) or a time, "verdict": {"kind", "cause", "meaning", "remedy", "link"}}
"""

import asyncio
from typing import Annotated, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mailsluice.relay.profile import Profile
from mailsluice.sandbox import Sandbox
from mailsluice_web.api.answers import closed, explained, json_answer
from mailsluice_web.api.release_shapes import told_parking, told_quota
from mailsluice_web.api.resource import NotFound
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.tokens import locked

_PROFILE: Final = "/api/sandbox/profiles/{name}"


class Resumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which parking ends: any, or `only` the one after a sign-in that was refused."""

    only: Literal["", "sign-in"] = ""


class Allowance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may be written to from now on."""

    address: str


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To how many recipients mail went that this instance did not send."""

    recipients: Annotated[int, msgspec.Meta(ge=1, le=1000)]


async def resume(request: Request) -> Response:
    """Dial a parked profile again."""
    wanted = msgspec.json.decode(await request.body() or b"{}", type=Resumption)
    sandbox, profile = await _with_profile(request)
    before = sandbox.outbox.parking(profile.name)
    await (sandbox.reconsider if wanted.only else sandbox.outbox.resume)(profile.name)
    after = sandbox.outbox.parking(profile.name)
    resumed = before is not None and after is None
    return json_answer({"profile": profile.name, "parked": told_parking(after), "resumed": resumed})


async def allow(request: Request) -> Response:
    """One more address that a profile may write to."""
    sandbox, profile = await _with_profile(request)
    wanted = msgspec.json.decode(await request.body(), type=Allowance)
    await sandbox.releasing.allow(profile.name, wanted.address)
    saved = await asyncio.to_thread(sandbox.profiles.get, profile.name)
    return json_answer({"profile": profile.name, "allow": saved.allow if saved else ()})


async def count(request: Request) -> Response:
    """Mail that left through the account beside this instance."""
    sandbox, profile = await _with_profile(request)
    wanted = msgspec.json.decode(await request.body(), type=Sent)
    await sandbox.store.journal.count_sent(profile.name, wanted.recipients)
    return json_answer({"profile": profile.name, "quota": told_quota(await sandbox.outbox.quota(profile))})


async def _with_profile(request: Request) -> tuple[Sandbox, Profile]:
    sandbox = sandbox_of(request)
    found = await asyncio.to_thread(sandbox.profiles.get, request.path_params["name"])
    if found is None:
        raise NotFound("There is no profile of this name.")
    return sandbox, found


routes: Final[list[BaseRoute]] = closed(
    [
        locked(f"{_PROFILE}/resumption", explained(resume), methods=["POST"]),
        locked(f"{_PROFILE}/allowances", explained(allow), methods=["POST"]),
        locked(f"{_PROFILE}/sent", explained(count), methods=["POST"]),
    ]
)
