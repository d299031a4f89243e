"""Rules of automatic release for programs, as JSON. Every request brings the instance's token.

    GET    /api/sandbox/rules              {"rules": [RULE, …]}, oldest first
    POST   /api/sandbox/rules              {"query": "subject:invoice", "profile": "gmail", "to": ["ada@example.com"],
                                            "per_hour": 10, "per_day": 50, "hours": 8} -> 201 RULE
    POST   /api/sandbox/rules/ID/ending    turn it off -> RULE
    DELETE /api/sandbox/rules/ID           forget it -> 204

    RULE {"id", "query", "profile", "recipients", "per_hour", "per_day", "created", "ends", "is_on", "note", "released",
          "held"}

A query of `*` is all mail; `released` of the matches were queued, `held` were not, and `note` says why. Times are
RFC 3339 in UTC. What cannot be done is answered with 400, 401, 404 or 422 and `{"error": "…", "field": "to",
"link": ""}`.
"""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mailsluice.rule import Rule
from mailsluice_web.api.answers import closed, explained, json_answer
from mailsluice_web.api.dates import utc_time
from mailsluice_web.api.resource import NotFound
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.tokens import locked

_ROOT: Final = "/api/sandbox/rules"
_NONE: Final = "There is no rule of this id."


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as a program writes it."""

    query: str
    profile: str
    to: list[str] | str
    per_hour: int = 10
    per_day: int = 50
    hours: int = 8


async def index(request: Request) -> Response:
    """Every rule."""
    return json_answer({"rules": [_told(rule) for rule in sandbox_of(request).automatic.rules]})


async def create(request: Request) -> Response:
    """A new rule, on from now."""
    wanted = msgspec.json.decode(await request.body(), type=Wanted)
    rule = await sandbox_of(request).automatic.add(
        wanted.query,
        wanted.profile,
        [wanted.to] if isinstance(wanted.to, str) else wanted.to,
        per_hour=wanted.per_hour,
        per_day=wanted.per_day,
        hours=wanted.hours,
    )
    return json_answer(_told(rule), status=201)


async def end(request: Request) -> Response:
    """Turn the rule off; one that is off already stays so."""
    rule = await sandbox_of(request).automatic.turn_off(request.path_params["id"])
    if rule is None:
        raise NotFound(_NONE)
    return json_answer(_told(rule))


async def delete(request: Request) -> Response:
    """Forget the rule."""
    if not await sandbox_of(request).automatic.remove(request.path_params["id"]):
        raise NotFound(_NONE)
    return Response(status_code=204)


def _told(rule: Rule) -> dict[str, Any]:
    times = {"created": utc_time(rule.created), "ends": utc_time(rule.ends)}
    told = {name: value for name, value in msgspec.structs.asdict(rule).items() if name != "route"}
    return told | times


routes: Final[list[BaseRoute]] = closed(
    [
        locked(_ROOT, explained(index)),
        locked(_ROOT, explained(create), methods=["POST"]),
        locked(f"{_ROOT}/{{id}}", explained(delete), methods=["DELETE"]),
        locked(f"{_ROOT}/{{id}}/ending", explained(end), methods=["POST"]),
    ]
)
