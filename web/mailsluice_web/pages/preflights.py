"""The dialog in which a release is looked at before it is made: what goes, to whom, and what stands in the way."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal
from mailsluice.release import Finding, Release
from mailsluice.releasing import Preflight, Wishes
from mailsluice_web.pages import messages, releases
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.rendering import page, render
from mailsluice_web.shown import INTO_PANE, TO_LOOK_AT, account, named, newlines

_OFFERED: Final = 12
_LONGEST: Final = 100_000
_CHANGED: Final = "This is no longer what was shown here: look again."
_CHECKED: Final = "Checked what you typed: release it now?"
_BLOCKED: Final = "Checked what you typed: look at what stands in the way."
_NOBODY: Final = Finding("no-recipients", "stop", "Nobody is named to get it.", "Name at least one recipient.")


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form; `suggested` is what it was filled with, `seen` the findings shown for `asked`."""

    wishes: Wishes
    to: str = ""
    suggested: str = ""
    override: bool = False
    digest: str = ""
    account: str = ""
    seen: str = "[]"
    asked: str = ""
    add: str = ""
    allow: str = ""
    is_standing: bool = False

    @property
    def is_suggested(self) -> bool:
        """Whether the recipients are those that the form was filled with."""
        return self.to == self.suggested and not self.add

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every line of the recipients, with what a click adds to them."""
        lines = (line.strip() for line in f"{self.to}\n{self.add}".splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))


class Dialog:
    """The dialog over captured messages (`/messages/…/releases`) or over earlier releases (`/releases/…/copies`)."""

    def __init__(self, root: str, made: str) -> None:
        self._root, self._made = root, made

    async def new(self, request: Request) -> Response:
        """The dialog with its preflight done; a page of its own where it was not asked for as a dialog."""
        is_standing = request.headers.get("hx-target") != "div#modal"
        typed = Typed(wishes=Wishes(to_me=request.query_params.get("to_me") == "1"), is_standing=is_standing)
        inner, context, status = await self._begin(request, typed)
        if inner is None:
            return await self._gone(request)
        return await page(request, "releases/_new.html", {**context, "inner": inner}, title="Release", status=status)

    async def again(self, request: Request) -> Response:
        """The preflight for what stands in the form now, with the same stamp."""
        typed = _read(await request.form())
        try:
            if typed.allow:
                await sandbox_of(request).releasing.allow(typed.wishes.profile, typed.allow)
            found = await self._for(request, typed, is_final=False)
        except Refusal as refusal:
            return await self._anew(request, typed, refusal)
        if found is None:
            return await self._gone(request)
        return await self._form(request, found, typed)

    async def create(self, request: Request) -> Response:
        """Queue what was shown, once; whatever is in the way comes back in the form."""
        typed = _read(await request.form())
        sandbox = sandbox_of(request)
        try:
            found = await self._for(request, typed, is_final=True)
        except Refusal as refusal:
            return await self._anew(request, typed, refusal)
        if found is None:
            return await self._gone(request)
        earlier = await sandbox.store.journal.get(found.stamp.partition(".")[2])
        if earlier and tuple(one.address for one in earlier.recipients) == found.recipients:
            return await self._queued(request, earlier)
        try:
            _refuse_unseen(found, typed)
            made = await sandbox.releasing.release([found], origin="page", override=typed.override)
        except Refusal as refusal:
            return await self._form(request, found, typed, refusal, status=422)
        return await self._queued(request, made[0])

    async def source(self, request: Request) -> Response:
        """The exact bytes that the preflight showed. Who knows their digest knows them, so it takes no token."""
        try:
            found = await self._preflight(request, _wishes(request.query_params))
        except Refusal:
            found = None
        if found is None or found.digest != request.path_params["digest"]:
            raise HTTPException(404, "This preflight is over. The bytes that went are kept with the release.")
        return releases.eml(found.raw, found.subject)

    async def _preflight(self, request: Request, wishes: Wishes) -> Preflight | None:
        releasing, id = sandbox_of(request).releasing, request.path_params["id"]
        return await (releasing.preflight if self._root == "messages" else releasing.preflight_copy)(id, wishes)

    async def _for(self, request: Request, typed: Typed, *, is_final: bool) -> Preflight | None:
        """The preflight of a form. Recipients that were only suggested are suggested anew, but not when they go."""
        is_suggested = typed.is_suggested and not is_final
        to = () if is_suggested else typed.addresses
        found = await self._preflight(request, msgspec.structs.replace(typed.wishes, to=to))
        if found is None or to or is_suggested or found.is_to_me:
            return found
        findings = tuple(one for one in found.findings if not one.address)
        return msgspec.structs.replace(found, recipients=(), findings=(_NOBODY, *findings))

    async def _context(
        self, request: Request, found: Preflight, typed: Typed, refusal: Refusal | None = None
    ) -> dict[str, Any]:
        profiles = await asyncio.to_thread(sandbox_of(request).profiles.list)
        offered = [one for one in enumerate(found.captured, 1) if one[1] not in found.recipients]
        lines = "\n".join(found.recipients)
        return self._base(request, typed) | {
            "preflight": found,
            "typed": typed,
            "refusal": refusal,
            "profiles": [one for one in profiles if one.enabled or one.name == found.profile.name],
            # While it goes to the account itself, what was typed before waits in the form.
            "to": typed.to if found.is_to_me else lines,
            "suggested": lines if typed.is_suggested and not found.is_to_me else typed.suggested,
            "offered": offered[:_OFFERED],
            "all_offered": [address for _, address in offered],
            "shown": [one for one in found.findings if one.severity in TO_LOOK_AT],
            "changes": _folded(found, is_constant=False),
            "constant": _folded(found, is_constant=True),
            "seen": json.dumps(_codes(found)),
            "asked": _asked(found),
            "account": account(found.profile),
            "is_blocked": _is_blocked(found, typed),
        }

    async def _form(
        self, request: Request, found: Preflight, typed: Typed, refusal: Refusal | None = None, *, status: int = 200
    ) -> Response:
        context = await self._context(request, found, typed, refusal)
        return render(request, "releases/_form.html", context, status=status)

    def _base(self, request: Request, typed: Typed) -> dict[str, Any]:
        base = f"/{self._root}/{request.path_params['id']}"
        return {"base": base, "made": self._made, "is_standing": typed.is_standing}

    async def _begin(
        self, request: Request, typed: Typed, refusal: Refusal | None = None
    ) -> tuple[str | None, dict[str, Any], int]:
        """What the dialog begins with, the form or why there is none; None where there is nothing to release."""
        base = self._base(request, typed)
        profiles = await asyncio.to_thread(sandbox_of(request).profiles.list)
        if not profiles:
            return "releases/_none.html", base, 200
        # Without a default profile it begins with the first; the form offers the others.
        name = next((one.name for one in profiles if one.default), profiles[0].name)
        try:
            found = await self._preflight(request, msgspec.structs.replace(typed.wishes, profile=name))
        except Refusal as why:
            return "releases/_refused.html", base | {"refusal": why}, 422
        if found is None:
            return None, base, 404
        return "releases/_form.html", await self._context(request, found, typed, refusal), 422 if refusal else 200

    async def _anew(self, request: Request, typed: Typed, refusal: Refusal) -> Response:
        """The profile is gone, or cannot be written: the dialog begins anew and says so."""
        blank = Typed(wishes=Wishes(to_me=typed.wishes.to_me), is_standing=typed.is_standing)
        inner, context, status = await self._begin(request, blank, refusal)
        if inner is None:
            return await self._gone(request)
        return render(request, inner, context, status=status)

    async def _gone(self, request: Request) -> Response:
        if self._root == "messages":
            response = await messages.gone(request)
        else:
            context = {"heading": "Not kept any more", "text": "The bytes of this release are not kept any more."}
            response = await page(request, "releases/_gone.html", context, title="Not kept", status=404)
        response.headers.update(INTO_PANE)
        return response

    async def _queued(self, request: Request, release: Release) -> Response:
        """The release as it goes on: among those of its message, or alone if the message is gone."""
        is_there = self._root == "messages" and await sandbox_of(request).store.get(release.message) is not None
        if is_there:
            address, response = f"/messages/{release.message}/releases", messages.show(request, view="releases")
        else:
            address, response = f"/releases/{release.id}", releases.show(request, release.id)
        answer = await response
        answer.headers.update({**INTO_PANE, "HX-Push-Url": address, "HX-Trigger": "messages"})
        return answer


def _read(form: FormData) -> Typed:
    texts = {name: str(value) for name, value in form.items()}
    if any(len(text) > _LONGEST for text in texts.values()):
        raise HTTPException(413, "A field of the form is far too long.")
    return Typed(
        wishes=_wishes(texts),
        to=newlines(texts.get("to", "")),
        suggested=newlines(texts.get("suggested", "")),
        override=texts.get("override") == "1",
        digest=texts.get("digest", ""),
        account=texts.get("account", ""),
        seen=texts.get("seen", "[]"),
        asked=texts.get("asked", ""),
        add=texts.get("add", ""),
        allow=texts.get("allow", ""),
        is_standing=texts.get("standing") == "1",
    )


def _wishes(given: Mapping[str, str]) -> Wishes:
    return Wishes(
        profile=given.get("profile", ""),
        to_me=given.get("to_me") == "1",
        keep_message_id=given.get("keep_message_id") == "1",
        adds_reply_to=given.get("adds_reply_to") == "1",
        stamp=given.get("stamp", ""),
    )


def _refuse_unseen(found: Preflight, typed: Typed) -> None:
    """Refuse what the user has not seen: a preflight for what was typed since, or one that came out otherwise."""
    if _asked(found) != typed.asked:
        raise Refusal(_BLOCKED if _is_blocked(found, typed) else _CHECKED)
    if _is_changed(found, typed):
        raise Refusal(_CHANGED)


def _is_blocked(found: Preflight, typed: Typed) -> bool:
    return bool(found.stops) or (bool(found.doubts) and not typed.override)


def _is_changed(found: Preflight, typed: Typed) -> bool:
    """Whether the bytes, the account or what stands in the way are not those that the user saw."""
    try:
        seen = {tuple(one) for one in json.loads(typed.seen)}
    except (ValueError, TypeError):
        return True
    is_new = any(tuple(one) not in seen for one in _codes(found))
    return found.digest != typed.digest or account(found.profile) != typed.account or is_new


def _codes(found: Preflight) -> list[list[str]]:
    return [[one.code, one.address] for one in found.findings if one.severity in TO_LOOK_AT]


def _asked(found: Preflight) -> str:
    """A name for what the user asks: through which profile, to whom, and how."""
    wishes = found.wishes
    return named([found.profile.name, found.recipients, wishes.to_me, wishes.keep_message_id, wishes.adds_reply_to])


def _folded(found: Preflight, *, is_constant: bool) -> list[Finding]:
    """What is good to know; of the line ends the form says itself where they are."""
    findings = (one for one in found.findings if one.severity not in TO_LOOK_AT and one.code != "line-ends")
    return [one for one in findings if one.is_constant is is_constant]


of_message: Final = Dialog("messages", "releases")
"""Releasing what was captured."""

of_release: Final = Dialog("releases", "copies")
"""Sending again, as new, what went before."""
