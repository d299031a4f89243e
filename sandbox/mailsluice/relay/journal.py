"""What the outbox asks of whoever keeps its records: the protocol."""

from collections.abc import Sequence
from typing import Protocol

from mailsluice.release import Parking, Release


class Journal(Protocol):
    """Keeps releases, what was sent, and which profiles are parked; a method that returns has made it durable.

    Each raises StoreError when it cannot, and then has changed nothing. Changes are kept in the order of the calls,
    also of one whose caller was cancelled. Times are microseconds UTC.
    """

    async def add(self, drafts: Sequence[tuple[Release, bytes]]) -> list[Release]:
        """Keep releases with their bytes, all or none; of an id that is known already, the stored record comes back."""

    async def update(self, release: Release, *, sent: int = 0) -> None:
        """Replace the record; `sent` recipients, newly accepted, enter the ledger in the same transaction."""

    async def get(self, id: str) -> Release | None:
        """The record of this id."""

    async def source(self, id: str) -> bytes | None:
        """The bytes of this release, or None if they are not kept any more."""

    async def open(self) -> list[Release]:
        """Every release that goes on by itself, oldest first."""

    async def sent_since(self, profile: str, since: int) -> list[tuple[int, int]]:
        """When and to how many recipients mail left through the profile, oldest first."""

    async def count_sent(self, profile: str, recipients: int) -> None:
        """Enter recipients mailed otherwise than by a release, such as by a test mail."""

    async def park(self, profile: str, parking: Parking | None) -> None:
        """Park the profile, or end its parking."""

    async def parkings(self) -> dict[str, Parking]:
        """Every parked profile."""
