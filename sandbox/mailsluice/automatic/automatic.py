"""The rules that are on, and the task that holds new mail against them."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from mailsluice.automatic.arrival import candidate_of, looks_inside
from mailsluice.automatic.drafting import draft_rule, query_of
from mailsluice.capture import IMPORT_PEER, now
from mailsluice.errors import Refusal, StoreError
from mailsluice.events import Events, RulesChanged, Subscription
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.relay.mailboxes import without_addresses
from mailsluice.relay.ourselves import Listening, avoiding
from mailsluice.relay.profile import Profile
from mailsluice.relay.targets import Resolver, resolve
from mailsluice.releasing import Preflight, Releasing, Wishes
from mailsluice.rule import Rule
from mailsluice.search import Query, matches
from mailsluice.store import Store
from mailsluice.store.records import ListedMessage

MOST_RULES: Final = 20
_HOUR: Final = 3_600_000_000
_PAGE: Final = 50
_CLOCK_SECONDS: Final = 60.0  # a computer that slept has a clock that jumped, and timers that did not
_LONGEST_NOTE: Final = 500
_LOOKUP_SECONDS: Final = 5.0
_LOG: Final = logging.getLogger(__name__)


class Automatic:
    """Releases new mail by rules while it is open: `async with Automatic(store, releasing, events) as automatic`.

    A rule that is on at the end of the program is on again at the next start, until its own end; mail captured in
    between, or before, is not touched. `rules` are all of them, oldest first. Each change is told as RulesChanged.
    """

    def __init__(
        self,
        store: Store,
        releasing: Releasing,
        events: Events,
        *,
        own_addresses: Listening = lambda: (),
        resolver: Resolver = resolve,
        bounds: Bounds = DEFAULT,
        clock: Callable[[], int] = now,
    ) -> None:
        self.rules: tuple[Rule, ...] = ()
        self._store, self._releasing, self._events = store, releasing, events
        self._resolve, self._bounds, self._clock = avoiding(resolver, own_addresses), bounds, clock
        self._changing = asyncio.Lock()
        self._last = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.rules = tuple(await self._store.rules.list())
        self._last = await self._newest()
        async with AsyncExitStack() as stack:
            subscription = stack.enter_context(self._events.subscribe())
            stack.push_async_callback(self._stop, asyncio.create_task(self._watch(subscription)))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def rules_on(self) -> tuple[Rule, ...]:
        """The rules that release mail at the moment."""
        return tuple(rule for rule in self.rules if rule.is_on)

    async def add(
        self,
        query: str,
        profile: str,
        to: Sequence[str],
        *,
        per_hour: int = 10,
        per_day: int = 50,
        hours: int = 8,
    ) -> Rule:
        """Make a rule that is on from now; Refusal, naming the field, for what cannot be one. Query `*` is all mail."""
        found = await asyncio.to_thread(self._releasing.profiles.get, profile)
        rule = draft_rule(query, found, to, per_hour=per_hour, per_day=per_day, hours=hours, present=self._clock())
        if found:
            await self._refuse_own(found)
        async with self._changing:
            if len(self.rules) >= MOST_RULES:
                raise Refusal(f"There are {MOST_RULES} rules already: remove one first.")
            if not self.rules_on:
                self._last = await self._newest()
            rule = msgspec.structs.replace(rule, created=self._clock())
            await self._store.rules.add(rule)
            self.rules = (*self.rules, rule)
        _LOG.info("rule %s is on", rule.id)
        self._events.publish(RulesChanged())
        return rule

    async def turn_off(self, id: str) -> Rule | None:
        """Turn the rule off for good; None if there is none. Nothing is queued by it any more after the return."""
        async with self._changing:
            rule = self._find(id)
            if rule is None or not rule.is_on:
                return rule
            return await self._turned_off(rule, "Turned off by hand.")

    async def remove(self, id: str) -> bool:
        """Forget the rule; False if there is none. What it has queued stays queued."""
        async with self._changing:
            if self._find(id) is None:
                return False
            self.rules = tuple(rule for rule in self.rules if rule.id != id)
            await self._store.rules.remove(id)
        self._events.publish(RulesChanged())
        return True

    async def _refuse_own(self, profile: Profile) -> None:
        """A release to our own listener would be captured, match the rule, and be released again."""
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                await self._resolve(profile.host, profile.port)
        except Refusal as refusal:
            raise Refusal(refusal.reason, field="profile") from None
        except (OSError, UnicodeError):
            return  # the name is not known at the moment; whoever dials looks again

    async def _watch(self, subscription: Subscription) -> None:
        while True:
            await self._survive(self._end_rules())
            if self.rules_on:
                await self._survive(self._release_new())
            if not await self._news(subscription):
                return

    async def _stop(self, watching: "asyncio.Task[None]") -> None:
        async with self._changing:  # what is being queued is counted first
            watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    async def _survive(self, step: Awaitable[None]) -> None:
        try:
            await step
        except StoreError as error:
            _LOG.warning("automatic release passed something over: %s", error)
        except Exception as bug:
            # One strange message must not end automatic release in silence. Its text stays out of the log.
            _LOG.error("automatic release met a fault: %s\n%s", type(bug).__name__, _trace(bug))

    async def _news(self, subscription: Subscription) -> bool:
        """Wait until something happened or a rule may have ended; False when nothing will happen any more."""
        nearest = min((rule.ends for rule in self.rules_on), default=None)
        left = _CLOCK_SECONDS if nearest is None else (nearest - self._clock()) / 1_000_000
        try:
            async with asyncio.timeout(min(max(left, 0.0), _CLOCK_SECONDS)):
                event = await subscription.next()
        except TimeoutError:
            return True
        return event is not None and subscription.drain()

    async def _end_rules(self) -> None:
        async with self._changing:
            for rule in self.rules_on:
                if rule.ends <= self._clock():
                    await self._turned_off(rule, "Ended at the time that was set.")

    async def _release_new(self) -> None:
        """Hold every message that came since the last look against the rules, oldest first."""
        for key, id in reversed(await self._arrivals()):
            self._last = key  # first: a message that meets a fault is not tried twice
            await self._survive(self._release_by_rules(id))

    async def _arrivals(self) -> list[tuple[int, str]]:
        """Key and id of the messages above the last one, newest first; events may be lost in a flood, rows are not."""
        found: list[tuple[int, str]] = []
        before: int | None = None
        while True:
            page = await self._store.list_messages(limit=_PAGE, before=before)
            fresh = [(one.key, one.id) for one in page if one.key > self._last]
            found += fresh
            if len(fresh) < _PAGE:
                return found
            before = fresh[-1][0]

    async def _release_by_rules(self, id: str) -> None:
        listed = await self._store.get(id)
        if listed is None:
            return
        asked = [(rule, query_of(rule.query, present=self._clock())) for rule in self.rules_on]
        asked = [(rule, query) for rule, query in asked if listed.received > rule.created]
        served: set[tuple[str, str]] = set()
        for rule in await self._matching(listed, asked):
            fresh = tuple(one for one in rule.recipients if (rule.profile, one) not in served)
            if fresh and await self._release(rule, id, fresh):
                served.update((rule.profile, one) for one in fresh)

    async def _matching(self, listed: ListedMessage, asked: Sequence[tuple[Rule, Query]]) -> list[Rule]:
        receipt = await self._store.receipt(listed.id) if asked else None
        if receipt is None or receipt.session.peer == IMPORT_PEER:
            return []  # no app has sent it just now
        raw = await self._store.raw(listed.id) if any(looks_inside(query) for _, query in asked) else None

        def look() -> list[Rule]:
            candidate = candidate_of(listed, raw, receipt, bounds=self._bounds)
            return [rule for rule, query in asked if matches(query, candidate)]

        return await asyncio.to_thread(look)

    async def _release(self, rule: Rule, message: str, recipients: tuple[str, ...]) -> bool:
        """Queue the copy, or note why not; whether it was queued."""
        try:
            preflight = await self._releasing.preflight(message, Wishes(profile=rule.profile, to=recipients))
            if preflight is None:
                return False
            _refuse_findings(preflight)
            async with self._changing:
                return await self._queue(rule.id, preflight)
        except Refusal as refusal:
            _LOG.info("rule %s did not release %s: %s", rule.id, message, without_addresses(refusal.reason))
            async with self._changing:
                if (current := self._find(rule.id)) and current.is_on:
                    note = _cut(f"The last match was not released: {refusal.reason}")
                    await self._change(current, held=current.held + 1, note=note)
            return False

    async def _queue(self, id: str, preflight: Preflight) -> bool:
        rule = self._find(id)
        if rule is None or not rule.is_on or rule.ends <= self._clock():
            return False  # it was turned off while the preflight was made
        if rule.route != preflight.profile.binding:
            note = f"Turned off: the profile {rule.profile} has another server or account now."
            await self._turned_off(rule, note, held=1)
            return False
        for span, hours, most in (("an hour", 1, rule.per_hour), ("a day", 24, rule.per_day)):
            if await self._store.journal.released_by(rule.id, self._clock() - hours * _HOUR) >= most:
                messages = "1 message" if most == 1 else f"{most:,} messages"
                note = f"Turned off at its ceiling of {messages} {span}: one more came."
                await self._turned_off(rule, note, held=1)
                return False
        (release,) = await self._releasing.release([preflight], origin="rule", rule=rule.id)
        _LOG.info("rule %s released %s as %s", rule.id, preflight.message, release.id)
        await self._change(rule, released=rule.released + 1)
        return True

    async def _turned_off(self, rule: Rule, note: str, *, held: int = 0) -> Rule:
        _LOG.info("rule %s is off: %s", rule.id, note)
        return await self._change(rule, is_on=False, note=note, held=rule.held + held)

    async def _change(self, rule: Rule, **changes: Any) -> Rule:
        """Hold the lock. Memory comes first: a rule is off also when the disk cannot be told."""
        changed = msgspec.structs.replace(rule, **changes)
        self.rules = tuple(changed if one.id == rule.id else one for one in self.rules)
        try:
            await self._store.rules.update(changed)
        finally:
            self._events.publish(RulesChanged())
        return changed

    def _find(self, id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == id), None)

    async def _newest(self) -> int:
        newest = await self._store.list_messages(limit=1)
        return newest[0].key if newest else 0


def _refuse_findings(preflight: Preflight) -> None:
    """Nobody is there to insist: a doubt is a no."""
    for found in (*preflight.stops, *preflight.doubts):
        raise Refusal(found.text)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_NOTE else f"{text[: _LONGEST_NOTE - 1]}…"


def _trace(bug: Exception) -> str:
    return "".join(traceback.format_tb(bug.__traceback__))
