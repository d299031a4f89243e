"""Mailpit's way to release: its clients send through the default profile, once the user has switched that on.

These clients bring no token and can be asked nothing. So the switch is off until somebody sets it, every rule of the
profile holds, and a doubt does not stop them.
"""

import asyncio
import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal
from mailsluice.gmail.replies import without_sign_in_link
from mailsluice.relay.profile import Profile
from mailsluice.release import Release
from mailsluice.releasing import Wishes
from mailsluice.sandbox import Sandbox
from mailsluice_web.api.gojson import decode_object, encode
from mailsluice_web.api.queries import is_id
from mailsluice_web.api.resource import BadRequest, NotFound, text
from mailsluice_web.api.shapes import MessageRelay, WebUI
from mailsluice_web.pages.cards import sandbox_of

_PATIENCE: Final = 60
_MOST_REPLIES: Final = 5
_OFF: Final = "Releasing by this address is switched off: start mailsluice with --mailpit-release to allow it."
_UNREADABLE: Final = "The body is not the JSON expected; nothing was sent"


async def release(request: Request) -> Response:
    """`ok` only once the smarthost has taken the message for every recipient."""
    sandbox = sandbox_of(request)
    id = str(request.path_params["id"])
    if not is_id(id) or await sandbox.store.get(id) is None:
        raise NotFound("404 page not found")
    if not sandbox.settings.mailpit_release:
        raise BadRequest(_OFF)
    recipients = _recipients(await request.body())
    try:
        queued = await _queue(sandbox, id, recipients)
        found = next(iter(await sandbox.outbox.wait([queued.id], seconds=_PATIENCE)), queued)
    except Refusal as refusal:
        raise BadRequest(refusal.reason) from refusal
    if found.state != "delivered":
        raise BadRequest(_reason(found))
    return text("ok")


async def webui(request: Request) -> Response:
    """What a web interface should offer; of the default profile only while clients may release through it."""
    sandbox = sandbox_of(request)
    profile = await _default(sandbox) if sandbox.settings.mailpit_release else None
    relay = _relay(profile) if profile else MessageRelay()
    return Response(encode(WebUI(MessageRelay=relay)), headers={"Content-Type": "application/json"})


async def _queue(sandbox: Sandbox, id: str, recipients: tuple[str, ...]) -> Release:
    preflight = await sandbox.releasing.preflight(id, Wishes(to=recipients))
    if preflight is None:
        raise NotFound("404 page not found")
    if preflight.stops:
        raise BadRequest(" ".join(filter(None, (preflight.stops[0].text, preflight.stops[0].remedy))))
    (queued,) = await sandbox.releasing.release([preflight], origin="mailpit api", override=True)
    return queued


def _recipients(body: bytes) -> tuple[str, ...]:
    try:
        to: Any = decode_object(body).get("to")
    except ValueError as error:
        raise BadRequest(f"{_UNREADABLE} ({error})") from error
    if not isinstance(to, list) or not all(isinstance(one, str) for one in to):
        raise BadRequest(f"{_UNREADABLE}: To must be a list of addresses")
    found = tuple(one.strip() for one in to if one.strip())
    if not found:
        raise BadRequest("No valid addresses found: name the recipients in To")
    return found


def _reason(found: Release) -> str:
    """Why it is not `ok`, in the smarthost's own words where there are any, and where to read more."""
    refused = [one for one in found.recipients if one.state != "accepted" and one.reply]
    replies = [f"{one.address}: {one.reply}" for one in refused] or ([str(found.reply)] if found.reply else [])
    if len(replies) > _MOST_REPLIES:
        replies = [*replies[:_MOST_REPLIES], "…"]
    meaning = found.verdict.meaning if found.verdict else ""
    parts = (f"{_STATES.get(found.state, found.state)}.", *replies, meaning, found.note, f"See /releases/{found.id}")
    return without_sign_in_link(" ".join(part for part in parts if part))


_STATES: Final = {
    "queued": "Queued, and not sent yet; it goes out by itself",
    "sending": "Being sent, without an answer yet",
    "deferred": "Not sent yet; it is tried again by itself",
    "partly": "Sent to some of the recipients only",
    "refused": "Refused by the server",
    "failed": "Not sent",
    "unknown": "The outcome is unknown; it is not sent again by itself",
    "cancelled": "Cancelled before it was sent",
}


async def _default(sandbox: Sandbox) -> Profile | None:
    try:
        return await asyncio.to_thread(sandbox.profiles.default)
    except Refusal:  # a broken file: there is nothing to offer
        return None


def _relay(profile: Profile) -> MessageRelay:
    patterns = [f"*{one}" if one.startswith("@") else one for one in (profile.user, *profile.allow) if one]
    allowed = f"(?i)^({'|'.join(map(_expression, patterns))})$"
    server = f"{profile.host}:{profile.port}"
    return MessageRelay(Enabled=True, SMTPServer=server, AllowedRecipients=allowed, RecipientAllowlist=allowed)


def _expression(pattern: str) -> str:
    """A glob as a regular expression of Go, which clients may show."""
    return re.sub(r"[^\w@*?-]", r"\\\g<0>", pattern).replace("*", ".*").replace("?", ".")
