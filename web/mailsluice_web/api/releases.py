"""Preflights and releases for programs, as JSON; records are open to read, everything else needs the token.

    POST /api/sandbox/preflights                 {"message": "latest", "to": ["ada@example.com"]}   nothing is dialled
    POST /api/sandbox/preflights?raw=1           the exact bytes that would go, message/rfc822
    POST /api/sandbox/releases[?wait=SECONDS]    {"messages": ["4oRB…"], "to": …} -> 201 {"releases": [RELEASE, …]}
    GET  /api/sandbox/releases                   ?message= &profile= &state= &limit= &before= the `next` of an answer
    GET  /api/sandbox/releases/ID[?wait=SECONDS]     RELEASE with "transcript"
    GET  /api/sandbox/releases/ID/raw                the bytes that went
    POST /api/sandbox/releases/ID/cancellation       not sent yet: not sent at all
    POST /api/sandbox/releases/ID/attempts           failed, refused, deferred or unknown: try again now
    POST /api/sandbox/releases/ID/settlement         unknown, and you found it in Sent: delivered
    POST /api/sandbox/releases/ID/copies             the same bytes anew, with wishes of their own -> 201

Wishes, all optional: `profile` (else the default one), `to` (else whom the profile was last used for, else its own
address), `to_me`, `keep_message_id`, `reply_to_author` (the app's From as Reply-To), `stamp` and `digest` of a
preflight (the same bytes, once); `anyway` releases in spite of doubts. A preflight of a copy names a `release` instead
of a `message`. If one message cannot be released nothing is queued: 422 {"error": …, "message": ID, "profile": …,
"findings": [{"code": "not-allowed", "severity": "stop", "text": …, "remedy": …, "link": …, "address": …, "is_constant":
false}]}.

    RELEASE {"id", "message", "profile", "state", "created", "changed", "due": null, "sender",
             "recipients": [{"address", "state": "waiting", "accepted" or "refused",
                             "reply": null or {"code": 250, "enhanced": "2.1.5", "text": "OK"}}],
             "subject", "message_id", "original_message_id", "size", "to_me", "origin", "rule", "copy_of", "attempts",
             "reply": null, "verdict": null or {"kind", "cause", "meaning", "remedy", "link"}, "note"}

A recipient stays `waiting` where there is no last word: of an unknown release nobody knows, of a cancelled one nothing
went. Times are RFC 3339 in UTC; states: queued, sending, delivered, partly, refused, failed, deferred, unknown,
cancelled.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailsluice.errors import Refusal
from mailsluice.release import Release, State
from mailsluice.releasing import Preflight, Wishes
from mailsluice.store import LATEST
from mailsluice_web import downloads
from mailsluice_web.api import outbox
from mailsluice_web.api.answers import closed, explained, json_answer
from mailsluice_web.api.queries import whole_number
from mailsluice_web.api.release_shapes import told_findings, told_preflight, told_release
from mailsluice_web.api.resource import BadRequest, NotFound
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.tokens import locked

_ROOT: Final = "/api/sandbox"
_RELEASE: Final = f"{_ROOT}/releases/{{id}}"
_MOST_SECONDS: Final = 60
_PAGE: Final = 50
_MOST_LISTED: Final = 500


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to release, as a program writes it; `digest`, if given, is what the bytes must have."""

    profile: str = ""
    to: list[str] | str = []
    to_me: bool = False
    keep_message_id: bool = False
    reply_to_author: bool = False
    stamp: str = ""
    digest: str = ""
    anyway: bool = False
    origin: Literal["api", "command line"] = "api"

    @property
    def wishes(self) -> Wishes:
        """The same in the words of Releasing."""
        return Wishes(
            profile=self.profile,
            to=(self.to,) if isinstance(self.to, str) else tuple(self.to),
            to_me=self.to_me,
            keep_message_id=self.keep_message_id,
            adds_reply_to=self.reply_to_author,
            stamp=self.stamp,
        )


class WantedPreflight(Wanted, frozen=True, kw_only=True):
    """Of which message, or of which release a copy."""

    message: str = ""
    release: str = ""


class WantedReleases(Wanted, frozen=True, kw_only=True):
    """Of which messages."""

    messages: list[str]


async def preflight(request: Request) -> Response:
    """What a release would do; nothing is dialled."""
    wanted = msgspec.json.decode(await request.body(), type=WantedPreflight)
    if bool(wanted.message) == bool(wanted.release):
        raise BadRequest("Name a message, or a release to be repeated.")
    releasing = sandbox_of(request).releasing
    if wanted.message:
        found = await releasing.preflight(wanted.message, wanted.wishes)
    else:
        found = await releasing.preflight_copy(wanted.release, wanted.wishes)
    if found is None:
        raise NotFound(
            f"There is no message {wanted.message[:64]!r}."
            if wanted.message
            else "There is no such release, or its bytes are not kept any more."
        )
    if request.query_params.get("raw") == "1":
        return _mail(found.raw, found.stamp.rpartition(".")[2])
    return json_answer(told_preflight(found))


async def create(request: Request) -> Response:
    """Queue releases of all these messages, or of none."""
    wanted = msgspec.json.decode(await request.body(), type=WantedReleases)
    seconds = _seconds(request)
    if not wanted.messages:
        raise BadRequest("Name at least one message.")
    if len(set(wanted.messages)) > 1 and (wanted.stamp or wanted.digest):
        raise BadRequest("A stamp and a digest belong to one message: release it by itself.")
    preflights = await sandbox_of(request).releasing.preflight_all(wanted.messages, wanted.wishes)
    return await _release(request, _once(preflights), wanted, seconds)


async def create_copy(request: Request) -> Response:
    """Queue what a release sent once more, as a release of its own."""
    wanted = msgspec.json.decode(await request.body() or b"{}", type=Wanted)
    seconds = _seconds(request)
    found = await sandbox_of(request).releasing.preflight_copy(request.path_params["id"], wanted.wishes)
    if found is None:
        raise NotFound("There is no such release, or its bytes are not kept any more.")
    return await _release(request, [found], wanted, seconds)


async def index(request: Request) -> Response:
    """Releases, newest first, a page at a time."""
    parameters, sandbox = request.query_params, sandbox_of(request)
    state, message = parameters.get("state", ""), parameters.get("message", "")
    if state and state not in get_args(State):
        raise BadRequest(f"There is no state {state[:64]!r}; there are {', '.join(get_args(State))}.")
    if message == LATEST:
        newest = await sandbox.store.get(LATEST)
        message = newest.id if newest else message
    limit = min(whole_number(request, "limit") or _PAGE, _MOST_LISTED)
    found = await sandbox.store.journal.list(
        limit=limit + 1,
        before=whole_number(request, "before"),
        message=message,
        profile=parameters.get("profile", ""),
        state=state,
    )
    following = found[limit - 1][0] if len(found) > limit else None
    return json_answer({"releases": [told_release(one) for _, one in found[:limit]], "next": following})


async def show(request: Request) -> Response:
    """One release, when it is settled if the client waits for that."""
    found, seconds = await _record(request), _seconds(request)
    if seconds and found.is_open:
        found = next(iter(await sandbox_of(request).outbox.wait([found.id], seconds=seconds)), found)
    return json_answer(told_release(found, with_transcript=True))


async def source(request: Request) -> Response:
    """The exact bytes of a release."""
    found = await _record(request)
    raw = await sandbox_of(request).store.journal.source(found.id)
    if raw is None:
        raise NotFound("The bytes of this release are not kept any more.")
    return _mail(raw, found.id)


async def cancel(request: Request) -> Response:
    """Not to be sent any more."""
    return await _changed(request, sandbox_of(request).outbox.cancel)


async def retry(request: Request) -> Response:
    """One more attempt, now."""
    return await _changed(request, sandbox_of(request).outbox.retry)


async def settle(request: Request) -> Response:
    """The user saw it in Sent."""
    return await _changed(request, sandbox_of(request).outbox.settle)


async def _release(request: Request, preflights: Sequence[Preflight], wanted: Wanted, seconds: int) -> Response:
    for one in preflights:
        if one.stops or (one.doubts and not wanted.anyway):
            return _stopped(one)
        if wanted.digest not in ("", one.digest):
            raise Refusal(
                "Other bytes would go by now: nothing was released. Ask for a preflight again.", field="digest"
            )
    sandbox = sandbox_of(request)
    released = await sandbox.releasing.release(preflights, origin=wanted.origin, override=wanted.anyway)
    if seconds:
        released = await sandbox.outbox.wait([one.id for one in released], seconds=seconds)
    return json_answer({"releases": [told_release(one) for one in released]}, status=201)


def _stopped(preflight: Preflight) -> Response:
    found = (preflight.stops or preflight.doubts)[0]
    way_out = "" if preflight.stops else "With `anyway` it is released in spite of that."
    answer = {
        "error": " ".join(filter(None, (found.text, found.remedy, way_out))),
        "field": "to" if found.address else "message",
        "link": found.link,
        "message": preflight.message,
        "profile": preflight.profile.name,
        "findings": told_findings(preflight.findings),
    }
    return json_answer(answer, status=422)


def _once(preflights: Sequence[Preflight]) -> list[Preflight]:
    """`latest` and the id of the newest message are one message."""
    return [*{one.message: one for one in preflights}.values()]


async def _record(request: Request) -> Release:
    found = await sandbox_of(request).store.journal.get(request.path_params["id"])
    if found is None:
        raise NotFound("There is no release of this id.")
    return found


async def _changed(request: Request, change: Callable[[str], Awaitable[Release]]) -> Response:
    return json_answer(told_release(await change((await _record(request)).id), with_transcript=True))


def _seconds(request: Request) -> int:
    seconds = whole_number(request, "wait") or 0
    if seconds > _MOST_SECONDS:
        raise BadRequest(f"wait: at most {_MOST_SECONDS} seconds; then ask for the release again.")
    return seconds


def _mail(raw: bytes, id: str) -> Response:
    return Response(raw, headers=downloads.headers("message/rfc822", f"{id}.eml"))


routes: Final[list[BaseRoute]] = closed(
    [
        locked(f"{_ROOT}/preflights", explained(preflight), methods=["POST"]),
        Route(f"{_ROOT}/releases", explained(index)),
        locked(f"{_ROOT}/releases", explained(create), methods=["POST"]),
        Route(_RELEASE, explained(show)),
        Route(f"{_RELEASE}/raw", explained(source)),
        locked(f"{_RELEASE}/cancellation", explained(cancel), methods=["POST"]),
        locked(f"{_RELEASE}/attempts", explained(retry), methods=["POST"]),
        locked(f"{_RELEASE}/settlement", explained(settle), methods=["POST"]),
        locked(f"{_RELEASE}/copies", explained(create_copy), methods=["POST"]),
        *outbox.routes,
    ]
)
