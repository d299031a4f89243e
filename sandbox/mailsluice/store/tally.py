"""What a transaction captured, counted once at its end instead of once a message."""

import sqlite3

from mailsluice.store.counters import Change, change


class Tally:
    """Messages and bytes captured since the transaction began, by mailbox; used on the writer thread only."""

    __slots__ = ("_captured", "ever")

    def __init__(self) -> None:
        self._captured: dict[str, list[int]] = {}
        self.ever = 0  # bytes since the store was opened, those of failed transactions included

    def clear(self) -> None:
        """A transaction begins."""
        if self._captured:
            self._captured = {}

    def count(self, size: int, *, mailbox: str) -> None:
        """One more message of so many bytes."""
        numbers = self._captured.setdefault(mailbox, [0, 0])
        numbers[0] += 1
        numbers[1] += size
        self.ever += size

    def write(self, connection: sqlite3.Connection) -> None:
        """Put what was counted into the counters, within the transaction; before any other change of them."""
        if self._captured:
            change(
                connection,
                {
                    mailbox: Change(messages, messages, size, accepted=messages, accepted_size=size)
                    for mailbox, (messages, size) in self._captured.items()
                },
            )
            self.clear()
