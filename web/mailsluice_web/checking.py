"""Tests of profiles that are under way or done: each runs by itself, and pages ask how far it is."""

import asyncio
import contextlib
import logging
import traceback
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from mailsluice.capture import new_id, now
from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile
from mailsluice.relay.turns import Turns
from mailsluice.relay.vault import Vault

if TYPE_CHECKING:
    from mailsluice.relay.check import Step
    from mailsluice.relay.secret import Secret

_KEPT: Final = 32
_LOG: Final = logging.getLogger(__name__)

Walk = Callable[[Profile, "Secret | None"], AsyncGenerator["Step"]]
"""Tests a profile step by step, with one login."""


class Check:
    """One test of a profile: `steps` so far; `failure` is one sentence once it is done and was not passed."""

    def __init__(self, profile: Profile) -> None:
        self.id, self.profile = new_id(), profile
        self.steps: list[Step] = []
        self.failure, self.is_done, self.ended, self.asked = "", False, 0, 0
        self._changed = asyncio.Condition()

    @property
    def is_passed(self) -> bool:
        """Whether it reached its end and every step was right."""
        return self.is_done and not self.failure

    async def wait(self, *, after: int, seconds: float) -> None:
        """Return when there are more steps than `after`, or the test is done, or the time is up."""
        self.asked += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.is_done or len(self.steps) > after)

    async def finish(self) -> None:
        """Return when the test is done."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.is_done)

    async def add(self, step: "Step") -> None:
        """One step is done."""
        async with self._changed:
            self.steps.append(step)
            if not step.ok:
                self.failure = step.verdict.meaning if step.verdict else f"{step.title}: failed."
            self._changed.notify_all()

    async def end(self, failure: str = "") -> None:
        """No more steps come."""
        async with self._changed:
            self.failure = self.failure or failure
            self.is_done, self.ended = True, now()
            self._changed.notify_all()


async def _nothing(profile: str) -> None:
    pass


class Checks:
    """The newest test of each profile.

    `on_passed` hears the name; at `own_addresses` this program itself listens; `walk` is given by tests that dial
    nobody.
    """

    def __init__(
        self,
        turns: Turns,
        *,
        on_passed: Callable[[str], Awaitable[None]] = _nothing,
        own_addresses: Sequence[str] = (),
        walk: Walk | None = None,
    ) -> None:
        self._turns, self._on_passed, self._walk = turns, on_passed, walk
        self._own_addresses = own_addresses
        self._newest: OrderedDict[str, Check] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, profile: Profile, vault: Vault) -> Check:
        """Begin a test, or join the one that is under way: never two logins at a time."""
        newest = self._newest.get(profile.name)
        if newest and not newest.is_done:
            return newest
        check = self._newest[profile.name] = Check(profile)
        self._newest.move_to_end(profile.name)
        task = asyncio.create_task(self._run(check, vault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._trim()
        return check

    def newest(self, profile: Profile) -> Check | None:
        """The newest test of exactly this profile; one from before a change tells nothing."""
        check = self._newest.get(profile.name)
        return check if check and check.profile == profile else None

    def forget(self, name: str) -> None:
        """The profile was changed or removed, or has another password."""
        check = self._newest.get(name)
        if check and check.is_done:
            del self._newest[name]

    async def _run(self, check: Check, vault: Vault) -> None:
        failure = "The test was interrupted."
        try:
            async with self._turns.of(check.profile.name):
                secret = await vault.get(check.profile)
                async with contextlib.aclosing(self._steps(check.profile, secret)) as steps:
                    async for step in steps:
                        await check.add(step)
            if not check.failure:
                await self._on_passed(check.profile.name)
            failure = ""
        except Refusal as refusal:
            failure = refusal.reason
        except Exception as bug:
            # The page that waits must hear of it, too. Its text stays out of the log: it might quote a password.
            _LOG.error("A test failed: %s\n%s", type(bug).__name__, "".join(traceback.format_tb(bug.__traceback__)))
            failure = "The test ended by a fault in Mailsluice; its log says more."
        finally:
            await check.end(failure)

    def _steps(self, profile: Profile, secret: "Secret | None") -> AsyncGenerator["Step"]:
        if self._walk:
            return self._walk(profile, secret)
        from mailsluice.relay.check import check as walk  # loads the SMTP client and TLS, with the first test only

        return walk(profile, secret, listening=lambda: self._own_addresses)

    def _trim(self) -> None:
        while len(self._newest) > _KEPT and next(iter(self._newest.values())).is_done:
            self._newest.popitem(last=False)
