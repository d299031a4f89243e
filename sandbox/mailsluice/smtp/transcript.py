"""The dialogue of a session as a person may read it: `C:` and `S:` lines, secrets masked, bounded."""

from typing import Final

MASK: Final = "****"
_LINES: Final = 400
_LINE: Final = 1000


class Transcript:
    """Keeps the session's opening (greeting, EHLO, AUTH) and its newest transaction.

    A line is noted when its command is consumed, not when its bytes arrive: a secret that was pipelined with a command
    is known to be one. Beyond 400 lines a transaction keeps its newest ones and counts the rest.
    """

    __slots__ = ("_dropped", "_opening", "_transaction", "heard")

    def __init__(self) -> None:
        self.heard = False  # has the client said anything?
        self._opening: list[str] = []
        self._transaction: list[str] | None = None
        self._dropped = 0

    def begin_transaction(self) -> None:
        """MAIL begins anew: the transaction before it belongs to another message."""
        self._transaction = []
        self._dropped = 0

    def end_transaction(self) -> None:
        """What follows belongs to no message, until the next MAIL."""
        self._transaction = None

    def client(self, text: str) -> None:
        """Note what the client said."""
        self.heard = True
        self._note(f"C: {text}")

    def server(self, text: str) -> None:
        """Note what the server said."""
        self._note(f"S: {text}")

    def note(self, text: str) -> None:
        """Note what was not said in words."""
        self._note(f"   {text}")

    def lines(self) -> tuple[str, ...]:
        """Opening and transaction so far."""
        left_out = (f"   ({self._dropped} lines left out)",) if self._dropped else ()
        return (*self._opening, *left_out, *(self._transaction or ()))

    def _note(self, line: str) -> None:
        lines = self._opening if self._transaction is None else self._transaction
        lines.append(line if len(line) <= _LINE else f"{line[:_LINE]}… ({len(line)} characters)")
        if len(lines) > _LINES:
            del lines[0]
            self._dropped += 1
