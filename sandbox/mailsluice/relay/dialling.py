"""Dialling several addresses in turn, the next one early when an address keeps silent (after RFC 8305)."""

import asyncio
import socket
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from mailsluice.relay.targets import Target

_HEAD_START: Final = 0.3


class Outcome(NamedTuple):
    """What became of one address; `error` is None when it was reached or given up for another one."""

    address: str
    text: str
    error: OSError | None = None
    reached: bool = False
    silent: bool = False

    def __str__(self) -> str:
        return f"{self.address}: {self.text}"


class Unreachable(Exception):
    """No address could be dialled; `outcomes` tells of each."""

    def __init__(self, outcomes: tuple[Outcome, ...]) -> None:
        super().__init__("; ".join(map(str, outcomes)))
        self.outcomes = outcomes

    @property
    def worst(self) -> OSError:
        """The error that says most: a no, then silence, then a family that this machine has no way to."""
        errors = [outcome.error for outcome in self.outcomes if outcome.error]
        return min(errors, key=_rank)


def is_v6_silent(outcomes: Sequence[Outcome]) -> bool:
    """Was IPv6 dialled first and silent, where IPv4 answered?"""
    v4_reached = any(outcome.reached and ":" not in outcome.address for outcome in outcomes)
    return v4_reached and any(outcome.silent and ":" in outcome.address for outcome in outcomes)


def _rank(error: OSError) -> int:
    return 0 if isinstance(error, ConnectionRefusedError) else 1 if isinstance(error, TimeoutError) else 2


async def dial(targets: Sequence[Target], *, seconds: float) -> tuple[socket.socket, tuple[Outcome, ...]]:
    """The first connection that succeeds and what became of every address; Unreachable when all fail in time."""
    race = _Race(targets, seconds)
    try:
        return await race.run(), race.outcomes()
    finally:
        await race.clear()


class _Race:
    """Addresses being dialled; an address has a head start before the next one."""

    def __init__(self, targets: Sequence[Target], seconds: float) -> None:
        self._targets = targets
        self._waiting = list(targets)
        self._running: dict[asyncio.Task[socket.socket], Target] = {}
        self._outcomes: dict[Target, Outcome] = {}
        self._seconds = seconds
        self._began = time.monotonic()

    async def run(self) -> socket.socket:
        while self._waiting or self._running:
            if self._waiting:
                self._start(self._waiting.pop(0))
            left = self._seconds - self._elapsed()
            wait = min(_HEAD_START, left) if self._waiting else left
            done, _ = await asyncio.wait(self._running, timeout=max(wait, 0), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if winner := self._settle(task):
                    return winner
            if self._elapsed() >= self._seconds:
                break
        raise Unreachable(self.outcomes())

    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self._outcomes.get(target) or self._silence(target) for target in self._targets)

    async def clear(self) -> None:
        for task in self._running:
            task.cancel()
        for late in await asyncio.gather(*self._running, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()

    def _start(self, target: Target) -> None:
        self._running[asyncio.create_task(_connect(target))] = target

    def _settle(self, task: asyncio.Task[socket.socket]) -> socket.socket | None:
        target = self._running.pop(task)
        error = task.exception()
        if error is None:
            self._outcomes[target] = Outcome(target.address, f"connected{self._after()}", reached=True)
            return task.result()
        if not isinstance(error, OSError):
            raise error
        text = "refused" if isinstance(error, ConnectionRefusedError) else error.strerror or type(error).__name__
        self._outcomes[target] = Outcome(target.address, f"{text}{self._after()}", error)
        return None

    def _silence(self, target: Target) -> Outcome:
        error = None if self._has_winner() else TimeoutError()
        if target in self._waiting:
            return Outcome(target.address, "not tried", error)
        return Outcome(target.address, f"no answer{self._after()}", error, silent=True)

    def _has_winner(self) -> bool:
        return any(outcome.reached for outcome in self._outcomes.values())

    def _after(self) -> str:
        return f" after {self._elapsed():.2f} s"

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


async def _connect(target: Target) -> socket.socket:
    # proto is named, or asyncio leaves Nagle's delay on.
    connection = socket.socket(target.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, target.sockaddr)
    except BaseException:
        connection.close()
        raise
    return connection
