"""Rules of automatic release: which are on, a form to make one, and ways to end one."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mailsluice.automatic import Automatic
from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.rendering import page, render
from mailsluice_web.tokens import locked

_TEXTS: Final = ("query", "profile", "to", "per_hour", "per_day", "hours")
_USUAL: Final = {"per_hour": "10", "per_day": "50", "hours": "8"}
_LONGEST: Final = 10_000


class Form(msgspec.Struct, frozen=True):
    """What stands in the fields, and our no to it."""

    values: Mapping[str, str]
    refusal: Refusal | None = None
    fields: frozenset[str] = frozenset(_TEXTS)


async def rules(request: Request) -> Response:
    """All rules, newest first, and the form for one more."""
    return await _show(request)


async def listed(request: Request) -> Response:
    """The rules alone: an open page asks for them when something happened."""
    return render(request, "rules/_list.html", {"rules": _newest_first(request)})


async def create(request: Request) -> Response:
    """Make a rule that is on from now."""
    form = await request.form()
    texts = {name: str(form.get(name, "")) for name in _TEXTS}
    if any(len(text) > _LONGEST for text in texts.values()):
        raise HTTPException(413, "A field of the form is far too long.")
    try:
        await _automatic(request).add(
            texts["query"],
            texts["profile"],
            read_recipients(texts["to"]),
            per_hour=_number(texts, "per_hour"),
            per_day=_number(texts, "per_day"),
            hours=_number(texts, "hours"),
        )
    except Refusal as refusal:
        return await _show(request, Form(texts, refusal), status=422)
    return await _show(request)


async def end(request: Request) -> Response:
    """Turn the rule off."""
    if await _automatic(request).turn_off(request.path_params["id"]) is None:
        raise HTTPException(404, "There is no such rule any more.")
    return await _show(request)


async def remove(request: Request) -> Response:
    """Forget the rule; one that is gone already is fine."""
    await _automatic(request).remove(request.path_params["id"])
    return await _show(request)


def read_recipients(text: str) -> list[str]:
    """The addresses of a field, apart by commas, semicolons or line ends."""
    return [one for part in text.replace(";", "\n").replace(",", "\n").splitlines() if (one := part.strip())]


async def _show(request: Request, form: Form | None = None, *, status: int = 200) -> Response:
    try:
        found, complaint = await asyncio.to_thread(sandbox_of(request).profiles.list), ""
        default = await asyncio.to_thread(sandbox_of(request).profiles.default)
    except Refusal as refusal:
        found, default, complaint = [], None, refusal.reason
    context = {
        "rules": _newest_first(request),
        "profiles": [one for one in found if one.enabled],
        "complaint": complaint,
        "form": form or Form(_USUAL | _first(default)),
    }
    return await page(request, "rules/_rules.html", context, title="Automatic release", status=status)


def _newest_first(request: Request) -> list[object]:
    return [*reversed(_automatic(request).rules)]


def _first(default: Profile | None) -> dict[str, str]:
    return {"profile": default.name} if default else {}


def _number(texts: Mapping[str, str], field: str) -> int:
    text = texts[field].strip() or _USUAL[field]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal("Enter a number, such as 10.", field=field)
    return int(text)


def _automatic(request: Request) -> Automatic:
    return sandbox_of(request).automatic


routes: Final[list[BaseRoute]] = [
    locked("/rules", rules),
    locked("/rules", create, methods=["POST"]),
    locked("/rules/list", listed),
    locked("/rules/{id}/ending", end, methods=["POST"]),
    locked("/rules/{id}/removal", remove, methods=["POST"]),
]
