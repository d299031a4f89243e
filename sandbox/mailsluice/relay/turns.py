"""Turns at a smarthost: whoever wants to dial waits until the one before has hung up."""

import asyncio


class Turns:
    """One connection at a time for each profile, whatever wants to dial."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    def of(self, name: str) -> asyncio.Lock:
        """The lock to hold while this profile's smarthost is dialled."""
        return self._locks.setdefault(name, asyncio.Lock())
