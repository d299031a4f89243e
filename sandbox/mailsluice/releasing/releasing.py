"""Releases from wish to outbox."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from mailsluice.capture import now
from mailsluice.errors import Refusal
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.message.headers import split_message
from mailsluice.relay.mailboxes import parse_mailbox
from mailsluice.relay.ourselves import Listening, Recognition
from mailsluice.relay.outbox import Outbox
from mailsluice.relay.policy import refusal_for
from mailsluice.relay.preflight import inspect
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles
from mailsluice.relay.rewrite import Rewriting, Rewritten, rewrite
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.relay.vault import Vault
from mailsluice.release import Finding, Quota, RecipientReply, Release
from mailsluice.releasing.circumstances import Circumstances
from mailsluice.releasing.recipients import captured_recipients, distinct, own_address, typed_recipients
from mailsluice.releasing.stamps import fresh_stamp
from mailsluice.releasing.wishes import Batch, Preflight, Wishes
from mailsluice.store import Store

MOST_AT_ONCE: Final = 500
"""So many messages are released together."""

_MOST_BYTES_AT_ONCE: Final = 256 << 20
_ORIGINAL_RECIPIENT: Final = "x-original-to"
_ORDER: Final = ("stop", "doubt", "warning", "change", "note")


class _Source(msgspec.Struct, frozen=True):
    """What is to be released: captured bytes, or those that went before."""

    message: str
    subject: str
    raw: bytes
    captured: tuple[str, ...]
    copied: Release | None = None


class _Way(msgspec.Struct, frozen=True):
    """A profile, and what it says to every release through it."""

    profile: Profile
    quota: Quota
    findings: tuple[Finding, ...]


class Releasing:
    """Preflights and releases over a store, the user's profiles and the outbox."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        profiles: Profiles,
        vault: Vault,
        *,
        own_addresses: Listening = lambda: (),
        resolver: Resolver = resolve,
        bounds: Bounds = DEFAULT,
    ) -> None:
        self.profiles, self.vault = profiles, vault
        self._store, self._outbox, self._bounds = store, outbox, bounds
        self._circumstances = Circumstances(store, outbox, vault, Recognition(own_addresses, resolver=resolver))

    async def preflight(self, message: str, wishes: Wishes) -> Preflight | None:
        """What a release of this message (an id, or `latest`) would do; None if there is no such message.

        Nothing is dialled. Refusal if there is no profile to release through.
        """
        source = await self._source(message)
        return await self._preflight(source, wishes, await self._way(wishes.profile)) if source else None

    async def preflight_copy(self, release: str, wishes: Wishes) -> Preflight | None:
        """What sending a release again, as a new one, would do; None if its bytes are not kept any more."""
        record = await self._store.journal.get(release)
        raw = await self._store.journal.source(release) if record else None
        if record is None or raw is None:
            return None
        receipt = await self._store.receipt(record.message)
        if receipt:
            captured = tuple(dict.fromkeys(one.address for one in receipt.envelope.recipients))
        else:
            captured = await asyncio.to_thread(_kept_envelope, raw, self._bounds)
        source = _Source(record.message, record.subject, raw, captured, record)
        return await self._preflight(source, wishes, await self._way(wishes.profile or record.profile))

    async def preflight_all(self, messages: Sequence[str], wishes: Wishes) -> list[Preflight]:
        """Preflights of several messages; Refusal for a message that is not there, or for too much at once."""
        stamp = wishes.stamp if len(messages) == 1 else ""  # it stands for one release
        preflights, gone = await self._several(messages, wishes, await self._way(wishes.profile), lambda message: stamp)
        if gone:
            raise Refusal(f"There is no message {gone[0][:64]!r}.", field="messages")
        return preflights

    async def preflight_batch(self, messages: Sequence[str], wishes: Wishes) -> Batch:
        """Preflights of several messages under one stamp; Refusal for too much at once, or without a profile."""
        stamp, way = fresh_stamp(wishes.stamp), await self._way(wishes.profile)
        preflights, gone = await self._several(messages, wishes, way, lambda message: str(stamp.of(message)))
        return Batch(
            stamp=str(stamp), profile=way.profile, quota=way.quota, preflights=tuple(preflights), gone=tuple(gone)
        )

    async def release(
        self, preflights: Sequence[Preflight], *, origin: str, override: bool = False, rule: str = "", batch: str = ""
    ) -> list[Release]:
        """Queue what the preflights showed, all of it or, with a Refusal, nothing; the same stamp queues once."""
        for one in preflights:
            if one.stops or (one.doubts and not override):
                found = (one.stops or one.doubts)[0]
                raise Refusal(f"{found.text} {found.remedy}".strip(), field=_field(found), link=found.link)
        drafts = [(_draft(one, origin=origin, rule=rule, batch=batch), one.raw) for one in preflights]
        queued = await self._outbox.add(drafts)
        for (draft, _), release in zip(drafts, queued, strict=True):
            if _gist(draft) != _gist(release):
                raise Refusal("This release was queued already, in another form: begin a new one.", field="message")
        return queued

    async def allow(self, profile: str, address: str) -> None:
        """Add an address to those that the profile may write to; Refusal if it is none."""
        address = parse_mailbox(address)
        found = await self._profile(profile)
        if refusal_for(found, address) is None:
            return
        saved = msgspec.structs.replace(found, allow=(*found.allow, address))
        await asyncio.to_thread(self.profiles.save, saved, old_name=found.name)

    async def _several(
        self, messages: Sequence[str], wishes: Wishes, way: _Way, stamp_of: Callable[[str], str]
    ) -> tuple[list[Preflight], list[str]]:
        """The preflights of those that are there, and the ids of the others."""
        if len(messages) > MOST_AT_ONCE:
            raise Refusal(f"At most {MOST_AT_ONCE} messages are released at once.", field="messages")
        found, gone, size = list[Preflight](), list[str](), 0
        for message in dict.fromkeys(messages):
            source = await self._source(message)
            if source is None:
                gone.append(message)
                continue
            size += len(source.raw)
            if size > _MOST_BYTES_AT_ONCE:
                raise Refusal("These messages are too large to be released at once; take fewer.", field="messages")
            stamped = msgspec.structs.replace(wishes, stamp=stamp_of(source.message))
            found.append(await self._preflight(source, stamped, way))
        return found, gone

    async def _source(self, message: str) -> _Source | None:
        listed = await self._store.get(message)
        if listed is None:
            return None
        raw, receipt = await asyncio.gather(self._store.raw(listed.id), self._store.receipt(listed.id))
        if raw is None or receipt is None:
            return None
        captured = tuple(dict.fromkeys(one.address for one in receipt.envelope.recipients))
        return _Source(listed.id, listed.summary.subject, raw, captured)

    async def _way(self, name: str) -> _Way:
        profile = await self._profile(name)
        found = await self._circumstances.of_profile(profile)
        return _Way(profile, await self._outbox.quota(profile), tuple(found))

    async def _preflight(self, source: _Source, wishes: Wishes, way: _Way) -> Preflight:
        profile, quota = way.profile, way.quota
        recipients = await self._recipients(profile, source, wishes)
        stamp = fresh_stamp(wishes.stamp)
        rewriting = Rewriting(
            date=datetime.fromtimestamp(stamp.moment / 1_000_000, UTC),
            message_id=f"{stamp.id}@{profile.address.rpartition('@')[2]}",
            keep_message_id=wishes.keep_message_id,
            adds_reply_to=wishes.adds_reply_to,
            original_recipients=source.captured if wishes.to_me else (),
        )

        def examine() -> tuple[Rewritten, str, tuple[Finding, ...]]:
            rewritten = rewrite(source.raw, wishes=rewriting)
            findings = inspect(rewritten, profile=profile, recipients=recipients, quota=quota)
            return rewritten, hashlib.sha256(rewritten.raw).hexdigest(), findings

        rewritten, digest, findings = await asyncio.to_thread(examine)
        found = await self._circumstances.of_message(
            source.message, id=stamp.id, recipients=recipients, copied=source.copied
        )
        if wishes.adds_reply_to and rewritten.kept_reply_to:
            found.append(Finding("reply-to-kept", "note", "The message has a Reply-To already, and that one stays."))
        findings = (*findings, *way.findings, *found)
        return Preflight(
            stamp=str(stamp),
            digest=digest,
            message=source.message,
            subject=source.subject,
            profile=profile,
            sender=profile.address,
            recipients=recipients,
            captured=source.captured,
            is_to_me=wishes.to_me,
            wishes=wishes,
            rewritten=rewritten,
            findings=tuple(sorted(findings, key=lambda one: _ORDER.index(one.severity))),
            quota=quota,
            copy_of=source.copied.id if source.copied else "",
        )

    async def _profile(self, name: str) -> Profile:
        find = (lambda: self.profiles.get(name)) if name else self.profiles.default
        found = await asyncio.to_thread(find)
        if found:
            return found
        if name:
            raise Refusal(f"There is no profile {name[:64]!r}.", field="profile")
        if everything := await asyncio.to_thread(self.profiles.list):
            # One that is switched off is no default; but it is the one that is meant, and the preflight says so.
            meant = [one for one in everything if one.default or len(everything) == 1]
            if meant:
                return meant[0]
            raise Refusal("Several profiles and none is the default: choose one.", field="profile")
        raise Refusal("There is no profile yet: add one under Profiles, or with `mailsluice profile add`.")

    async def _recipients(self, profile: Profile, source: _Source, wishes: Wishes) -> tuple[str, ...]:
        if wishes.to_me:
            return (own_address(profile),)
        if wishes.to_captured:
            return captured_recipients(source.captured)
        if (typed := typed_recipients(wishes.to)) or wishes.only_named:
            return typed
        if source.copied:
            last = tuple(one.address for one in source.copied.recipients)
        else:
            last = await self._store.journal.last_recipients(profile.name)
        able = msgspec.structs.replace(profile, enabled=True)
        return distinct(one for one in last if refusal_for(able, one) is None) or (own_address(profile),)


def _field(found: Finding) -> str:
    return "to" if found.address else "message"


def _kept_envelope(raw: bytes, bounds: Bounds) -> tuple[str, ...]:
    """The captured recipients as an earlier release to oneself wrote them down."""
    fields = split_message(raw, bounds=bounds)[0]
    return tuple(one.value.strip() for one in fields if one.name.lower() == _ORIGINAL_RECIPIENT)


def _draft(preflight: Preflight, *, origin: str, rule: str, batch: str) -> Release:
    present = now()
    return Release(
        id=preflight.stamp.partition(".")[2],
        message=preflight.message,
        profile=preflight.profile.name,
        route=preflight.profile.binding,
        created=present,
        changed=present,
        sender=preflight.sender,
        recipients=tuple(RecipientReply(one) for one in preflight.recipients),
        subject=preflight.subject,
        message_id=preflight.rewritten.message_id,
        original_message_id=preflight.rewritten.original_message_id,
        size=len(preflight.raw),
        is_to_me=preflight.is_to_me,
        origin=origin,
        rule=rule,
        batch=batch,
        copy_of=preflight.copy_of,
    )


def _gist(release: Release) -> tuple[object, ...]:
    """What makes two requests the same one."""
    recipients = tuple(one.address for one in release.recipients)
    return (release.message, release.profile, recipients, release.size, release.message_id)
