"""What a transaction captured, counted once at its end instead of once a message."""

import sqlite3


class Tally:
    """Messages and bytes captured since the transaction began; used on the writer thread only."""

    __slots__ = ("_messages", "_size", "ever")

    def __init__(self) -> None:
        self._messages = self._size = 0
        self.ever = 0  # bytes since the store was opened, those of failed transactions included

    def clear(self) -> None:
        """A transaction begins."""
        self._messages = self._size = 0

    def count(self, size: int) -> None:
        """One more message of so many bytes."""
        self._messages += 1
        self._size += size
        self.ever += size

    def write(self, connection: sqlite3.Connection) -> None:
        """Put what was counted into the counters, within the transaction; before any other change of them."""
        if self._messages:
            connection.execute(
                "UPDATE counter SET messages = messages + :messages, unread = unread + :messages, size = size + :size, "
                "accepted = accepted + :messages, accepted_size = accepted_size + :size WHERE mailbox = ''",
                {"messages": self._messages, "size": self._size},
            )
            self.clear()
